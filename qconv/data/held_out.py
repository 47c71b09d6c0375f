"""The images that other data hold out, as data of their own."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from qconv.bounds import require, require_at_least
from qconv.data.checked import load_checked
from qconv.data.dataset import Dataset, Element, Split
from qconv.data.derived import ViewSource
from qconv.data.image_files import Form


@dataclass(frozen=True)
class HeldOut(Dataset):
    """The test images of other data, divided anew: no network that was trained on those data has seen any of them.

    So a network can be tried on a task with images of the kind that it knows, but with none of those that it knows.
    """

    data: Dataset
    """Whose test images these are."""
    test: int = 1000
    """How many of them are to test on; the others are to train on."""
    division_seed: int = 0
    """Fixes which of them are to test on; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "test")
        require_at_least(self, 0, "division_seed")

    @property
    def element(self) -> Element:
        """As there."""
        return self.data.element

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """As there; see `Dataset.class_names`."""
        return self.data.class_names

    @property
    def form(self) -> Form:
        """As there; see `Dataset.form`."""
        return self.data.form

    def prepared(
        self, images: Float[np.ndarray, "batch height width channels"]
    ) -> Float[np.ndarray, "batch rows columns numbers"]:
        """As there; see `Dataset.prepared`."""
        return self.data.prepared(images)

    def load(self, split: Split) -> ViewSource:
        """The images of a split, in their order there.

        Raises:
            InputError: there are not more test images than this.
        """
        self.check_split(split)
        source = load_checked(self.data, "test")
        require(self, "test", self.test < len(source), f"less than the {len(source)} images that are held out")
        order = np.random.default_rng(self.division_seed).permutation(len(source))
        return ViewSource(source, np.sort(order[: self.test] if split == "test" else order[self.test :]))
