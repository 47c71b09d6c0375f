"""Which pixels a number depends on, against what is known of simple numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qconv.diagnostics import attribution
from qconv.diagnostics.attribution import gradient, integrated_gradients, occlusion

RNG = np.random.default_rng(0)
IMAGE = RNG.random((6, 5, 2)).astype(np.float32)
WEIGHTS = RNG.normal(size=(6, 5, 2)).astype(np.float32)


@pytest.fixture(params=[32, 4, 1])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many images are asked about at once."""
    monkeypatch.setattr(attribution, "_MOST_NUMBERS", request.param * IMAGE.size)
    return request.param


def of_size(batch: int, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that takes batches of one size only."""

    def checked(images: Any) -> Any:
        assert images.shape == (batch, *IMAGE.shape) and images.dtype == np.float32
        return function(images)

    return checked


def test_a_gradient_is_the_largest_of_the_channels(batch: int) -> None:
    found = gradient(of_size(batch, lambda images: WEIGHTS * images), IMAGE)
    np.testing.assert_allclose(found, np.abs(WEIGHTS * IMAGE).max(-1), rtol=1e-6)


def test_integrated_gradients_add_up_to_the_difference_from_an_image_of_zeros(batch: int) -> None:
    # The number is the sum of w x^3.
    found = integrated_gradients(of_size(batch, lambda images: 3 * WEIGHTS * images**2), IMAGE)
    np.testing.assert_allclose(found, (WEIGHTS * IMAGE**3).sum(-1), atol=1e-3)
    np.testing.assert_allclose(found.sum(), (WEIGHTS * IMAGE**3).sum(), atol=1e-3)


@pytest.mark.parametrize("window", [1, 2, 3, 6])
def test_a_number_falls_where_what_it_counts_is_covered(batch: int, window: int) -> None:
    found = occlusion(of_size(batch, lambda images: (WEIGHTS * images).sum((1, 2, 3))), IMAGE, window)
    lost = (WEIGHTS * (IMAGE - IMAGE.mean((0, 1)))).sum(-1)
    falls, counts = np.zeros((2, 6, 5))
    for top in sorted({*range(0, 6 - window, max(1, window // 2)), 6 - window}):
        last = max(0, 5 - window)
        for left in sorted({*range(0, last, max(1, window // 2)), last}):
            falls[top : top + window, left : left + window] += lost[top : top + window, left : left + window].sum()
            counts[top : top + window, left : left + window] += 1
    assert counts.min() >= 1
    np.testing.assert_allclose(found, falls / counts, atol=1e-4)


def test_an_image_of_one_row_is_covered_too() -> None:
    row = RNG.random((1, 8, 1)).astype(np.float32)
    found = occlusion(lambda images: images[:, 0, 2, 0], row, 2)
    assert found.shape == (1, 8)
    np.testing.assert_array_equal(np.flatnonzero(np.abs(found[0]) > 1e-6), [1, 2, 3])
