"""The table of transfer learning: what its rows read, where somebody has the images of ants and bees and where not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from experiments.transfer import BACKBONES, table
from qconv.errors import DataUnavailableError
from qconv.experiment.experiment import Experiment
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from tests.variants import changed


def row(section: str, name: str) -> Experiment:
    (cells,) = (row.cells for row in table.rows if (row.section, row.name) == (section, name))
    assert len(cells) == 10 and isinstance(cells[0], Experiment)
    return cells[0]


def test_all_backbones_see_the_same_images() -> None:
    for section in ("textures", "ants and bees"):
        own = [row(section, name) for name in (*BACKBONES, "none: pixels")]
        assert len({experiment.divided_data.items(experiment.split) for experiment in own}) == 1
        assert len({(experiment.model, experiment.procedure, experiment.rivals) for experiment in own}) == 1
    assert [experiment.element.inputs[2] for experiment in (row("textures", name) for name in BACKBONES)] == [
        1280,
        1024,
        96,
        120,
    ]


def test_ants_and_bees_are_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QCONV_CACHE", str(tmp_path / "cache"))
    experiment = row("ants and bees", "none: pixels")
    with pytest.raises(DataUnavailableError, match=r"hymenoptera_data.*there is no such folder"):
        experiment.training_items()
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 4)):
        for name in ("ants", "bees"):
            folder = tmp_path / "hymenoptera_data" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                Image.fromarray(rng.integers(256, size=(40, 50, 3)).astype(np.uint8)).save(folder / f"{number}.png")
    assert experiment.element.inputs == (16, 16, 3) and experiment.procedure.num_steps == 30 * 61
    with RunDirectory("transfer", changed(experiment, num_steps=1), tmp_path / "runs") as run:
        summary = execute(run, Console(quiet=True)).summary(run)
    assert (summary.split, summary.num_items) == ("validation", 8)
    assert [arm.folder for arm in summary.arms] == ["", "twin", "linear", "logistic", "svm"]
