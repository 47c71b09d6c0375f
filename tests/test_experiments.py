"""Every experiment there is: it says what it is, has help, and trains a step."""

import dataclasses
from pathlib import Path

import pytest
from rich.console import Console

from qconv.data.synthetic import Synthetic
from qconv.data.tfds import Tfds
from qconv.experiment.discovery import available, import_from
from qconv.experiment.loading import load
from qconv.training.run import execute
from qconv.training.run_directory import RunDirectory

SHAPES = {"cifar10": (32, 32, 3)}
"""Of the images of datasets that may have to be downloaded: nothing here needs a network."""


# One experiment of each kind of layer is enough for `make test`.
QUICK = ("quanv_digits", "qcnn_digits")
MARKED = [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in available()]


@pytest.mark.parametrize("name", MARKED)
def test_an_experiment_trains_a_step(name: str, tmp_path: Path) -> None:
    experiment, _ = load(name)
    data = experiment.data
    if isinstance(data, Tfds):
        height, width, channels = SHAPES[data.name]
        num_classes = 10
    else:
        (height, width, channels), num_classes = data.load("test").image_shape, data.num_classes
    images = Synthetic(8, height, width, channels, num_classes)
    small = dataclasses.replace(experiment, data=images, num_steps=1, batch_size=4)
    with RunDirectory(name, small, tmp_path) as run:
        summary = execute(run, Console(quiet=True)).summary(run)
    assert summary["steps"] == 1 and summary["num_test_images"] == 2
    assert summary["num_quantum_parameters"] > 0 and summary["twin"] is not None


@pytest.mark.parametrize("name", list(available()))
def test_an_experiment_says_what_it_is(name: str) -> None:
    module = import_from(f"experiments.{name}")
    assert available()[name].endswith(".")
    assert f"make train EXP={name}" in (module.__doc__ or "")
    for own in vars(module).values():
        if isinstance(own, type) and own.__module__ == module.__name__:
            assert own.__doc__
