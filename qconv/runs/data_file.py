"""What a run writes down of its data, so that its networks can be used where the data are not."""

import dataclasses
from pathlib import Path

from qconv.data.dataset import Element, names_of_classes
from qconv.data.known import Known
from qconv.errors import RunError
from qconv.experiment.experiment import Experiment
from qconv.runs.json_files import read_json, write_json

_FILE = "data.json"


def write_data_file(folder: Path, experiment: Experiment) -> None:
    """Writes what an item of the data is, and what the classes are called.

    Raises:
        InputError: see `names_of_classes`.
        RunError: the disk is full, or the folder cannot be written.
    """
    inputs, targets, num_classes = experiment.element
    item = {
        "inputs": [int(size) for size in inputs],  # a dataset may give NumPy's
        "targets": [int(size) for size in targets],
        "num_classes": None if num_classes is None else int(num_classes),
    }
    names = names_of_classes(experiment.data)
    write_json(folder / _FILE, item | {"class_names": list(names) if experiment.data.class_names else None})


def knowing_its_data(folder: Path, experiment: Experiment) -> Experiment:
    """The experiment of a run with data that need not be there to say what an item is.

    They are divided as the run has divided them: what is fitted to training images has not seen those for validation.

    A run from before this was written down has its data as they are.

    Raises:
        RunError: what is written there is damaged.
    """
    path, data = folder / _FILE, experiment.divided_data
    if not path.exists():
        return dataclasses.replace(experiment, data=data)
    stored = read_json(path)
    try:
        element = Element(tuple(stored["inputs"]), tuple(stored["targets"]), stored["num_classes"])
        names = None if stored["class_names"] is None else tuple(stored["class_names"])
    except (KeyError, TypeError) as error:
        raise RunError(f"cannot read {path}: it does not say what the data of a run are") from error
    return dataclasses.replace(experiment, data=Known(data, element, names))
