"""What is offered to somebody whose data are not there."""

from dataclasses import replace

import pytest

from qconv.commands import offline
from qconv.data.image_folder import ImageFolder
from qconv.data.resized import Resized
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.data.tfds import Tfds
from qconv.experiment.loading import load


def test_data_made_of_a_download_need_one(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment, _ = load("quanv_digits")
    data = {
        "made": Synthetic(),
        "made smaller": Subset(Resized(Synthetic(), 4, 4), 4, 4),
        "a user's own": ImageFolder("pictures"),
        "downloaded": Tfds("cifar10"),
        "downloaded, smaller": Subset(Resized(Tfds("cifar10"), 4, 4), 4, 4),
    }
    monkeypatch.setattr(offline, "available", lambda: data)
    monkeypatch.setattr(offline, "load", lambda name: (replace(experiment, data=data[name]), ""))
    assert offline.experiments_without_download() == ["made", "made smaller"]
