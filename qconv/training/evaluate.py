"""The networks of a run on their test images, from checkpoints."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from qconv.data.checked import load_checked
from qconv.errors import RunError
from qconv.models.quantum_calls import trace
from qconv.models.twin import classical_twin
from qconv.training.checkpoints import Checkpoints
from qconv.training.fit import evaluator, first_state
from qconv.training.frozen import first_part_is_frozen, frozen_features
from qconv.training.mesh import device_mesh
from qconv.training.run import precision
from qconv.training.run_directory import read_run


class Evaluation(NamedTuple):
    """One network on all test images."""

    network: str
    step: int
    loss: float
    accuracy: float
    confusion: np.ndarray


def evaluate_run(folder: Path) -> list[Evaluation]:
    """The network in a run directory, and its twin if that has a checkpoint already.

    Raises:
        RunError: no run is there, it has no checkpoint yet or none that can be read, the code of its classes is another
            one by now, or a loss is not finite.
    """
    _, experiment = read_run(folder)
    networks = [("network", experiment.model, folder)]
    results = []
    with precision(experiment.dtype):
        test, mesh = load_checked(experiment.data, "test"), device_mesh()
        if trace(experiment.model, test.image_shape).calls:
            twin = ("classical twin", classical_twin(experiment.model), folder / "twin")
            networks = [("quantum", experiment.model, folder), twin]
        for label, model, place in networks:
            if not (place / "checkpoints").is_dir():
                continue
            with Checkpoints(place / "checkpoints", read_only=True) as checkpoints:
                restored = checkpoints.restore(first_state(experiment, model, test, mesh))
            if restored is None:
                continue
            state, _ = restored
            frozen = first_part_is_frozen(model, test.image_shape, experiment.dtype)
            inputs = frozen_features(experiment, model, state, test, mesh) if frozen else test
            evaluate = evaluator(experiment, inputs, mesh, model=model, inputs_are_features=frozen)
            means, confusion, _ = evaluate(state)
            if not np.isfinite(means["loss"]):
                raise RunError(f"{label}: the loss of the test images is not finite at step {int(state.step)}")
            results.append(Evaluation(label, int(state.step), means["loss"], means["accuracy"], confusion))
    if not results:
        raise RunError(f"no checkpoint in {folder} yet")
    return results
