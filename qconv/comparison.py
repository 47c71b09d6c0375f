"""Two networks or methods on the same images: which one is ahead, if any, and with what error.

Scores are one number for each image and seed, such as 1 where the class is right and 0 where it is not. The mean
of the differences has two sources of error: other images would have been classified otherwise, and other seeds
trained otherwise. Both are estimated from the scores themselves, crossed as they are: each seed sees each image.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from qconv.errors import InputError

Verdict = Literal["ahead", "behind", "no difference"]

LEVEL = 0.05
"""How often two networks that are equally good may be told apart."""


class Scores(NamedTuple):
    """What one network or method makes of the images, with one seed."""

    seed: int
    """What training is random in; the same in both that are compared, where they share the order of the images."""
    items: str
    """Which images: scores with equal `items` are of the same images in the same order."""
    values: Float[np.ndarray, " images"]
    """One number for each item, such as 1 where its class is right and 0 where it is not."""


class Variance(NamedTuple):
    """An estimate of a variance."""

    value: float
    freedom: int
    """Its degrees of freedom."""


@dataclass(frozen=True)
class Comparison:
    """The mean difference of the scores of two networks or methods."""

    difference: float
    """Ours minus theirs."""
    variances: tuple[tuple[Variance, ...], ...]
    """Variances of the difference: of images alone, and of images and seeds as a sum. The larger one counts."""
    num_images: int
    """Images, each once whatever the seeds."""
    num_seeds: int
    """How many seeds ours has."""
    num_pairs: int
    """Differences that vary independently: images, or seeds where each has images of its own."""
    higher_is_better: bool = True
    """Whether a positive difference speaks for ours."""

    @property
    def error(self) -> float:
        """Standard error of the difference, from images and seeds."""
        return math.sqrt(max(math.fsum(term.value for term in terms) for terms in self.variances))

    def verdict(self, level: float = LEVEL) -> Verdict:
        """Whether ours is ahead, behind, or neither, by a two-sided test; without any error by the sign test.

        A sum of variances that are each estimated with few degrees of freedom has no t-distribution. Each term is
        multiplied by the square of its own quantile of Student's t, which keeps the level whatever the true variances
        are, where the estimates are independent. That of images less what they share with seeds is so nearly; what is
        simulated in `tests/test_comparison.py` keeps the level. With one seed nothing is known of others: the level is
        then that over images, for these trained networks.

        Source: Banerjee, Sankhya 24, 265 (1962).

        Args:
            level: how often two that are equally good may be told apart, at most.
        """
        from scipy.special import stdtrit  # not at the start: `qconv --help` answers at once

        if self.error:
            bound = math.sqrt(
                max(
                    math.fsum(term.value * stdtrit(term.freedom, 1 - level / 2) ** 2 for term in terms)
                    for terms in self.variances
                )
            )
        else:  # all differences are the same: by the sign test, whose level so many of them reach or not
            bound = 0.0 if 2.0 ** (1 - self.num_pairs) <= level else math.inf
        if abs(self.difference) <= bound:
            return "no difference"
        return "ahead" if (self.difference > 0) == self.higher_is_better else "behind"

    def __str__(self) -> str:
        """For example "-0.0111 ± 0.0080"."""
        return f"{self.difference:+.4f} ± {self.error:.4f}"


def compare(ours: Sequence[Scores], theirs: Sequence[Scores], higher_is_better: bool = True) -> Comparison:
    """Compares two networks or methods, paired over images and crossed with seeds.

    Where all scores are of the same images, the variance of the mean difference is that of the images' mean
    differences over their number, and beyond what these share of it that of the seeds' mean differences over theirs;
    seeds are paired where both sides have the same ones. Where seeds have images of their own, it is that of the seeds'
    mean differences over their number, images included. A side with a single score for all images is taken for
    deterministic.

    Source: the two-way layout with random effects of Searle, Casella and McCulloch, "Variance Components" (1992),
    chapter 4.

    Args:
        ours: one for each seed.
        theirs: likewise, or a single one.
        higher_is_better: whether larger scores are better ones.

    Raises:
        InputError: none on one side, or other images on the two sides.
    """
    if not ours or not theirs:
        raise InputError(f"{len(ours)} and {len(theirs)} scores are compared; allowed: at least one each")
    images = {score.items: len(score.values) for score in (*ours, *theirs)}
    if {score.items for score in ours} != {score.items for score in theirs}:
        raise InputError("scores of different images are compared; allowed: the same images on both sides")
    num_images = sum(images.values())
    if len(images) == 1:
        difference, variances = _crossed(_by_seed(ours), _by_seed(theirs), _seeds(ours) == _seeds(theirs))
        return Comparison(difference, variances, num_images, len(ours), num_images, higher_is_better)
    means = np.array([_mean(ours, items) - _mean(theirs, items) for items in images])
    variances = ((_of_mean(means),),)
    return Comparison(float(means.mean()), variances, num_images, len(ours), len(means), higher_is_better)


def verdict_of_all(comparisons: Sequence[Comparison]) -> Verdict:
    """What comparisons of one network with several others say: ahead of all, behind at least one, or neither."""
    verdicts = {told_apart(comparison, len(comparisons)) for comparison in comparisons}
    if "behind" in verdicts:
        return "behind"
    return "ahead" if verdicts == {"ahead"} else "no difference"


def told_apart(comparison: Comparison, others: int) -> Verdict:
    """The verdict of one of several comparisons of a network.

    Who is compared with many is behind one of them by chance more often, so the level is shared among them there. To
    be ahead of all of them is no likelier for their number.

    Args:
        comparison: with one of them.
        others: how many there are.
    """
    verdict = comparison.verdict()
    return comparison.verdict(LEVEL / others) if verdict == "behind" else verdict


def _crossed(
    ours: Float[np.ndarray, "seeds images"], theirs: Float[np.ndarray, "others images"], are_paired: bool
) -> tuple[float, tuple[tuple[Variance, ...], ...]]:
    """The mean difference and its variances."""
    by_image = ours.mean(0) - theirs.mean(0)
    difference = float(by_image.mean())
    if len(by_image) == 1:
        return difference, ((),)
    of_images = _of_mean(by_image)
    parts = [values for values in ([ours - theirs] if are_paired else [ours, theirs]) if len(values) > 1]
    of_seeds = [_of_mean(part.mean(1)) for part in parts]
    # What no seed and no image explains varies by both, and is in both terms: in their sum it counts once.
    rest = math.fsum(_rest(part) for part in parts)
    return difference, ((of_images,), (of_images._replace(value=max(0.0, of_images.value - rest)), *of_seeds))


def _of_mean(values: Float[np.ndarray, " n"]) -> Variance:
    """The variance of the mean of independent values; exactly 0 where they differ by rounding alone."""
    differ = float(np.ptp(values)) > 1e-12
    return Variance(float(values.var(ddof=1)) / len(values) if differ else 0.0, len(values) - 1)


def _rest(values: Float[np.ndarray, "seeds images"]) -> float:
    """What neither the means of the seeds nor those of the images explain adds to the variance of the mean."""
    seeds, images = values.shape
    rest = values - values.mean(1, keepdims=True) - values.mean(0) + values.mean()
    return float(np.square(rest).sum()) / ((seeds - 1) * (images - 1)) / (seeds * images)


def _by_seed(scores: Sequence[Scores]) -> Float[np.ndarray, "seeds images"]:
    return np.stack([score.values for score in scores]).astype(float)


def _seeds(scores: Sequence[Scores]) -> list[int]:
    return [score.seed for score in scores]


def _mean(scores: Sequence[Scores], items: str) -> float:
    return float(np.mean([score.values.mean() for score in scores if score.items == items]))
