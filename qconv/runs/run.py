"""A run: the network of an experiment, then its rivals.

Classical methods among them are fitted before anything is trained, so that what they refuse costs no training. They
come last in results.
"""

from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
from jaxtyping import Float, Int
from rich.console import Console

from qconv.data.dataset import Source
from qconv.experiment.arms import Arm, arms
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.experiment.rivals import Method
from qconv.experiment.spec import items_id
from qconv.models.network import output_of
from qconv.runs.data_file import write_data_file
from qconv.runs.fit import Fitted, fit
from qconv.runs.json_files import writing
from qconv.runs.loop import Loop
from qconv.runs.mesh import as_one, device_mesh
from qconv.runs.methods import EvaluatedMethod, evaluate_method
from qconv.runs.provenance import describe_devices
from qconv.runs.rehearsal import rehearse
from qconv.runs.run_directory import RunDirectory
from qconv.runs.scores import write_scores
from qconv.runs.summary import ArmSummary, Summary


@dataclass(frozen=True)
class RunResult:
    """What a run leaves in memory for its report."""

    experiment: Experiment
    arms: tuple[tuple[Arm, Fitted], ...]
    """The experiment's own network first, then the rivals that are networks."""
    methods: tuple[EvaluatedMethod, ...]
    """The rivals that are classical methods."""
    held_out: Source
    """The items that they were evaluated on."""

    def outputs(self, rows: Int[np.ndarray, " few"]) -> dict[str, Float[np.ndarray, "few ..."]]:
        """What each network and method makes of some of the held-out items, by name."""
        images = self.held_out[rows].inputs
        with precision(self.experiment.dtype):
            inputs = images.astype(self.experiment.dtype)
            found = {
                arm.name: np.asarray(
                    jax.jit(partial(output_of, arm.network))(fitted.loop.variables(fitted.state), inputs)
                )
                for arm, fitted in self.arms
            }
        return found | {each.method.name: each.fitted.outputs(images) for each in self.methods}

    def summary(self, run: RunDirectory[Experiment]) -> Summary:
        """The contents of `summary.json`."""
        headline = self.experiment.task.metrics[0]
        own = self.arms[0][0].traced
        return Summary(
            experiment=run.name,
            run_id=run.run_id,
            seed=self.experiment.seed,
            split=self.experiment.split,
            num_items=len(self.held_out),
            headline=headline.name,
            higher_is_better=headline.higher_is_better,
            arms=(
                *(_summary(arm, fitted) for arm, fitted in self.arms),
                *(_summary_of_method(found) for found in self.methods),
            ),
            engines=tuple(call.engine(self.experiment.procedure.batch_size) for call in own.calls),
            device=describe_devices(),
            provenance=run.provenance,
        )


def execute(run: RunDirectory[Experiment], console: Console) -> RunResult:
    """Loads the data, checks that everything fits together, and trains; goes on where an earlier part stopped.

    Raises:
        InputError: data, network and budget do not fit together, the network cannot be trained, or a classical method
            cannot take the items.
        DataUnavailableError: the data are not there.
        Interrupted: Ctrl-C or SIGTERM; the same call goes on later.
        RunError: see `fit`.
    """
    experiment = run.spec
    with precision(experiment.dtype):
        train, held_out = experiment.training_items(), experiment.held_out_items()
        experiment.check(train, held_out)
        mesh, networks = device_mesh(), arms(experiment)
        for arm in networks:
            rehearse(experiment, arm.network, mesh)
        with as_one(f"cannot write to {run.folder}"):
            if jax.process_index() == 0:
                write_data_file(run.folder, experiment)
        items = items_id(experiment.divided_data, experiment.split, len(held_out))
        methods = []
        for method in (rival for rival in experiment.rivals if isinstance(rival, Method)):
            known = evaluate_method(method, experiment, train, held_out)
            said = f"{known.fitted.settings}; " if known.fitted.settings else ""
            console.print(f"{method.name}: {said}{known.wall_seconds:.1f} s", highlight=False)
            folder = run.folder / method.folder
            with as_one(f"cannot write to {folder}"), writing(folder):
                folder.mkdir(exist_ok=True)
                if jax.process_index() == 0:
                    write_scores(folder, items, known.evaluation.per_item)
            methods.append(known)
        found = []
        for arm in networks:
            folder = run.folder / arm.folder
            with as_one(f"cannot write to {folder}"), writing(folder):
                folder.mkdir(exist_ok=True)
            loop = Loop(experiment, arm.network, train, held_out, mesh)
            fitted = fit(loop, name=arm.name, folder=folder, console=console)
            with as_one(f"cannot write to {folder}"):
                if jax.process_index() == 0:
                    write_scores(folder, items, fitted.evaluation.per_item)
            found.append((arm, fitted))
        return RunResult(experiment, tuple(found), tuple(methods), held_out)


def _summary(arm: Arm, fitted: Fitted) -> ArmSummary:
    return ArmSummary(
        name=arm.name,
        folder=arm.folder,
        steps=int(fitted.state.step),
        metrics=fitted.evaluation.metrics,
        num_parameters=arm.traced.num_trained_parameters,
        num_quantum_parameters=arm.traced.num_quantum_parameters,
        wall_seconds=round(fitted.wall_seconds, 2),
        step_seconds=fitted.step_seconds and float(f"{fitted.step_seconds:.3g}"),
    )


def _summary_of_method(found: EvaluatedMethod) -> ArmSummary:
    return ArmSummary(
        name=found.method.name,
        folder=found.method.folder,
        steps=0,
        metrics=found.evaluation.metrics,
        num_parameters=found.fitted.num_parameters,
        num_quantum_parameters=0,
        wall_seconds=round(found.wall_seconds, 2),
    )
