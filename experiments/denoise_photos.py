"""Noise taken off real photographs, with a quantum convolution beside the image.

make train EXP=denoise_photos
"""

from qconv import (
    Adam,
    Angle,
    Circuit,
    DnCNN,
    Experiment,
    GaussianFilter,
    HardwareEfficient,
    Noisy,
    NonLocalMeans,
    PauliZ,
    Photographs,
    QuantumConv,
    RandomCrops,
    RandomFlips,
    Restoration,
    Supervised,
    TotalVariation,
    Twin,
    Unchanged,
)

experiment = Experiment(
    data=Noisy(RandomFlips(RandomCrops(Photographs(), size=32), turned=True), sigma=25 / 255),
    model=DnCNN(beside=QuantumConv(Circuit(Angle(), HardwareEfficient(depth=2), PauliZ()), features=2, kernel_size=2)),
    procedure=Supervised(Adam(learning_rate=3e-3, schedule="cosine"), num_steps=2000, batch_size=16),
    task=Restoration(),
    rivals=(Twin(), Unchanged(), GaussianFilter(), TotalVariation(), NonLocalMeans()),
    eval_every=1000,
    checkpoint_every=1000,
)
