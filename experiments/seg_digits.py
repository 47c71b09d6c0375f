"""Digits cut out of one photograph and pasted on another, found pixel by pixel, with a quantum convolution first.

make train EXP=seg_digits

Expect a Dice coefficient of 0.938 ± 0.019 on test images, and of 0.939 ± 0.020 pooled over their pixels, mean and
spread over three seeds (twin 0.970 ± 0.011; nothing in its place 0.965 ± 0.005; Otsu's threshold 0.67 and, pooled,
0.57; a linear filter of 3x3 pixels 0, since it finds no digit; `make table TAB=segmentation`, measured 2026-12-01), in
three minutes with the twin on one CPU core. A step takes no longer than the twin's, whose convolution of each colour by
itself is slow on CPUs.

Chosen by the Dice coefficient on validation images (`--split validation`, seed 0, 600 steps), network and twin: a
learning rate of 0.006 has 0.949 and 0.956, 0.01 0.953 and 0.939, 0.02 0.930 and 0.933.
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
