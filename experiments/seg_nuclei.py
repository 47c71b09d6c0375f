"""Nuclei in a real microscope image, found pixel by pixel, with a quantum convolution first.

make train EXP=seg_nuclei
"""

from qconv import (
    Adam,
    Angle,
    Circuit,
    Experiment,
    HardwareEfficient,
    LinearFilter,
    Nuclei,
    Otsu,
    PauliZ,
    QuantumConv,
    QuanvUNet,
    Segmentation,
    Supervised,
    Twin,
)

experiment = Experiment(
    data=Nuclei(),
    model=QuanvUNet(
        first=QuantumConv(Circuit(Angle(), HardwareEfficient(depth=2), PauliZ()), features=2, kernel_size=2)
    ),
    procedure=Supervised(Adam(learning_rate=1e-2, schedule="cosine"), num_steps=400, batch_size=32),
    task=Segmentation(),
    rivals=(Twin(), LinearFilter(), Otsu()),
    eval_every=200,
    checkpoint_every=200,
)
