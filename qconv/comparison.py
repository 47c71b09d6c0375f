"""Two networks or methods on the same test images: which one is ahead, if any, and with what error.

Scores are one number for each test image and seed, such as 1 where the class is right and 0 where it is not. The mean
of the differences has two sources of error: other test images would have been classified otherwise, and other seeds
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
    """What one network or method makes of the test images, with one seed."""

    seed: int
    """What training is random in; the same in both that are compared, where they share the order of the images."""
    items: str
    """Which test images: scores with equal `items` are of the same images in the same order."""
    values: Float[np.ndarray, " images"]
    """Larger is better."""


@dataclass(frozen=True)
class Comparison:
    """The mean difference of the scores of two networks or methods."""

    difference: float
    """Ours minus theirs."""
    error: float
    """Standard error of it, from images and seeds."""
    freedom: float
    """Degrees of freedom of the error; infinite where it is 0."""
    num_images: int
    """Test images, each once whatever the seeds."""
    num_seeds: int
    """Seeds of ours."""

    def verdict(self, level: float = LEVEL) -> Verdict:
        """Whether ours is ahead, behind, or neither: by a two-sided t-test of this level, without error a sign test."""
        from scipy.special import stdtrit  # not at the start: `qconv --help` answers at once

        if self.error:
            bound = stdtrit(self.freedom, 1 - level / 2) * self.error
        else:  # all differences are the same: by the sign test, whose level so many images reach or not
            bound = 0.0 if 2.0 ** (1 - self.num_images) <= level else math.inf
        if abs(self.difference) <= bound:
            return "no difference"
        return "ahead" if self.difference > 0 else "behind"

    def __str__(self) -> str:
        """For example "-0.0111 ± 0.0080"."""
        return f"{self.difference:+.4f} ± {self.error:.4f}"


def compare(ours: Sequence[Scores], theirs: Sequence[Scores]) -> Comparison:
    """Compares two networks or methods, paired over images and crossed with seeds.

    Where all scores are of the same images, the variance of the mean difference is that of the images' mean
    differences over their number, and what the seeds' means vary by beyond what so many images explain, over their
    number; seeds are paired where both sides have the same ones. Where seeds have images of their own, the variance is
    that of the seeds' mean differences over their number, images included. A side with a single score for all images
    is taken for deterministic. Degrees of freedom by Satterthwaite's formula.

    Source: the two-way layout with random effects of Searle, Casella and McCulloch, "Variance Components" (1992),
    chapter 4; Satterthwaite, Biometrics Bulletin 2, 110 (1946).

    Args:
        ours: one for each seed.
        theirs: likewise, or a single one.

    Raises:
        InputError: none on one side, or other images on the two sides.
    """
    if not ours or not theirs:
        raise InputError(f"{len(ours)} and {len(theirs)} scores are compared; allowed: at least one each")
    images = {score.items: len(score.values) for score in (*ours, *theirs)}
    if {score.items for score in ours} != {score.items for score in theirs}:
        raise InputError("scores of different test images are compared; allowed: the same images on both sides")
    if len(images) == 1:
        difference, terms = _crossed(_by_seed(ours), _by_seed(theirs), _seeds(ours) == _seeds(theirs))
    else:
        means = np.array([_mean(ours, items) - _mean(theirs, items) for items in images])
        difference, terms = float(means.mean()), [(float(means.var(ddof=1)) / len(means), len(means) - 1)]
    variance = math.fsum(term for term, _ in terms)
    spread = math.fsum(term**2 / freedom for term, freedom in terms if freedom)
    freedom = variance**2 / spread if spread else math.inf
    return Comparison(difference, math.sqrt(variance), freedom, sum(images.values()), len(ours))


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
) -> tuple[float, list[tuple[float, int]]]:
    """The mean difference, and the terms of its variance with their degrees of freedom."""
    by_image = ours.mean(0) - theirs.mean(0)
    count = len(by_image)
    terms = [(float(by_image.var(ddof=1)) / count if count > 1 else 0.0, count - 1)]
    for part in [ours - theirs] if are_paired else [ours, theirs]:
        terms += _of_seeds(part)
    return float(by_image.mean()), terms


def _of_seeds(values: Float[np.ndarray, "seeds images"]) -> list[tuple[float, int]]:
    """What seeds add to the variance of a mean beyond what is counted with the images: as two terms, or none."""
    seeds, images = values.shape
    if seeds == 1 or images == 1:
        return []
    means = values.mean(1)
    between = float(means.var(ddof=1)) / seeds
    rest = values - means[:, None] - values.mean(0) + values.mean()
    within = float(np.square(rest).sum()) / ((seeds - 1) * (images - 1)) / (seeds * images)
    return [(between, seeds - 1), (-within, (seeds - 1) * (images - 1))] if between > within else []


def _by_seed(scores: Sequence[Scores]) -> Float[np.ndarray, "seeds images"]:
    return np.stack([score.values for score in scores]).astype(float)


def _seeds(scores: Sequence[Scores]) -> list[int]:
    return [score.seed for score in scores]


def _mean(scores: Sequence[Scores], items: str) -> float:
    return float(np.mean([score.values.mean() for score in scores if score.items == items]))
