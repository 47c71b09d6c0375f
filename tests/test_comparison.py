"""Paired comparisons: closed forms, and how often they are wrong on scores whose truth is known."""

import math

import numpy as np
import pytest

from qconv.comparison import Comparison, Scores, compare, verdict_of_all
from qconv.errors import InputError


def scores(values: np.ndarray, items: str = "images") -> list[Scores]:
    """A row for each seed."""
    return [Scores(seed, items, row) for seed, row in enumerate(np.atleast_2d(values).astype(float))]


def test_one_seed_counts_the_images_on_which_the_two_differ() -> None:
    """As McNemar's test does: what both have right or both have wrong says nothing."""
    ours, theirs = np.zeros(100), np.zeros(100)
    ours[:60], theirs[5:70] = 1, 1  # 5 right here alone, 10 there alone
    found = compare(scores(ours), scores(theirs))
    assert found.difference == pytest.approx(-0.05) and found.num_images == 100 and found.num_seeds == 1
    assert found.error == pytest.approx(math.sqrt((15 / 100 - 0.05**2) / 99)) and found.freedom == pytest.approx(99)
    assert found.verdict() == "no difference"


def test_seeds_that_disagree_count_as_such() -> None:
    """By hand: differences of two seeds on two images, each image 0.1 from the mean, each seed 0.3."""
    differences = np.array([[0.6, 0.4], [0.0, -0.2]])
    found = compare(scores(differences), scores(np.zeros((2, 2))))
    # Images: variance of (0.3, 0.1) over 2; seeds: variance of (0.5, -0.1) over 2; nothing is left over.
    assert found.difference == pytest.approx(0.2)
    assert found.error == pytest.approx(math.sqrt(0.02 / 2 + 0.18 / 2))
    assert found.freedom == pytest.approx((0.1**2) / (0.01**2 + 0.09**2))


def test_a_deterministic_method_has_one_score() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.random((4, 50)) < 0.9, rng.random((1, 50)) < 0.8
    found = compare(scores(ours), scores(theirs))
    assert found.difference == pytest.approx(ours.mean() - theirs.mean())
    by_image = ours.mean(0) - theirs[0]
    assert found.error >= by_image.std(ddof=1) / math.sqrt(50) - 1e-12


def test_seeds_with_images_of_their_own_are_compared_seed_by_seed() -> None:
    differences = [0.1, 0.2, 0.6]
    ours = [Scores(seed, f"images {seed}", np.full(10, value)) for seed, value in enumerate(differences)]
    theirs = [Scores(0, f"images {seed}", np.zeros(10)) for seed in range(3)]
    found = compare(ours, theirs)
    assert found.difference == pytest.approx(0.3) and found.num_images == 30
    assert found.error == pytest.approx(np.std(differences, ddof=1) / math.sqrt(3)) and found.freedom == 2
    assert found.verdict() == "no difference"  # 0.3 is 2 standard errors, and with 3 seeds that is not enough


def test_other_images_are_not_compared() -> None:
    with pytest.raises(InputError, match=r"^scores of different test images are compared; allowed: the same images"):
        compare(scores(np.ones(3), "these"), scores(np.ones(3), "those"))
    with pytest.raises(InputError, match=r"^0 and 1 scores are compared; allowed: at least one each$"):
        compare([], scores(np.ones(3)))


def test_scores_that_are_equal_are_no_difference() -> None:
    found = compare(scores(np.ones((3, 20))), scores(np.ones((3, 20))))
    assert found == Comparison(0.0, 0.0, math.inf, 20, 3) and found.verdict() == "no difference"
    assert compare(scores(np.ones(20)), scores(np.zeros(20))).verdict() == "ahead"  # without any spread


def drawn(rng: np.random.Generator, seeds: int, images: int, by_seed: float, truth: float) -> np.ndarray:
    """Right or wrong: images that are easy or hard for both, and seeds that are better or worse by `by_seed`."""
    difficulty = rng.normal(1.5, 1.5, images)
    lean = truth + by_seed * rng.normal(size=(2, seeds, 1))
    return rng.normal(size=(2, seeds, images)) < difficulty + lean


@pytest.mark.parametrize(("seeds", "by_seed"), [(1, 0.0), (3, 0.0), (3, 0.3), (5, 0.15)])
def test_equals_are_told_apart_as_seldom_as_said(seeds: int, by_seed: float) -> None:
    """Of 500 pairs of networks that are equally good about 5 % may be told apart: 8 % would be 3 deviations off."""
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(500):
        ours, theirs = drawn(rng, seeds, 300, by_seed, 0.0)
        wrong += compare(scores(ours), scores(theirs)).verdict() != "no difference"
    assert wrong / 500 < 0.08


def test_a_difference_is_found_that_unpaired_accuracies_would_hide() -> None:
    rng = np.random.default_rng(2)
    hard = rng.random(500) < 0.5  # wrong for both, whatever they do
    ours, theirs = ~hard, ~hard & (rng.random(500) < 0.95)
    found = compare(scores(ours), scores(theirs))
    unpaired = math.sqrt(sum(p * (1 - p) / 500 for p in (ours.mean(), theirs.mean())))
    assert found.verdict() == "ahead" and found.difference < 2 * unpaired


def test_ahead_of_all_behind_one_or_neither() -> None:
    ahead, level, behind = (Comparison(difference, 0.01, 100.0, 500, 3) for difference in (0.05, 0.01, -0.05))
    barely = Comparison(-0.021, 0.01, 1e6, 500, 3)  # 2.1 standard errors
    assert verdict_of_all([ahead, ahead]) == "ahead"
    assert verdict_of_all([ahead, level]) == "no difference"
    assert verdict_of_all([ahead, behind]) == "behind"
    assert verdict_of_all([barely]) == "behind"
    assert verdict_of_all([barely, ahead]) == "no difference"  # the best of two is ahead by chance more often


@pytest.mark.parametrize(
    ("images", "expected"), [(1, "no difference"), (3, "no difference"), (5, "no difference"), (6, "ahead")]
)
def test_few_images_that_all_say_the_same_are_a_sign_test(images: int, expected: str) -> None:
    ours, theirs = (Scores(0, "images", np.full(images, value)) for value in (1.0, 0.0))
    found = compare([ours], [theirs])
    assert (found.difference, found.error, found.verdict()) == (1, 0, expected)
    assert compare([theirs], [ours]).verdict() == ("behind" if expected == "ahead" else expected)
