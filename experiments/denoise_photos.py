"""Noise taken off real photographs, with a quantum convolution beside the image.

make train EXP=denoise_photos

Expect a peak signal-to-noise ratio of 30.5 ± 0.15 dB on parts of photographs that nothing was chosen by, mean and
spread over five seeds: the twin has 30.66 ± 0.06, the same network without either layer 30.37 ± 0.24, non-local means
30.83, total variation 30.12, a Gaussian filter 28.29, and the noisy images 20.41 (`make table TAB=denoising`,
measured 2026-12-01). So the circuit is behind its twin and level with nothing in its place; the noise of 25 grey
levels is drawn anew in each step. In one and a half minutes with the twin on one CPU core.
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
