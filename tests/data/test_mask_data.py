"""Data with masks that come with packages: shapes, and splits that share no pixel."""

import numpy as np
import pytest

from qconv.data.nuclei import Nuclei
from qconv.data.pasted_digits import PastedDigits
from qconv.data.validation import with_validation
from qconv.errors import InputError


def everything(data, split):
    source = data.load(split)
    return source[np.arange(len(source))]


def test_nuclei():
    data = Nuclei()
    assert with_validation(data).load("validation")[np.arange(2)].targets.shape == (2, 32, 32)
    images, masks = everything(data, "test")
    assert images.shape == (80, 32, 32, 1) and masks.shape == (80, 32, 32)
    assert len(data.load("train")) == 15 * 31 and len(data.load("validation")) == 2 * 16
    assert set(np.unique(masks)) == {0, 1} and masks.mean() == pytest.approx(0.16959, abs=1e-5)
    assert images[masks == 1].mean() > 3 * images[masks == 0].mean()
    assert (masks.sum((1, 2)) == 0).sum() == 15  # tiles without a nucleus
    # The tiles of a row are the columns of the picture, side by side.
    row = np.concatenate(images[:5, :, :, 0], axis=1)
    np.testing.assert_array_equal(row[:, 32:64], images[1, :, :, 0])
    apart = Nuclei(tile=32, step=32)
    assert len(apart.load("train")) == 8 * 16
    for wrong, message in (
        (lambda: Nuclei(tile=33), "tile = 33; allowed: 8, 16, 32 or 64"),
        (lambda: Nuclei(step=0), "step = 0; allowed: 1 to tile = 32"),
    ):
        with pytest.raises(InputError, match=message):
            wrong()


@pytest.mark.parametrize("pictures", ["photographs", "textures"])
def test_pasted_digits(pictures):
    data = PastedDigits(pictures, 30, 20, 10)
    found = {split: everything(data, split) for split in data.splits}
    assert [len(batch.inputs) for batch in found.values()] == [30, 20, 10]
    images, masks = found["train"]
    assert images.shape[1:] == data.element.inputs and masks.shape[1:] == data.element.targets
    assert 0.03 < masks.mean() < 0.25 and masks.sum((1, 2)).min() > 10
    assert 0 <= images.min() < images.max() <= 1
    again, other = everything(data, "train"), everything(PastedDigits(pictures, 30, 20, 10, data_seed=1), "train")
    np.testing.assert_array_equal(images, again.inputs)
    assert not np.array_equal(images, other.inputs)


def test_each_pixel_is_of_a_picture_and_of_the_columns_of_its_split():
    """Columns are told by their colour: a picture whose pixels say where they are."""
    import qconv.data.pasted_digits as module

    columns = np.broadcast_to(np.linspace(0, 1, 640, dtype=np.float32)[:, None], (427, 640, 3))
    pictures = np.stack([columns * [1, 1, 0], columns * [0, 1, 1]]).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_photographs", lambda: pictures)
        for split, (first, end) in {"train": (0, 384), "validation": (384, 512), "test": (512, 640)}.items():
            images, masks = everything(PastedDigits(num_train=40, num_validation=40, num_test=40), split)
            place = images[..., 1] * 639
            assert first - 1e-3 <= place.min() and place.max() <= end - 1 + 1e-3
            # A digit is of the one picture, all around it of the other.
            is_first = images[..., 0] > images[..., 2]
            for own, mask in zip(is_first, masks, strict=True):
                known = own[mask == 1]
                assert (known == known[0]).all() and (own[mask == 0] != known[0]).all()


def test_no_digit_is_in_two_splits():
    import qconv.data.pasted_digits as module

    numbers = [len(module._digits(0, split)) for split in ("train", "validation", "test")]
    assert numbers == [3000, 1000, 1000]
    kept = {split: {digit.tobytes() for digit in module._digits(0, split)} for split in ("train", "test")}
    assert not kept["train"] & kept["test"]
