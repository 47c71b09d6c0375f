"""Masks by a small U-Net: with quantum convolutions first, in the bottleneck, or both, and without skips.

Dice coefficients of masks, as means over test images; each image, and each seed, is compared with the same one. 300
training steps of 32 images, at the learning rates of `seg_digits` (A, B) and `seg_nuclei` (C), which were chosen on
validation images. A quantum convolution has windows of 2x2 pixels, a qubit for each, and two layers of RY and RZ on
each qubit with a ring of CNOTs; of several channels each has circuits of its own. In the bottleneck four channels are
left. The twin has a convolution with ReLU in its place.

Without skips everything that a mask is made of passes the bottleneck, so those rows show what is lost there.

Controls: the U-Net without such a layer, one linear filter of 3x3 pixels, and Otsu's threshold, whose side and kind are
chosen on training images.
"""

import dataclasses
from collections.abc import Iterator

import flax.linen as nn

from qconv import (
    Adam,
    Angle,
    Circuit,
    ClassicalNet,
    Control,
    Dataset,
    Experiment,
    HardwareEfficient,
    Nuclei,
    Otsu,
    PastedDigits,
    PauliZ,
    QuantumConv,
    QuanvUNet,
    Row,
    Segmentation,
    Supervised,
    Table,
    Twin,
)

SEEDS = range(3)
CIRCUIT = Circuit(Angle(), HardwareEfficient(depth=2), PauliZ())


def first(features: int) -> QuantumConv:
    """The layer that sees the image."""
    return QuantumConv(CIRCUIT, features, kernel_size=2, channels="concatenate")


def inside() -> QuantumConv:
    """The layer in the bottleneck: 64 angles."""
    return QuantumConv(CIRCUIT, kernel_size=2, channels="concatenate")


def cells(data: Dataset, model: nn.Module, rate: float) -> tuple[Experiment, ...]:
    """A network with each seed; where it has quantum layers, beside its twin.

    Args:
        data: the images and their masks.
        model: the network.
        rate: of learning.
    """
    experiment = Experiment(
        data,
        model,
        Supervised(Adam(rate, schedule="cosine"), num_steps=300, batch_size=32),
        Segmentation(),
        rivals=(Twin(), Otsu()),
        eval_every=300,
        checkpoint_every=300,
    )
    return tuple(dataclasses.replace(experiment, seed=seed) for seed in SEEDS)


def rows(section: str, data: Dataset, features: int, rate: float) -> Iterator[Row]:
    """All networks on the same images.

    Args:
        section: what the images are.
        data: the images and their masks.
        features: circuits for each channel of the image.
        rate: of learning, of all networks.
    """
    for skips in (True, False):
        plain = cells(data, QuanvUNet(skips=skips), rate)
        name = "U-Net" if skips else "without skips"
        linear = Control("linear filter", cells(data, ClassicalNet(nn.Conv(2, (3, 3))), rate))
        yield Row(name, plain, controls=(linear,) if skips else (), section=section)
        networks = {
            "quantum first": QuanvUNet(first(features), skips=skips),
            "quantum in the bottleneck": QuanvUNet(None, inside(), skips=skips),
            "quantum first and in the bottleneck": QuanvUNet(first(features), inside(), skips=skips),
        }
        for place, network in networks.items():
            if skips or network.first is None:
                control = Control("no such layer", plain)
                yield Row(f"{name}, {place}", cells(data, network, rate), controls=(control,), section=section)


table = Table(
    rows=(
        *rows("A: digits of one photograph on another, 1,500 / 400 images in colours", PastedDigits(), 1, 6e-3),
        *rows("B: digits of one texture on another, 1,500 / 400 grey images", PastedDigits("textures"), 2, 6e-3),
        *rows("C: nuclei in a microscope image, 465 / 80 grey tiles", Nuclei(), 2, 1e-2),
    )
)
