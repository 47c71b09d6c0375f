"""Every experiment there is: it says what it is, has help, and trains a step."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from qconv.data.checked import load_checked
from qconv.data.folder import FolderOfImages
from qconv.data.tfds import Tfds
from qconv.errors import DataUnavailableError
from qconv.experiment.discovery import available, import_from
from qconv.experiment.loading import load
from qconv.experiment.rivals import Twin
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from tests.variants import OF_EXTRAS, OF_OTHER_RUNS, Made, changed, element_of

# One experiment of each kind of layer is enough for `make test`.
QUICK = ("quanv_digits", "qcnn_digits")
MARKED = [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in available()]


@pytest.mark.parametrize("name", MARKED)
def test_an_experiment_trains_a_step(name: str, tmp_path: Path) -> None:
    experiment, _ = load(name)
    element = element_of(experiment)
    if not isinstance(experiment.data, Tfds | FolderOfImages) and name not in OF_OTHER_RUNS:
        with suppress(*[DataUnavailableError] if name in OF_EXTRAS else []):
            batch = load_checked(experiment.data, "test")[np.arange(2)]
            assert batch.inputs.shape == (2, *element.inputs) and batch.targets.shape == (2, *element.targets)
    count = 200 if name in OF_OTHER_RUNS else 8  # several of each class
    small = changed(experiment, data=Made(tuple(element), num_train=count, num_test=2), num_steps=1, batch_size=4)
    with RunDirectory(name, small, tmp_path) as run:
        summary = execute(run, Console(quiet=True)).summary(run)
    own, rival, *_ = summary.arms
    assert own.steps == rival.steps == small.procedure.num_steps and summary.num_items == 2
    if Twin() in small.rivals:
        assert own.num_quantum_parameters > 0 and rival.num_quantum_parameters == 0 and rival.folder == "twin"
    assert list(own.metrics) == [metric.name for metric in (experiment.task.loss, *experiment.task.metrics)]


@pytest.mark.parametrize("name", list(available()))
def test_an_experiment_says_what_it_is(name: str) -> None:
    module = import_from(f"experiments.{name}")
    assert available()[name].endswith(".")
    assert f"make train EXP={name}" in (module.__doc__ or "")
    for own in vars(module).values():
        if isinstance(own, type) and own.__module__ == module.__name__:
            assert own.__doc__
