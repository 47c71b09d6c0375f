"""How much is sampled. Imports nothing slow: these fields are options of the command line."""

import math
from dataclasses import dataclass

from qconv.bounds import check_number, require, require_at_least
from qconv.errors import InputError


@dataclass(frozen=True)
class Sampling:
    """Numbers of samples for the diagnostics of a circuit."""

    pairs: int = 5000
    """Pairs of states for expressibility; entangling capability takes the first state of each."""
    bins: int = 75
    """Bins of the histogram of fidelities."""
    gradients: int = 1000
    """Random angles, each with a random patch, for the variance of gradients."""
    fisher_angles: int = 50
    """Random angles at which the Fisher information is computed."""
    fisher_patches: int = 50
    """Patches over which each Fisher information is averaged."""
    data_count: int | None = None
    """Number of data n in the effective dimension; by default the number of training images."""
    gamma: float = 1.0
    """Constant gamma in the effective dimension, more than 0 and at most 1."""

    def __post_init__(self) -> None:
        counts = ["pairs", "bins", "gradients", "fisher_angles", "fisher_patches"]
        counts += ["data_count"] if self.data_count is not None else []
        for name in counts:
            require_at_least(self, 1 if name in ("pairs", "fisher_angles", "fisher_patches") else 2, name)
            check_number(name, getattr(self, name))
        require(self, "gamma", 0 < self.gamma <= 1, "more than 0, at most 1")
        if self.data_count is not None:
            resolution(self.data_count, self.gamma)


def resolution(data_count: int, gamma: float) -> float:
    """How finely n data tell models apart, in the effective dimension: gamma n / (2 pi ln n).

    Raises:
        InputError: it is not above 1, where the effective dimension is not defined.
    """
    value = gamma * data_count / (2 * math.pi * math.log(data_count))
    if value <= 1:
        raise InputError(
            f"data_count = {data_count} with gamma = {gamma} give gamma n / (2 pi ln n) = {value:.3g}; "
            "allowed: more than 1, which takes more data"
        )
    return value
