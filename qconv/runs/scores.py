"""What networks and methods make of each item, kept beside their run so that they can be compared later."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from qconv.comparison import Scores
from qconv.errors import RunError
from qconv.runs.json_files import writing

_FILE = "scores.npz"


def write_scores(folder: Path, items: str, values: Float[np.ndarray, " items"]) -> None:
    """Writes the headline metric of each item that a network or method was evaluated on.

    Args:
        folder: of the network or of the measurement.
        items: which items they are; see `qconv.experiment.spec.items_id`.
        values: one for each, in the order of the split.

    Raises:
        RunError: the disk is full, or the folder cannot be written.
    """
    path, scratch = folder / _FILE, folder / f"{_FILE}.tmp"
    compact = values.astype(bool if np.isin(values, (0, 1)).all() else np.float32)
    with writing(path):
        with scratch.open("wb") as file:
            np.savez_compressed(file, items=np.array(items), values=compact)
        scratch.replace(path)


def has_scores(folder: Path) -> bool:
    """Whether a network or measurement has scores: one that is evaluated on no items has none."""
    return (folder / _FILE).exists()


def read_scores(folder: Path, seed: int) -> Scores:
    """The scores of a network or measurement.

    Raises:
        RunError: there are none, or the file is damaged.
    """
    path = folder / _FILE
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Scores(seed, str(stored["items"]), stored["values"].astype(float))
    except FileNotFoundError as error:
        raise RunError(f"{folder} has no results of single images: {path.name} is missing") from error
    except Exception as error:  # a damaged archive raises errors of many kinds
        raise RunError(f"cannot read {path}: {error}") from error
