"""What networks and methods make of each test image, kept beside their run so that they can be compared later."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from qconv.comparison import Comparison, Scores, compare
from qconv.errors import RunError
from qconv.training.run_directory import writing

_FILE = "test_scores.npz"


def write_scores(folder: Path, items: str, right: Bool[np.ndarray, " images"]) -> None:
    """Writes which test images were classified rightly.

    Args:
        folder: of the network or of the measurement.
        items: which images they are; see `qconv.experiment.spec.items_id`.
        right: one for each, in the order of the test split.

    Raises:
        RunError: the disk is full, or the folder cannot be written.
    """
    path, scratch = folder / _FILE, folder / f"{_FILE}.tmp"
    with writing(path):
        with scratch.open("wb") as file:
            np.savez_compressed(file, items=np.array(items), accuracy=right)
        scratch.replace(path)


def has_scores(folder: Path) -> bool:
    """Whether a network or measurement has scores: one that classifies nothing has none."""
    return (folder / _FILE).exists()


def read_scores(folder: Path, seed: int) -> Scores:
    """The scores of a network or measurement: 1 for an image that was classified rightly, else 0.

    Raises:
        RunError: there are none, or the file is damaged.
    """
    path = folder / _FILE
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Scores(seed, str(stored["items"]), stored["accuracy"].astype(float))
    except FileNotFoundError as error:
        raise RunError(f"{folder} has no results of single images: {path.name} is missing") from error
    except Exception as error:  # a damaged archive raises errors of many kinds
        raise RunError(f"cannot read {path}: {error}") from error


def compare_with_twin(folders: Sequence[Path]) -> Comparison:
    """The network of a run against its twin, over runs of the same spec with several seeds.

    Args:
        folders: of the seeds, each named seed<k>.

    Raises:
        RunError: one of them has no scores.
    """
    seeds = [int(folder.name.removeprefix("seed")) for folder in folders]
    ours = [read_scores(folder, seed) for folder, seed in zip(folders, seeds, strict=True)]
    return compare(ours, [read_scores(folder / "twin", seed) for folder, seed in zip(folders, seeds, strict=True)])
