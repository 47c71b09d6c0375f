"""Tiles of three photographs, of which no two share a pixel."""

import numpy as np
import pytest
from skimage import data

from qconv.data.dataset import Split
from qconv.data.textures import Textures
from qconv.errors import InputError

COUNTS: dict[Split, int] = {"train": 672, "validation": 210, "test": 882}


def test_each_split_has_a_place_of_its_own() -> None:
    photographs = [data.brick(), data.grass(), data.gravel()]
    for split, (start, stop) in {"train": (0, 192), "validation": (192, 256), "test": (256, 512)}.items():
        source = Textures().load(split)
        assert np.bincount(source.targets).tolist() == [COUNTS[split]] * 3
        columns = (stop - start) // 12
        for label, photograph in enumerate(photographs):
            tiles = source.inputs[source.targets == label, ..., 0].reshape(42, columns, 12, 12)
            np.testing.assert_array_equal(
                tiles.swapaxes(1, 2).reshape(504, 12 * columns), photograph[:504, start : start + 12 * columns]
            )


@pytest.mark.parametrize("size", [0, 65])
def test_tiles_fit_the_narrowest_part(size: int) -> None:
    with pytest.raises(InputError, match=rf"^size = {size}; allowed: 1 to 64, the width of the narrowest part$"):
        Textures(size)
