"""What a network's outputs tell a person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Array, Float
from PIL import Image


@dataclass(frozen=True)
class Answer:
    """What a network says of one image."""

    words: Mapping[str, str]
    """For a table, by column."""
    values: Mapping[str, str | int | float]
    """All of it, for a file of values, by column; the same columns for all images."""
    picture: Image.Image | None = None
    """An image, such as a mask, where the outputs are one; of the size that the network works in."""


class Subject(NamedTuple):
    """What of the outputs is to be explained: one number for each image, which its pixels have raised or lowered."""

    name: str
    """What it is, such as the output of class cat."""
    value: Callable[[Float[Array, "batch ..."], Float[Array, "batch ..."]], Float[Array, " batch"]]
    """The number, from images and outputs; differentiable."""


def label_of(name: str, classes: tuple[str, ...]) -> int | None:
    """The label of a class that is given by its name or by its label; None if there is no such class."""
    if name in classes:
        return classes.index(name)
    return int(name) if name.isdecimal() and int(name) < len(classes) else None
