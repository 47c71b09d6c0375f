"""Networks, heads, optimisers and procedures that serve one paper and live in its experiment."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from rich.console import Console

from experiments.bowles2024_bars_stripes import PublishedCnn, UntilFlat, WatchedState
from experiments.hur2022 import SignSgd
from experiments.mari2020_spirals import TanhHead
from experiments.qcnn_phase import OneScore
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.dataset import Batch, Source
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.parts import check_parts
from qconv.experiment.spec import run_id
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.optimizers import Adam
from qconv.procedures.procedure import Sums
from qconv.procedures.supervised import Supervised, SupervisedState
from qconv.runs.batches import read_batch
from qconv.runs.evaluate import evaluate_run
from qconv.runs.mesh import device_mesh
from qconv.runs.run import RunResult, execute
from qconv.runs.run_directory import RunDirectory
from qconv.tasks.classification import Classification
from tests.oracle import assert_close
from tests.runs.known import Known, KnownData
from tests.variants import changed

KEY = jax.random.key(0)
CONV = QuantumConv(Circuit(ansatz=HardwareEfficient(depth=1)), kernel_size=(1, 2), strides=2)
FLAT = Experiment(
    data=Synthetic(num_images=32, height=4, width=4, num_classes=2),
    model=QuanvNet(CONV, LinearHead(2)),
    procedure=UntilFlat(Adam(3e-2), num_steps=400, batch_size=8, interval=7),
    log_every=1,
    eval_every=400,
    checkpoint_every=10,
)


def first_flat_step(losses: list[float], interval: int) -> int:
    for step in range(2 * interval, len(losses) + 1):
        last, before = losses[step - interval : step], losses[step - 2 * interval : step - interval]
        mean = sum(last) / interval
        deviation = (sum((loss - mean) ** 2 for loss in last) / interval) ** 0.5
        if abs(mean - sum(before) / interval) <= deviation / interval**0.5 / 2:
            return step
    raise AssertionError("the loss is never flat")


def run(experiment: Experiment, runs: Path) -> tuple[RunResult, Path]:
    with RunDirectory("flat", experiment, runs) as directory:
        return execute(directory, Console(quiet=True)), directory.folder


def losses(folder: Path) -> list[float]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line["train_loss"] for line in lines if "train_loss" in line]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, Path]:
    """A run that nothing stopped."""
    return run(FLAT, tmp_path_factory.mktemp("straight"))


def test_a_run_and_its_twin_end_at_the_first_flat_step(straight: tuple[RunResult, Path]) -> None:
    result, folder = straight
    assert [arm.folder for arm, _ in result.arms] == ["", "twin"]
    for arm, fitted in result.arms:
        place = folder / arm.folder
        found = losses(place)
        assert len(found) == int(fitted.state.step) == first_flat_step(found, 7) < 400
        # The last step is tested and saved like that of a run that goes to its end.
        last = json.loads((place / "metrics.jsonl").read_text().splitlines()[-1])
        assert last["test_accuracy"] == fitted.evaluation.metrics["accuracy"]
        assert str(len(found)) in [path.name for path in (place / "checkpoints").iterdir()]
    assert [found.step for found in evaluate_run(folder)] == [int(fitted.state.step) for _, fitted in result.arms]


class Dying:
    """A source that fails at one read."""

    def __init__(self, source: Source, at: int) -> None:
        self.source, self.at, self.reads = source, at, 0

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        self.reads += 1
        if self.reads == self.at:
            raise MemoryError
        return self.source[indices]


def test_a_run_that_was_killed_ends_at_the_same_step(
    straight: tuple[RunResult, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninterrupted, folder = straight
    steps = int(uninterrupted.arms[0][1].state.step)
    assert steps > 20
    load = Synthetic.load
    monkeypatch.setattr(Synthetic, "load", lambda data, split: Dying(load(data, split), steps - 2))
    with pytest.raises(MemoryError):
        run(FLAT, tmp_path)
    monkeypatch.setattr(Synthetic, "load", load)
    again, other = run(FLAT, tmp_path)
    jax.tree.map(np.testing.assert_array_equal, uninterrupted.arms[0][1].state, again.arms[0][1].state)
    assert (folder / "metrics.jsonl").read_bytes() == (other / "metrics.jsonl").read_bytes()
    once_more, _ = run(FLAT, tmp_path)  # finished: only restored
    jax.tree.map(np.testing.assert_array_equal, uninterrupted.arms[0][1].state, once_more.arms[0][1].state)


@pytest.fixture
def debug_nans() -> Iterator[None]:
    """NaN is an error, in all threads."""
    jax.config.update("jax_debug_nans", True)
    yield
    jax.config.update("jax_debug_nans", False)


@pytest.mark.usefixtures("debug_nans")
def test_nan_is_in_no_state_on_purpose(tmp_path: Path) -> None:
    result, folder = run(changed(FLAT, num_steps=4, interval=2), tmp_path)
    assert [found.step for found in evaluate_run(folder)] == [int(fitted.state.step) for _, fitted in result.arms]


def test_the_run_id_tells_how_a_training_ends_and_samples() -> None:
    values = {field.name: getattr(FLAT.procedure, field.name) for field in dataclasses.fields(Supervised)}
    plain = changed(FLAT, procedure=Supervised(**values))
    assert len({run_id(FLAT), run_id(changed(FLAT, interval=8)), run_id(plain)}) == 3


def test_batches_with_replacement_are_a_function_of_seed_and_step() -> None:
    rows = UntilFlat(batch_size=32).rows
    batches = [rows(3, step, 10) for step in range(100)]
    counts = np.bincount(np.concatenate(batches), minlength=10)
    assert len(counts) == 10 and np.abs(counts - 320).max() < 5 * np.sqrt(320)
    assert len({tuple(batch) for batch in batches}) == 100
    np.testing.assert_array_equal(batches[7], rows(3, 7, 10))
    assert (batches[7] != rows(4, 7, 10)).any()


def after_a_step(procedure: Supervised) -> tuple[SupervisedState, Sums]:
    batch = read_batch(KnownData(20).load("train"), np.array([9, 2, 6, 1]), 4, device_mesh(), np.dtype(np.float32))
    batch = jax.tree.map(jnp.asarray, batch)
    state, frozen = procedure.init(KEY, batch.inputs, network=Known())
    return procedure.step(state, frozen, batch, KEY, network=Known(), task=Classification(), start=0)


def test_losses_of_the_last_steps_are_kept_beside_the_state_of_any_training() -> None:
    (plain, _), (watched, sums) = after_a_step(Supervised()), after_a_step(UntilFlat(interval=2))
    assert type(plain) is SupervisedState and isinstance(watched, WatchedState)
    np.testing.assert_array_equal(watched.losses, [0, 0, 0, sums.mean_loss(Classification())])
    own = {name: value for name, value in vars(watched).items() if name != "losses"}
    jax.tree.map(np.testing.assert_array_equal, plain, SupervisedState(**own))


def test_flat_is_where_two_intervals_differ_by_half_a_standard_error() -> None:
    procedure = UntilFlat(num_steps=10, interval=2)
    state, _ = procedure.init(KEY, jnp.zeros((1, 1, 5, 1)), network=Known())
    flat = state.replace(losses=jnp.array([1.0, 1.0, 0.5, 1.5]))
    falling = state.replace(losses=jnp.array([2.0, 2.0, 0.5, 1.5]))
    assert procedure.ended(flat, 4) and not procedure.ended(falling, 4)
    assert not procedure.ended(flat, 3)  # zeros at the beginning are no losses
    assert procedure.ended(falling, 10)
    # The mean of the last two is 1 and their standard error 0.5 / sqrt(2): half of it is 0.1768.
    for mean, is_flat in ((1.176, True), (1.178, False)):
        assert procedure.ended(state.replace(losses=jnp.array([mean, mean, 0.5, 1.5])), 4) == is_flat


def test_a_training_shorter_than_two_intervals_ends_at_its_last_step() -> None:
    procedure = UntilFlat(num_steps=3, interval=2)
    state, _ = procedure.init(KEY, jnp.zeros((1, 1, 5, 1)), network=Known())
    assert procedure.ended(state, 3) and not procedure.ended(state, 2)


@pytest.mark.parametrize("interval", [-1, 0, 1])
def test_an_interval_that_makes_no_sense(interval: int) -> None:
    with pytest.raises(InputError, match=rf"^interval = {interval}; allowed: at least 2 steps$"):
        changed(FLAT, interval=interval)


@pytest.mark.parametrize("field", ["num_steps", "batch_size"])
def test_what_any_training_refuses_is_refused(field: str) -> None:
    with pytest.raises(InputError, match=rf"^{field} = 0; allowed: at least 1$"):
        changed(FLAT, **{field: 0})


@pytest.mark.parametrize(("kernel", "products"), [(5, 2), (4, 2), (3, 1), (2, 0)])
def test_the_published_cnn_is_that_of_flax(kernel: int, products: int) -> None:
    """Also where images are smaller than the kernel, of which a matrix product is made."""
    images = jnp.asarray(np.random.default_rng(1).normal(size=(3, 4, 3, 2)), jnp.float32)
    cnn, size = PublishedCnn(kernel), (kernel, kernel)

    def expected(params: Any, values: Any) -> jax.Array:
        for index, channels in enumerate((32, 64)):
            values = nn.Conv(channels, size).apply({"params": params[f"Conv_{index}"]}, values)
            values = nn.max_pool(values, (2, 2), (2, 2), "SAME")
        hidden = nn.Dense(128).apply({"params": params["Dense_0"]}, values.reshape(3, -1))
        return jnp.asarray(nn.Dense(2).apply({"params": params["Dense_1"]}, nn.relu(jnp.asarray(hidden))))

    def found(params: Any, values: Any) -> jax.Array:
        return jnp.asarray(cnn.apply({"params": params}, values))

    params = jax.jit(cnn.init)(KEY, images)["params"]
    assert_close(jax.jit(found)(params, images), jax.jit(expected)(params, images), 1e-5)

    def gradients(function: Any) -> Any:
        return jax.jit(jax.grad(lambda *arguments: jnp.sum(function(*arguments) ** 2), argnums=(0, 1)))(params, images)

    def assert_same(one: Any, two: Any) -> None:
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5 * np.abs(two).max())

    jax.tree.map(assert_same, gradients(found), gradients(expected))
    assert str(jax.make_jaxpr(found)(params, images)).count("= conv_general_dilated[") == 2 - products


def test_the_classical_network_of_the_spirals() -> None:
    points = jnp.asarray(np.random.default_rng(0).normal(size=(4, 1, 2, 1)), jnp.float32)
    head = TanhHead(2, (5, 5), 0.5)
    logits, variables = jax.jit(head.init_with_output)(KEY, points)
    layers = [jax.tree.map(np.asarray, variables["params"][f"Dense_{index}"]) for index in range(3)]
    hidden = np.asarray(points).reshape(4, 2)
    for index, layer in enumerate(layers):
        hidden = hidden @ layer["kernel"] + layer["bias"]
        hidden = np.tanh(hidden) if index < 2 else hidden
    assert_close(logits, hidden, 1e-6)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables)) == 57


def test_its_first_weights_have_the_spread_that_is_asked_for() -> None:
    images = jnp.ones((2, 1, 50, 1))
    for head, expected in ((TanhHead(2, (20,), 0.3), 0.3), (TanhHead(2, (20,)), 1e-3)):
        leaves = jax.tree.leaves(jax.jit(head.init)(KEY, images)["params"])
        values = np.concatenate([np.ravel(leaf) for leaf in leaves])
        assert len(values) > 400 and abs(values.std() / expected - 1) < 0.15 and abs(values.mean()) < expected / 5


def test_one_number_as_the_scores_of_two_classes() -> None:
    head: Any = OneScore()
    np.testing.assert_allclose(head.apply({}, jnp.asarray([[0.75], [-0.5]])), [[0.25, 0.75], [1.5, -0.5]])
    with pytest.raises(InputError, match="the head OneScore gets 2 features; allowed: 1"):
        head.apply({}, jnp.ones((3, 2)))


def test_the_sign_of_the_gradient_is_adams_first_step() -> None:
    gradients = jnp.asarray([3.0, -0.002, 0.0])
    updates, _ = (tx := SignSgd(0.01).transformation(5)).update(gradients, tx.init(gradients))
    np.testing.assert_allclose(np.asarray(updates), [-0.01, 0.01, 0.0], rtol=1e-6)
    first = optax.adam(0.01)
    of_adam, _ = first.update(gradients, first.init(gradients))
    np.testing.assert_allclose(np.asarray(updates), np.asarray(of_adam), rtol=1e-4)


@pytest.mark.parametrize(
    "part",
    [
        *(UntilFlat(interval=number) for number in (2**63, 10**30)),
        *(PublishedCnn(number) for number in (2**63, 10**30)),
        *(TanhHead(hidden=(number,)) for number in (2**63, 10**30)),
        *(TanhHead(weight_std=number) for number in (np.nan, np.inf)),
        *(SignSgd(number) for number in (np.nan, np.inf, -np.inf)),
    ],
    ids=repr,
)
def test_a_number_that_nothing_can_count_to_is_refused(part: Any) -> None:
    with pytest.raises(InputError, match="allowed: "):
        check_parts(part)
