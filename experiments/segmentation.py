"""Masks by a small U-Net: with quantum convolutions first, in the bottleneck, or both, and without skips.

Dice coefficients of masks, as means over test images; each image, and each seed, is compared with the same one. Steps
of 32 images at learning rates that were chosen on validation images, those of the experiments `seg_digits` (A) and
`seg_nuclei` (C). In B pixels of the digit count four times as much as those around it: without that most networks find
no digit at all. A quantum convolution has windows of 2x2 pixels, a qubit for each, and two layers of RY and RZ on
each qubit with a ring of CNOTs; of several channels each has circuits of its own. In the bottleneck four channels are
left. The twin has a convolution with ReLU in its place.

Without skips everything that a mask is made of passes the bottleneck, so those rows of C show what is lost there.

Controls: the U-Net without such a layer, one linear filter of 3x3 pixels, and Otsu's threshold, whose side and kind are
chosen on training images.
"""

import dataclasses
from collections.abc import Iterator

import flax.linen as nn

from experiments.seg_digits import experiment as on_photographs
from experiments.seg_nuclei import experiment as on_nuclei
from qconv import (
    Adam,
    Angle,
    Circuit,
    ClassicalNet,
    Control,
    Experiment,
    HardwareEfficient,
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
    WeightedCrossEntropy,
    seeds,
)

SEEDS = range(3)
CIRCUIT = Circuit(Angle(), HardwareEfficient(depth=2), PauliZ())


def first(features: int) -> QuantumConv:
    """The layer that sees the image."""
    return QuantumConv(CIRCUIT, features, kernel_size=2, channels="concatenate")


def inside() -> QuantumConv:
    """The layer in the bottleneck: 64 angles."""
    return QuantumConv(CIRCUIT, kernel_size=2, channels="concatenate")


def cells(images: Experiment, model: nn.Module) -> tuple[Experiment, ...]:
    """A network with each seed; where it has quantum layers, beside its twin.

    Args:
        images: an experiment on the same images.
        model: the network.
    """
    return seeds(dataclasses.replace(images, model=model, rivals=(Twin(), Otsu())), SEEDS)


def rows(section: str, images: Experiment, features: int, without_skips: bool = False) -> Iterator[Row]:
    """All networks on the same images.

    Args:
        section: what the images are.
        images: an experiment on them.
        features: circuits for each channel of the image.
        without_skips: whether there are rows without them.
    """
    for skips in (True, False)[: 1 + without_skips]:
        plain = cells(images, QuanvUNet(skips=skips))
        name = "U-Net" if skips else "without skips"
        linear = Control("linear filter", cells(images, ClassicalNet(nn.Conv(2, (3, 3)))))
        yield Row(name, plain, controls=(linear,) if skips else (), section=section)
        networks = {
            "quantum first": QuanvUNet(first(features), skips=skips),
            "quantum in the bottleneck": QuanvUNet(None, inside(), skips=skips),
            "quantum first and in the bottleneck": QuanvUNet(first(features), inside(), skips=skips),
        }
        for place, network in networks.items():
            if skips or network.first is None:
                control = Control("no such layer", plain)
                yield Row(f"{name}, {place}", cells(images, network), controls=(control,), section=section)


ON_TEXTURES = dataclasses.replace(
    on_photographs,
    data=PastedDigits("textures"),
    procedure=Supervised(Adam(learning_rate=1.2e-2, schedule="cosine"), num_steps=600, batch_size=32),
    task=Segmentation(WeightedCrossEntropy((1.0, 4.0))),
)
"""At 0.006 the network with a quantum convolution first has 0.656 on validation images, the twin 0.659; at 0.012 0.694
and 0.657."""

table = Table(
    rows=(
        *rows("A: digits of one photograph on another, 1,500 / 400 images in colours", on_photographs, 1),
        *rows("B: digits of one texture on another, 1,500 / 400 grey images", ON_TEXTURES, 2),
        *rows("C: nuclei in a microscope image, 465 / 80 grey tiles", on_nuclei, 2, without_skips=True),
    )
)
