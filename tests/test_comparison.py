"""Paired comparisons: closed forms, and how often they are wrong on scores whose truth is known."""

import math

import numpy as np
import pytest

from qconv.comparison import Comparison, Scores, Variance, compare, verdict_of_all
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
    assert found.error == pytest.approx(math.sqrt((15 / 100 - 0.05**2) / 99))
    assert found.verdict() == "no difference"


def test_seeds_that_disagree_count_as_such() -> None:
    """By hand: differences of three seeds on two images, each image 0.1 from the mean, seeds 0.3, 0 and -0.3."""
    found = compare(scores(np.array([[0.6, 0.4], [0.3, 0.1], [0.0, -0.2]])), scores(np.zeros((3, 2))))
    # Images: variance of (0.3, 0.1) over 2; seeds: variance of (0.5, 0.2, -0.1) over 3; nothing is left over.
    assert found.difference == pytest.approx(0.2)
    assert found.error == pytest.approx(math.sqrt(0.02 / 2 + 0.09 / 3))
    # Quantiles of Student's t, 1 and 2 degrees of freedom: 12.706 and 4.303.
    assert found.verdict() == "no difference"
    for more, expected in ((0.7, "no difference"), (1.4, "ahead")):  # a bound of 1.47; 3.3 degrees of freedom give 0.65
        values = np.array([[0.6, 0.4], [0.3, 0.1], [0.0, -0.2]]) + more
        assert compare(scores(values), scores(np.zeros((3, 2)))).verdict() == expected


def test_what_seeds_and_images_do_not_explain_counts_once() -> None:
    """By hand: (0.5, -0.5) and (-0.5, 0.5) have means of 0; alone, the images' variance is that of (0, 0)."""
    found = compare(scores(np.array([[0.5, -0.5], [-0.5, 0.5]])), scores(np.zeros((2, 2))))
    assert found.error == 0 and found.verdict() == "no difference"
    found = compare(scores(np.array([[1.0, 0.0], [0.0, 0.0]])), scores(np.zeros((2, 2))))
    # Images: (0.5, 0), seeds: (0.5, 0), each 0.125 / 2; the rest, 0.25 at each place, is as large as either.
    assert [[term.value for term in terms] for terms in found.variances] == [[0.0625], [0.0, 0.0625]]
    assert found.error == 0.25


def test_terms_of_the_variance_have_quantiles_of_their_own() -> None:
    images, seeds = Variance(0.01**2, 400), Variance(0.02**2, 2)
    bound = math.hypot(1.965912 * 0.01, 4.302653 * 0.02)  # from a table of Student's t
    for difference, expected in ((bound + 1e-6, "ahead"), (bound - 1e-6, "no difference"), (-bound - 1e-6, "behind")):
        assert Comparison(difference, ((images,), (images, seeds)), 401, 3, 401).verdict() == expected


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
    assert found.error == pytest.approx(np.std(differences, ddof=1) / math.sqrt(3))
    assert found.verdict() == "no difference"  # 0.3 is 2 standard errors, and with 3 seeds that is not enough


def test_seeds_with_images_of_their_own_that_all_say_the_same_are_a_sign_test_of_seeds() -> None:
    for seeds, expected in ((3, "no difference"), (6, "ahead")):
        ours, theirs = (
            [Scores(seed, f"images {seed}", np.full(10, value + 0.1 * seed)) for seed in range(seeds)]
            for value in (0.3, 0.2)
        )
        found = compare(ours, theirs)
        assert (found.error, found.num_images, found.verdict()) == (0, 10 * seeds, expected)


def test_other_images_are_not_compared() -> None:
    with pytest.raises(InputError, match=r"^scores of different images are compared; allowed: the same images"):
        compare(scores(np.ones(3), "these"), scores(np.ones(3), "those"))
    with pytest.raises(InputError, match=r"^0 and 1 scores are compared; allowed: at least one each$"):
        compare([], scores(np.ones(3)))


def test_scores_that_are_equal_are_no_difference() -> None:
    found = compare(scores(np.ones((3, 20))), scores(np.ones((3, 20))))
    assert (found.difference, found.error, found.num_images, found.num_seeds) == (0, 0, 20, 3)
    assert found.verdict() == "no difference"
    assert compare(scores(np.ones(20)), scores(np.zeros(20))).verdict() == "ahead"  # without any spread


def drawn(
    rng: np.random.Generator, seeds: tuple[int, int], images: int, by_seed: float
) -> tuple[np.ndarray, np.ndarray]:
    """Right or wrong: images that are easy or hard for both, and seeds that are better or worse by `by_seed`."""
    difficulty = rng.normal(1.5, 1.5, images)
    ours, theirs = (
        rng.normal(size=(count, images)) < difficulty + by_seed * rng.normal(size=(count, 1)) for count in seeds
    )
    return ours, theirs


@pytest.mark.parametrize(
    ("seeds", "by_seed"),
    [
        *[((1, 1), 0.0), ((3, 1), 0.0), ((2, 2), 0.0), ((3, 3), 0.0)],
        *[((2, 2), 0.3), ((2, 2), 1.0), ((2, 3), 0.3), ((3, 3), 0.3), ((5, 5), 0.15)],
    ],
)
def test_equals_are_told_apart_as_seldom_as_said(seeds: tuple[int, int], by_seed: float) -> None:
    """Of 500 pairs of networks that are equally good at most 5 % may be told apart: 8 % would be 3 deviations off."""
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(500):
        ours, theirs = drawn(rng, seeds, 300, by_seed)
        wrong += compare(scores(ours), scores(theirs)).verdict() != "no difference"
    assert wrong / 500 < 0.08


def test_a_difference_is_found_that_unpaired_accuracies_would_hide() -> None:
    rng = np.random.default_rng(2)
    hard = rng.random(500) < 0.5  # wrong for both, whatever they do
    ours, theirs = ~hard, ~hard & (rng.random(500) < 0.95)
    found = compare(scores(ours), scores(theirs))
    unpaired = math.sqrt(sum(p * (1 - p) / 500 for p in (ours.mean(), theirs.mean())))
    assert found.verdict() == "ahead" and found.difference < 2 * unpaired


def error_of_one_hundredth(difference: float) -> Comparison:
    return Comparison(difference, ((Variance(0.01**2, 499),),), 500, 1, 500)


def test_ahead_of_all_behind_one_or_neither() -> None:
    ahead, level, behind = (error_of_one_hundredth(difference) for difference in (0.05, 0.01, -0.05))
    barely = error_of_one_hundredth(-0.021)  # 2.1 standard errors
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
