"""Pictures of your own: a quantum convolution and a small CNN on a folder with a folder for each class.

make train EXP=folder_images ARGS="--data.path FOLDER"
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
