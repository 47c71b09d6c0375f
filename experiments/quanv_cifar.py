"""Quantum convolution and a small CNN on CIFAR-10, three channels, ten classes.

make train EXP=quanv_cifar

Expect a test accuracy of about 0.59 (twin 0.60) after training on 10,000 of the images, in 3 minutes with the twin on 2
CPU cores (measured 2026-11-22 on a subset of 10,000 training and 2,000 test images, seed 0).
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
