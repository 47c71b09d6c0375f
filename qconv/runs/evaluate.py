"""The networks of a run on items of a split, from checkpoints."""

from pathlib import Path
from typing import Literal, NamedTuple

from qconv.data.checked import checked_element, load_checked
from qconv.data.dataset import Dataset, Source, Split, names_of_classes
from qconv.data.joined import JoinedSource
from qconv.data.other_items import as_trained, is_fitted
from qconv.data.validation import with_validation
from qconv.errors import InputError, RunError
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.runs.data_file import knowing_its_data
from qconv.runs.evaluation import Evaluation, NotFiniteError
from qconv.runs.restore import restored_arms
from qconv.runs.run_directory import check_contents, read_run

Splits = Split | Literal["all"]
"""A split, or all that there are."""


class EvaluatedArm(NamedTuple):
    """One network of a run."""

    name: str
    """Its name, such as quantum, or classical twin."""
    step: int
    """Step of the checkpoint."""
    evaluation: Evaluation


def evaluate_run(folder: Path, data: Dataset | None = None, split: Splits | None = None) -> list[EvaluatedArm]:
    """The network in a run directory, and its rivals if they have a checkpoint already.

    Args:
        folder: of the run.
        data: other data of the same shape and classes; by default those of the run.
        split: the items; by default those that the run evaluates its networks on.

    Raises:
        RunError: no run is there, it has no checkpoint yet or none that can be read, the code of its classes or the
            files of its data are others by now, or a loss is not finite.
        InputError: the data have other shapes or classes, or no such split.
        DataUnavailableError: the data are not there.
    """
    _, experiment = read_run(folder)
    known = knowing_its_data(folder, experiment)
    with precision(experiment.dtype):
        items = _items(folder, experiment, known, data or experiment.data, split)
    results = []
    for arm, loop, state in restored_arms(folder, known, items):
        with precision(experiment.dtype):
            try:
                results.append(EvaluatedArm(arm.name, int(state.step), loop.evaluate(state)))
            except NotFiniteError as error:
                raise RunError(f"{arm.name}: {error}") from error
    if not results:
        raise RunError(f"no checkpoint in {folder} yet")
    return results


def _items(folder: Path, experiment: Experiment, known: Experiment, data: Dataset, split: Splits | None) -> Source:
    """The items of data that a run's networks are evaluated on, if they fit the networks."""
    if data == experiment.data or is_fitted(experiment.data):
        check_contents(folder, experiment)
    if data != experiment.data:
        _require_same_items(data, known)
    divided = with_validation(data) if experiment.split == "validation" else data
    divided = as_trained(divided, experiment.divided_data)
    if split is None:
        split = experiment.split
    elif split != "all":
        divided.check_split(split)
    splits = divided.splits if split == "all" else (split,)
    sources = tuple(source for source in (load_checked(divided, each) for each in splits) if len(source))
    if not sources:
        raise InputError(f"split = {split!r} has 0 images; allowed: at least 1")
    return sources[0] if len(sources) == 1 else JoinedSource(sources)


def _require_same_items(data: Dataset, known: Experiment) -> None:
    """Refuses data whose items are not those that networks were trained on."""
    there, here = checked_element(known.data), checked_element(data)
    for what, was, is_now in (
        ("images of shape", there.inputs, here.inputs),
        ("targets of shape", there.targets, here.targets),
        ("classes", there.num_classes, here.num_classes),
        ("the classes", *(", ".join(names_of_classes(each)) for each in (known.data, data))),
    ):
        if was != is_now:
            raise InputError(f"these data have {what} {is_now}; allowed: {was}, which the run was trained on")
