"""Data with few labels."""

from dataclasses import dataclass

import numpy as np

from qconv.bounds import require, require_at_least
from qconv.data.checked import load_checked
from qconv.data.dataset import Dataset, Source, Split, chunks
from qconv.data.derived import Selection, ViewSource
from qconv.errors import InputError


@dataclass(frozen=True)
class FewLabels(Selection):
    """A few training images of each class, drawn at random without replacement; all other splits stay as they are.

    Another `draw_seed` draws others of the same training images, so that they can be compared on the same test images.
    """

    labels: int = 10
    """Training images of each class."""
    draw_seed: int = 0
    """Fixes which images are drawn."""

    def __post_init__(self) -> None:
        element = self.data.element
        if element.num_classes is None or element.targets:
            raise InputError(
                f"data = {type(self.data).__name__}, whose images have no class each; allowed: data with labels"
            )
        require_at_least(self, 1, "labels")
        require_at_least(self, 0, "draw_seed")

    def items(self, split: Split) -> Dataset:
        """Of training images those that are drawn; all others are those of the source."""
        return super().items(split) if split == "train" else self.data.items(split)

    def load(self, split: Split) -> Source:
        """The images of a split, in their order.

        Raises:
            InputError: a class has fewer training images.
        """
        source = load_checked(self.data, split)
        if split != "train":
            return source
        labels = np.concatenate([source.read_targets(rows) for rows in chunks(source, self.data.element)])
        rng, drawn = np.random.default_rng(self.draw_seed), []
        for label in range(self.data.element.num_classes or 0):
            rows = rng.permutation(np.flatnonzero(labels == label))
            fits = self.labels <= len(rows)
            require(self, "labels", fits, f"at most {len(rows)}, the training images of class {label}")
            drawn.append(rows[: self.labels])
        return ViewSource(source, np.sort(np.concatenate(drawn)))
