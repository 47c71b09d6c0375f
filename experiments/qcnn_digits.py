"""A QCNN of 51 angles tells 3 from 8: scikit-learn's digits as amplitudes of six qubits, no head.

make train EXP=qcnn_digits

The learning rate was chosen on a validation part of the training images, at 400 steps.

Expect a test accuracy of 0.968 ± 0.008 over three seeds (twin 0.986 ± 0.000, which has 69 parameters to 51: one hidden
unit is the least), in half a minute with the twin on 2 CPU cores (measured 2026-11-22).
"""

from qconv import (
    QCNN,
    Adam,
    Amplitude,
    Circuit,
    Digits,
    Experiment,
    HurConvolution,
    HurPooling,
    LogProbabilities,
    OnlyClasses,
    Probabilities,
    QuantumClassifier,
    QuantumDense,
    Supervised,
)

experiment = Experiment(
    data=OnlyClasses(Digits(), (3, 8)),
    model=QuantumClassifier(
        dense=QuantumDense(Circuit(Amplitude(), QCNN(HurConvolution(9), HurPooling()), Probabilities())),
        head=LogProbabilities(),
    ),
    procedure=Supervised(Adam(learning_rate=1e-2, schedule="cosine"), num_steps=600, batch_size=32),
)
