"""Training and test parts of data that come without a split of their own."""

import numpy as np
from jaxtyping import Int

from qconv.data.dataset import Split
from qconv.errors import InputError


def check_test_fraction(test_fraction: float) -> None:
    """Refuses a fraction that leaves a split empty.

    Raises:
        InputError: so.
    """
    if not 0 < test_fraction < 1:
        raise InputError(f"test_fraction = {test_fraction}; allowed: more than 0 and less than 1")


def stratified_split(
    labels: Int[np.ndarray, " images"], test_fraction: float, seed: int, split: Split
) -> Int[np.ndarray, " rows"]:
    """Rows of a split, in their original order; each class gives the same part of its images to the test split.

    Raises:
        InputError: a split of another name.
    """
    if split not in ("train", "test"):
        raise InputError(f"split = {split!r}; allowed: 'train', 'test'")
    rng = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        held_out[rows[: round(test_fraction * len(rows))]] = True
    return np.flatnonzero(held_out == (split == "test"))
