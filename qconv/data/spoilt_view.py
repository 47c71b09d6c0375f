"""Items of which some numbers are lost."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from qconv.bounds import require, require_at_least, require_choices
from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Split
from qconv.data.derived import Derived


@dataclass(frozen=True)
class SpoiltView(Derived):
    """Items whose numbers from `start` to before `stop` are lost, as those of one of several models or owners may be.

    They are 0, or those of another item of the same split, drawn at random: then each number is as it usually is, and
    says nothing of the item.
    """

    start: int = 0
    """The first number that is lost, counted from 0 in an item's numbers one after the other."""
    stop: int = 8
    """The first one after them."""
    instead: Literal["zero", "another item's"] = "zero"
    """What stands there."""
    where: Literal["held out", "everywhere"] = "held out"
    """Whether training items keep their numbers."""
    draw_seed: int = 0
    """Fixes which items stand in for which."""

    def __post_init__(self) -> None:
        require_choices(self)
        require_at_least(self, 0, "start", "draw_seed")
        numbers = int(np.prod(self.data.element.inputs))
        fits = self.start < self.stop <= numbers
        require(self, "stop", fits, f"more than start = {self.start}, and at most {numbers}, the numbers of an item")

    def load(self, split: Split) -> ArraySource:
        """The items of a split."""
        source = load_checked(self.data, split)
        items, targets = source[np.arange(len(source))]
        if split != "train" or self.where == "everywhere":
            rows = items.reshape(len(items), -1).copy()
            others = np.random.default_rng([self.draw_seed, len(items)]).permutation(len(items))
            rows[:, self.start : self.stop] = 0 if self.instead == "zero" else rows[others, self.start : self.stop]
            items = rows.reshape(items.shape)
        return ArraySource(items, targets, self.element.num_classes, -np.inf, np.inf)
