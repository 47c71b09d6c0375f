"""A run: the network of an experiment, then its classical twin."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import jax
from rich.console import Console

from qconv.data.checked import load_checked
from qconv.data.dataset import Source
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import items_id
from qconv.models.base import ImageModel
from qconv.models.quantum_calls import trace
from qconv.models.twin import classical_twin
from qconv.training.fit import Fitted, fit
from qconv.training.mesh import device_mesh
from qconv.training.provenance import describe_devices
from qconv.training.rehearsal import rehearse
from qconv.training.run_directory import RunDirectory, writing
from qconv.training.scores import write_scores


@dataclass(frozen=True)
class RunResult:
    """What a run leaves in memory for its report."""

    experiment: Experiment
    model: ImageModel
    network: Fitted
    twin: Fitted | None
    """None where the network has no quantum layer."""
    test: Source
    engines: tuple[str, ...]
    """Of each quantum layer."""

    def summary(self, run: RunDirectory) -> dict[str, Any]:
        """The contents of `summary.json`."""
        with precision(self.experiment.dtype):  # layers of float64 are traced
            own = _results(self.network, self.model, self.test)
            twin = _results(self.twin, classical_twin(self.model), self.test) if self.twin else None
        return {
            "experiment": run.name,
            "run_id": run.run_id,
            "seed": self.experiment.seed,
            "steps": int(self.network.state.step),
            **own,
            "num_test_images": int(self.network.confusion.sum()),
            "engines": list(self.engines),
            "device": describe_devices(),
            "provenance": run.provenance,
            "twin": twin,
        }


def execute(run: RunDirectory[Experiment], console: Console) -> RunResult:
    """Loads the data, checks that everything fits together, and trains; goes on where an earlier part stopped.

    Raises:
        InputError: data, network and budget do not fit together, or the network cannot be trained.
        DataUnavailableError: the data are not there.
        Interrupted: Ctrl-C or SIGTERM; the same call goes on later.
        RunError: see `fit`.
    """
    experiment = run.spec
    with precision(experiment.dtype):
        train, test = load_checked(experiment.data, "train"), load_checked(experiment.data, "test")
        experiment.check(train, test)
        mesh, model = device_mesh(), experiment.model
        layers = trace(model, train.image_shape).calls
        networks = [("network", model, run.folder)]
        if layers:
            networks = [("quantum", model, run.folder), ("classical twin", classical_twin(model), run.folder / "twin")]
        for _, network, _ in networks:
            rehearse(experiment, network, train, mesh)
        fitted = []
        for label, network, folder in networks:
            with writing(folder):
                folder.mkdir(exist_ok=True)
            own = fit(
                experiment, network, label=label, train=train, test=test, folder=folder, mesh=mesh, console=console
            )
            if jax.process_index() == 0:
                write_scores(folder, items_id(experiment.data, len(test)), own.right)
            fitted.append(own)
        engines = tuple(call.layer.chosen_engine(call.in_features) for call in layers)
        return RunResult(experiment, model, fitted[0], fitted[1] if layers else None, test, engines)


def precision(dtype: str) -> AbstractContextManager[Any]:
    """JAX's 64-bit mode for float64; the program's own setting is as before afterwards."""
    return jax.enable_x64(True) if dtype == "float64" else nullcontext()


def num_parameters(params: Any) -> int:
    """Trained numbers."""
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def _results(fitted: Fitted, model: ImageModel, test: Source) -> dict[str, Any]:
    return {
        "test_accuracy": fitted.test_accuracy,
        "test_loss": fitted.test_loss,
        "num_parameters": num_parameters(fitted.state.params),
        "num_quantum_parameters": trace(model, test.image_shape).num_quantum_parameters,
        "wall_seconds": round(fitted.wall_seconds, 2),
    }
