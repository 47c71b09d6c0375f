"""Pictures of your own: a quantum convolution and a small CNN on a folder with a folder for each class.

make train EXP=folder_images ARGS="--data.path FOLDER"

FOLDER has a folder of images for each class, in any size and kind, or folders train and test with such folders in them.
A fifth of the images is held out for testing where there is no test folder.

Measured 2026-11-30 on crops of pictures that come with scikit-image. Which of eight photographs is it, 48x48 pixels,
200 crops of each from its left 65 % to train on and 60 from the rest to test: accuracy 0.812 ± 0.041 over two seeds,
the twin 0.832 ± 0.007, no difference that they could show. Which of three textures, 96x96 in grey, as many crops:
0.961, the twin 1.000 (seed 0), which is ahead. A minute or two for each network on one CPU core. Settings are those
of quanv_cifar, with 500 steps of 32 images. The learning rate was chosen on validation crops of the photographs
(`--split validation`, seed 0), network and twin: 0.0005 has 0.919 and 0.812, 0.001 0.928 and 0.878, 0.002 0.938 and
0.906.
"""

from qconv import (
    Adam,
    Angle,
    Circuit,
    ConvHead,
    Experiment,
    HardwareEfficient,
    ImageFolder,
    PauliZ,
    QuantumConv,
    QuanvNet,
    Supervised,
)

experiment = Experiment(
    data=ImageFolder(height=64, width=64),
    model=QuanvNet(
        # A register of four qubits for each colour, as in quanv_cifar.
        conv=QuantumConv(
            Circuit(Angle(), HardwareEfficient(depth=2), PauliZ()),
            features=2,
            kernel_size=2,
            strides=2,
            channels="concatenate",
            angle_range=0.5,
        ),
        head=ConvHead(num_classes=None, features=(32, 64), hidden=128, dropout=0.25),
    ),
    procedure=Supervised(Adam(learning_rate=2e-3, schedule="cosine"), num_steps=500, batch_size=32),
)
