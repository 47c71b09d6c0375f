"""Networks with other collections than parameters: trained, resumed and evaluated; or refused before training."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.models.network import num_frozen_stages, output_of
from qconv.models.networks import ClassicalNet, QuanvNet
from qconv.procedures.optimizers import Adam, Optimizer
from qconv.procedures.supervised import Supervised
from qconv.runs.checkpoints import Checkpoints
from qconv.runs.fit import Fitted, fit
from qconv.runs.loop import Loop
from qconv.runs.mesh import device_mesh
from qconv.runs.rehearsal import rehearse
from tests.processes import TINY, Workshop, result
from tests.variants import changed

DATA = Synthetic(num_images=32, height=4, width=4, num_classes=2)


class Normalised(nn.Module):
    """Batch normalisation, a count of all calls, and one dense layer."""

    momentum: float = 0.75

    @nn.compact
    def __call__(self, features: Any, *, train: bool = False) -> Any:
        calls = self.variable("counts", "calls", lambda: jnp.zeros((), jnp.int32))
        calls.value = calls.value + 1  # in evaluation, too
        rows = features.reshape(len(features), -1)
        return nn.Dense(2)(nn.BatchNorm(use_running_average=not train, momentum=self.momentum)(rows))


class Halves(nn.Module):
    """No parameters; what it made is kept as a state."""

    trainable: bool = False
    stateful: bool = False

    @nn.compact
    def __call__(self, images: Any) -> Any:
        factor = self.variable("frozen", "factor", lambda: jnp.full((), 0.5))
        if self.stateful:
            self.variable("last", "mean", lambda: jnp.zeros(())).value = images.mean()
        return factor.value * images


def experiment(model: nn.Module, **options: Any) -> Experiment:
    spec = Experiment(DATA, model, Supervised(num_steps=6, batch_size=8), log_every=2, checkpoint_every=3)
    return changed(spec, **options)


def loop_of(spec: Experiment) -> Loop:
    return Loop(spec, spec.model, DATA.load("train"), DATA.load("test"), device_mesh())


def train(model: nn.Module, folder: Path, **options: Any) -> Fitted:
    folder.mkdir(exist_ok=True)
    return fit(loop_of(experiment(model, **options)), name="network", folder=folder, console=Console(quiet=True))


def rows_of_step(step: int) -> np.ndarray:
    return Supervised(batch_size=8).rows(0, step, 32)


def running_means(inputs: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What six steps of 8 images make of a mean that starts from 0 and keeps 3/4 at each step."""
    source, mean = DATA.load("train"), np.zeros(16)
    for step in range(6):
        images, _ = source[rows_of_step(step)]
        mean = 0.75 * mean + 0.25 * inputs(images.reshape(8, -1).astype(np.float64)).mean(axis=0)
    return mean


def test_statistics_of_batches_and_counts_are_those_of_the_training_steps_alone(tmp_path: Path) -> None:
    model = ClassicalNet(Normalised())
    fitted = train(model, tmp_path / "straight", eval_every=2)  # which changes nothing
    assert set(fitted.state.trained.collections) == {"batch_stats", "counts"}
    calls = fitted.state.trained.collections["counts"]["head"]["calls"]
    assert calls.dtype == np.int32 and int(calls) == 1 + 6  # one is Flax's `init`
    mean = fitted.state.trained.collections["batch_stats"]["head"]["BatchNorm_0"]["mean"]
    np.testing.assert_allclose(mean, running_means(lambda rows: rows), rtol=1e-5)

    (tmp_path / "again").mkdir()
    train(model, tmp_path / "again", num_steps=3)
    resumed = train(model, tmp_path / "again", eval_every=6)
    jax.tree.map(np.testing.assert_array_equal, resumed.state, fitted.state)
    with Checkpoints(tmp_path / "again" / "checkpoints", {}, read_only=True) as checkpoints:
        found = checkpoints.restore(loop_of(experiment(model)).first)
    assert found is not None
    jax.tree.map(np.testing.assert_array_equal, found[0].trained.collections, fitted.state.trained.collections)


def test_a_frozen_first_stage_before_statistics_of_batches(tmp_path: Path) -> None:
    model = QuanvNet(Halves(), Normalised())
    assert num_frozen_stages(model, (4, 4, 1), np.float32) == 1
    fitted = train(model, tmp_path)
    assert set(fitted.state.trained.collections) == {"batch_stats", "counts"}
    assert fitted.loop.frozen == {"frozen": {"conv": {"factor": 0.5}}}
    mean = fitted.state.trained.collections["batch_stats"]["head"]["BatchNorm_0"]["mean"]
    np.testing.assert_allclose(mean, running_means(lambda rows: rows / 2), rtol=1e-5)


def test_a_first_stage_with_a_state_is_computed_in_each_step(tmp_path: Path) -> None:
    model = QuanvNet(Halves(stateful=True), Normalised())
    assert num_frozen_stages(model, (4, 4, 1), np.float32) == 0
    fitted = train(model, tmp_path)
    last, _ = DATA.load("train")[rows_of_step(5)]
    np.testing.assert_allclose(fitted.state.trained.collections["last"]["conv"]["mean"], last.mean(), rtol=1e-6)


def test_only_floating_variables_get_the_precision_of_the_run() -> None:
    with jax.enable_x64(True):
        loop = loop_of(experiment(QuanvNet(Halves(), Normalised()), dtype="float64"))
        state, frozen = loop.first.trained, loop.frozen
    parts = (state.params, state.collections["batch_stats"], frozen)
    assert {leaf.dtype for part in parts for leaf in jax.tree.leaves(part)} == {np.dtype(np.float64)}
    assert state.collections["counts"]["head"]["calls"].dtype == np.int32


def test_what_a_network_writes_outside_of_training_is_dropped() -> None:
    model = ClassicalNet(Normalised())
    images = jnp.asarray(DATA.load("test")[np.arange(3)].inputs)
    variables = model.init(jax.random.key(0), images)
    once, twice = (output_of(model, variables, images) for _ in range(2))
    np.testing.assert_array_equal(once, twice)
    assert int(variables["counts"]["head"]["calls"]) == 1


class Noisy(nn.Module):
    """Adds noise from a stream of its own, beside dropout."""

    always: bool = False

    @nn.compact
    def __call__(self, images: Any, *, train: bool = False) -> Any:
        rows = nn.Dropout(0.5, deterministic=not train)(images.reshape(len(images), -1))
        if train or self.always:
            rows += jax.random.normal(self.make_rng("noise"), rows.shape, rows.dtype)
        return nn.Dense(2)(rows)


class Sowing(nn.Module):
    """Sows what it sees."""

    collection: str = "intermediates"

    @nn.compact
    def __call__(self, images: Any, *, train: bool = False) -> Any:
        rows = images.reshape(len(images), -1)
        self.sow(self.collection, "rows", rows.mean())
        return nn.Dense(2)(rows)


class Odd(nn.Module):
    """Has a variable that cannot be trained or kept, or breaks in training."""

    kind: str

    @nn.compact
    def __call__(self, images: Any, *, train: bool = False) -> Any:
        if self.kind == "integer":
            self.param("count", lambda key: jnp.zeros((), jnp.int32))
        elif self.kind == "key":
            self.variable("keys", "own", lambda: jax.random.key(0))
        elif self.kind == "grows":
            seen = self.variable("seen", "rows", lambda: jnp.zeros((0, 16)))
            if train:
                seen.value = jnp.concatenate([seen.value, images.reshape(len(images), -1)])
        elif self.kind == "broken" and train:
            raise KeyError("no such thing\nand a second line")
        return nn.Dense(2)(images.reshape(len(images), -1))


def test_random_streams_of_any_name_and_intermediates(tmp_path: Path) -> None:
    for number, model in enumerate((Noisy(), Sowing())):
        rehearse(experiment(model), model, device_mesh())
        fitted = train(model, tmp_path / str(number), num_steps=2)
        assert fitted.state.trained.collections == {} == fitted.loop.frozen


@dataclasses.dataclass(frozen=True)
class Wanting(Optimizer):
    """Needs what a training step does not give."""

    def transformation(self, num_steps: int) -> Any:
        tx: Any = Adam().transformation(num_steps)

        def update(gradients: Any, state: Any, params: Any, *, value: Any) -> Any:
            return tx.update(gradients, state, params)

        return tx._replace(update=update)


STEP = "with Adam and CrossEntropy cannot do a training step"
REFUSED = {
    "noise in evaluation": (Noisy(always=True), "Noisy cannot be evaluated: InvalidRngError: "),
    "sown into a collection": (
        Sowing("losses"),
        "a training step of Sowing turns trained/collections/losses/rows/1 from absent into float32[]; allowed: "
        "variables that keep type and shape. What is sown is kept only in 'intermediates', which is dropped",
    ),
    "an integer parameter": (Odd("integer"), f"Odd {STEP}: TypeError: grad requires real- or complex-valued inputs"),
    "a random key": (Odd("key"), "Odd keeps trained/collections/keys/own of type key<fry>; allowed: numbers and bools"),
    "a growing variable": (
        Odd("grows"),
        "a training step of Odd turns trained/collections/seen/rows from float32[0, 16] into float32[8, 16]; allowed: ",
    ),
    "an error of its own": (Odd("broken"), f"Odd {STEP}: KeyError: 'no such thing"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_cannot_train_is_refused_in_one_line(case: str) -> None:
    model, message = REFUSED[case]
    with pytest.raises(InputError) as error:
        rehearse(experiment(model), model, device_mesh())
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


def test_an_optimizer_that_cannot_do_a_step_is_refused() -> None:
    spec = experiment(ClassicalNet(Normalised()), optimizer=Wanting())
    with pytest.raises(
        InputError, match=r"^ClassicalNet with Wanting and CrossEntropy cannot do a .*: TypeError: .*value"
    ):
        rehearse(spec, spec.model, device_mesh())


def test_a_network_that_cannot_take_the_images_is_refused() -> None:
    class Lost(nn.Module):
        def __call__(self, images: Any, *, train: bool = False) -> Any:
            return self.no_such_field

    with pytest.raises(InputError, match=r"^Lost cannot take images of shape \(4, 4, 1\): AttributeError: "):
        arms(experiment(Lost()))


def test_the_rehearsal_costs_no_second_trace(tmp_path: Path) -> None:
    traces = []

    class Counted(nn.Module):
        @nn.compact
        def __call__(self, images: Any, *, train: bool = False) -> Any:
            traces.append(train)
            return nn.Dense(2)(images.reshape(len(images), -1))

    model = Counted()
    rehearse(experiment(model), model, device_mesh())
    before = len(traces)
    train(model, tmp_path)
    assert len(traces) == before


BATCH_NORM = TINY.replace("LinearHead(num_classes=4)", "Normalised()").replace(
    "@dataclass(frozen=True)\nclass Turns",
    '''class Normalised(nn.Module):
    """Batch normalisation, a count of the batches, and one dense layer."""

    @nn.compact
    def __call__(self, features, *, train=False):
        batches = self.variable("counts", "batches", lambda: jnp.zeros((), jnp.int32))
        if train:
            batches.value += 1
        rows = nn.BatchNorm(use_running_average=not train)(features.reshape(len(features), -1))
        return nn.Dense(4)(rows)


@dataclass(frozen=True)
class Turns''',
)


def test_a_run_with_statistics_of_batches_is_killed_and_goes_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    workshop = Workshop.make(tmp_path_factory)
    imports = "import flax.linen as nn\nimport jax.numpy as jnp\n"
    text = BATCH_NORM.replace("from qconv.ansatz.base", f"{imports}\nfrom qconv.ansatz.base", 1)
    (workshop.folder / "experiments" / "tiny.py").write_text(text)
    straight = workshop.run("train", "tiny", "--runs", "straight")
    assert straight.returncode == 0, straight.stderr
    assert workshop.run("train", "tiny", "--runs", "killed", AT="11 kill").returncode == -9
    again = workshop.run("train", "tiny", "--runs", "killed")
    assert again.returncode == 0, again.stderr
    assert "quantum: going on from step 8" in again.stdout
    folder = workshop.seed_folder("killed")
    assert result(folder) == result(workshop.seed_folder("straight"))
    meta = json.loads((folder / "checkpoints" / "12" / "meta" / "metadata").read_text())
    assert meta["arrays"]["trained/collections/counts/head/batches"] == "int32[]"
    assert {path.name for path in folder.glob("*.png")} == {
        f"{name}.png" for name in ("circuit", "confusion", "curves", "filters", "mistakes")
    }
    evaluated = workshop.run("evaluate", str(folder))
    summary = json.loads((folder / "summary.json").read_text())
    assert evaluated.returncode == 0, evaluated.stderr
    for arm in summary["arms"]:
        assert f"{arm['metrics']['loss']:.4f}" in evaluated.stdout
