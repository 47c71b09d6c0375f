"""Quantum convolution and a small CNN on CIFAR-10, three channels, ten classes.

make train EXP=quanv_cifar

Expect a test accuracy of about 0.59 (twin 0.60) after training on 10,000 of the images, in 3 minutes with the twin on 2
CPU cores (measured 2026-11-22 on a subset of 10,000 training and 2,000 test images, seed 0).

Chosen by the accuracy on a fifth of the training images (`--split validation`, seed 0, 1,500 steps), network and twin:
learning rate 0.001 has 0.557 and 0.579, 0.002 0.574 and 0.598, 0.004 0.559 and 0.569; with first angles in [-pi, pi]
the network has 0.532, 0.557 and 0.560. Twice as many steps, in twice the time: 0.587.
"""

from qconv import (
    Adam,
    Angle,
    Circuit,
    ConvHead,
    Experiment,
    HardwareEfficient,
    PauliZ,
    QuantumConv,
    QuanvNet,
    Supervised,
    Tfds,
)

experiment = Experiment(
    data=Tfds("cifar10"),
    model=QuanvNet(
        # A register of four qubits for each colour: all three in one would need twelve.
        conv=QuantumConv(
            Circuit(Angle(), HardwareEfficient(depth=2), PauliZ()),
            features=2,
            kernel_size=2,
            strides=2,
            channels="concatenate",
            angle_range=0.5,  # near the identity the channels start as products of cosines, and training is faster
        ),
        head=ConvHead(features=(32, 64), hidden=128, dropout=0.25),
    ),
    procedure=Supervised(Adam(learning_rate=2e-3, schedule="cosine"), num_steps=1500),
    eval_every=500,
    checkpoint_every=500,
)
