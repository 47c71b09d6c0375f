"""Pixels on scales of their own, against scikit-learn's scalers."""

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from qconv.data.dataset import Element
from qconv.data.digits import Digits
from qconv.data.scaled import Scaled


@pytest.mark.parametrize(
    ("scaling", "scaler"), [("standard", StandardScaler()), ("range", MinMaxScaler(feature_range=(-1, 1)))]
)
def test_pixels_are_scaled_as_the_training_images_say(scaling: Any, scaler: Any) -> None:
    data = Scaled(Digits(), scaling)
    for split in ("train", "test"):
        source, plain = data.load(split), Digits().load(split)
        images, labels = plain[np.arange(len(plain))]
        pixels = images.reshape(len(images), -1).astype(float)
        expected = scaler.fit_transform(pixels) if split == "train" else scaler.transform(pixels)
        if split == "train":
            constant = np.ptp(pixels, axis=0) == 0
            assert constant.any()  # digits have corners that are always empty
        batch = source[np.arange(len(source))]
        scaled = batch.inputs.reshape(len(images), -1)
        np.testing.assert_allclose(scaled[:, ~constant], expected[:, ~constant], rtol=0, atol=1e-5)
        np.testing.assert_array_equal(scaled[:, constant], pixels[:, constant])
        np.testing.assert_array_equal(batch.targets, labels)
        assert batch.inputs.shape[1:] == (8, 8, 1) and data.element == Element((8, 8, 1), num_classes=10)
