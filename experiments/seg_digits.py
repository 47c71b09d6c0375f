"""Digits cut out of one photograph and pasted on another, found pixel by pixel, with a quantum convolution first.

make train EXP=seg_digits
"""

from qconv import (
    Adam,
    Angle,
    Circuit,
    Experiment,
    HardwareEfficient,
    LinearFilter,
    Otsu,
    PastedDigits,
    PauliZ,
    QuantumConv,
    QuanvUNet,
    Segmentation,
    Supervised,
    Twin,
)

experiment = Experiment(
    data=PastedDigits(),
    # A register of four qubits for each colour.
    model=QuanvUNet(
        first=QuantumConv(Circuit(Angle(), HardwareEfficient(depth=2), PauliZ()), kernel_size=2, channels="concatenate")
    ),
    procedure=Supervised(Adam(learning_rate=6e-3, schedule="cosine"), num_steps=600, batch_size=32),
    task=Segmentation(),
    rivals=(Twin(), LinearFilter(), Otsu()),
    eval_every=300,
    checkpoint_every=300,
)
