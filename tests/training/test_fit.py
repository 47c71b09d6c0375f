"""Training of one network, and of a network and its twin."""

import dataclasses
import json
import os
import signal
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from rich.console import Console
from tensorboardX.proto.event_pb2 import Event  # ty: ignore[missing-module-member]

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.dataset import Batch, Source
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError, RunError
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_conv import QuantumConv
from qconv.losses import CrossEntropy
from qconv.models.base import ImageModel
from qconv.models.heads import ConvHead, LinearHead
from qconv.models.quanv_net import QuanvNet
from qconv.models.twin import classical_twin
from qconv.optimizers import Adam, Optimizer, Sgd, SignSgd
from qconv.simulate.choose import choose_engine
from qconv.training import fit as fit_module
from qconv.training.fit import Fitted, fit
from qconv.training.interrupt import Interrupted, stop_request
from qconv.training.mesh import device_mesh
from qconv.training.metrics import MetricsLog, read_metrics
from qconv.training.run import execute, num_parameters
from qconv.training.run_directory import RunDirectory, read_json, write_json

CONV = QuantumConv(Circuit(ansatz=HardwareEfficient(depth=1)), kernel_size=(1, 2), strides=2)
TINY = Experiment(
    data=Synthetic(num_images=32, height=4, width=4, num_classes=2),
    model=QuanvNet(CONV, LinearHead(2)),
    optimizer=Adam(1e-2),
    num_steps=9,
    batch_size=8,
    log_every=2,
    eval_every=4,
    checkpoint_every=4,
)


class Acting:
    """A source that counts what it is asked for, and changes a batch at one read."""

    def __init__(self, source: Source, at: int = 0, act: Callable[[Batch], Batch] = lambda batch: batch) -> None:
        self.source, self.at, self.act = source, at, act
        self.asked: list[int] = []
        self.reads = 0

    @property
    def image_shape(self) -> tuple[int, ...]:
        return self.source.image_shape

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        self.asked += indices.tolist()
        self.reads += 1
        batch = self.source[indices]
        return self.act(batch) if self.reads == self.at else batch


def train(experiment: Experiment, folder: Path, source: Any = None, model: ImageModel | None = None) -> Fitted:
    folder.mkdir(exist_ok=True)
    return fit(
        experiment,
        model or experiment.model,
        label="network",
        train=source or experiment.data.load("train"),
        test=experiment.data.load("test"),
        folder=folder,
        mesh=device_mesh(),
        console=Console(quiet=True),
    )


def assert_close(one: Any, two: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6), one, two)


@pytest.mark.slow
def test_sixteen_images_are_learnt_by_heart(tmp_path: Path) -> None:
    data = Synthetic(num_images=16, height=4, width=4, num_classes=4)
    model = QuanvNet(CONV, LinearHead(4))
    experiment = dataclasses.replace(
        TINY, data=data, model=model, optimizer=Adam(0.1), num_steps=120, batch_size=16, log_every=120
    )
    train(experiment, tmp_path)
    (line,) = [line for line in read_metrics(tmp_path) if "train_loss" in line]
    first, last = line["train_loss"], train(experiment, tmp_path)  # the second call only restores
    assert first < 1 and int(last.state.step) == 120
    evaluate = fit_module.evaluator(
        experiment, data.load("train"), device_mesh(), model=model, inputs_are_features=False
    )
    means, _, _ = evaluate(last.state)
    assert means["accuracy"] == 1.0 and means["loss"] < 0.05


def test_a_run_logs_what_it_returns(tmp_path: Path) -> None:
    fitted = train(TINY, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    training = [line for line in lines if "train_loss" in line]
    tests = [line for line in lines if "test_loss" in line]
    assert [line["step"] for line in training] == [2, 4, 6, 8, 9]
    assert [line["step"] for line in tests] == [4, 8, 9]
    assert {tuple(line) for line in training} == {("step", "train_loss", "train_accuracy")}
    assert tests[-1] == {"step": 9, "test_loss": fitted.test_loss, "test_accuracy": fitted.test_accuracy}
    assert fitted.test_accuracy == np.trace(fitted.confusion) / 8 and fitted.confusion.sum() == 8
    assert all(line["train_accuracy"] * 16 % 1 == 0 for line in training[:-1])  # two batches of eight
    assert training[-1]["train_accuracy"] * 8 % 1 == 0
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["8", "9"]
    changed = jax.tree.map(lambda a, b: bool((a != b).any()), fitted.initial_state.params, fitted.state.params)
    assert all(jax.tree.leaves(changed))


@pytest.mark.slow
def test_frozen_features_are_computed_once_and_train_as_if_they_were_not(tmp_path: Path) -> None:
    class EveryStep(QuanvNet):
        @nn.nowrap
        def frozen_features(self) -> bool:
            return False

    conv = CONV.clone(trainable=False)
    head = ConvHead(2, features=(), hidden=4, dropout=0.25)
    once, every = Acting(TINY.data.load("train")), Acting(TINY.data.load("train"))
    precomputed = train(TINY, tmp_path / "once", once, QuanvNet(conv, head))
    computed = train(TINY, tmp_path / "every", every, EveryStep(conv, head))
    assert sorted(once.asked) == list(range(32))
    assert len(every.asked) == 9 * 8
    assert_close(precomputed.state.params, computed.state.params)
    assert_close(
        [list(line.values()) for line in read_metrics(tmp_path / "once")],
        [list(line.values()) for line in read_metrics(tmp_path / "every")],
    )
    assert "theta" not in precomputed.state.params.get("conv", {})
    collections = [state.collections for state in (precomputed.state, precomputed.initial_state)]
    assert list(collections[0]) == ["frozen"]
    jax.tree.map(np.testing.assert_array_equal, *collections)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"checkpoint_every": 2, "log_every": 100},
            "the loss is not finite at step 6; the last good checkpoint is of step 4. The same command ends "
            "here again; a smaller learning rate may help",
        ),
        (
            {"checkpoint_every": 100, "log_every": 4},
            "the loss is not finite at step 6; there is no checkpoint before it. The same command ends here "
            "again; a smaller learning rate may help",
        ),
    ],
)
def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path, options: dict[str, int], message: str) -> None:
    poisoned = Acting(TINY.data.load("train"), 6, lambda batch: batch._replace(images=batch.images * np.nan))
    with pytest.raises(RunError) as error:
        train(dataclasses.replace(TINY, **options), tmp_path, poisoned)
    assert str(error.value) == message
    assert all(np.isfinite(list(line.values())).all() for line in read_metrics(tmp_path))


@dataclasses.dataclass(frozen=True)
class Exploding(Optimizer):
    """Goes to infinity at once."""

    def transformation(self, num_steps: int) -> optax.GradientTransformation:
        return optax.chain(optax.scale(1e38), optax.scale(1e38))


def test_the_last_update_is_checked_like_the_others(tmp_path: Path) -> None:
    options: list[dict[str, int]] = [{"num_steps": 1}, {"num_steps": 3, "checkpoint_every": 1, "log_every": 100}]
    for number, changes in enumerate(options):
        folder = tmp_path / str(number)
        with pytest.raises(RunError) as error:
            train(dataclasses.replace(TINY, optimizer=Exploding(), **changes), folder)
        assert str(error.value) == (
            "params/conv/theta is not finite after step 1; there is no checkpoint before it. The same command ends "
            "here again; a smaller learning rate may help"
        )
        assert list((folder / "checkpoints").iterdir()) == [] and read_metrics(folder) == []
        assert [event.step for event in events(folder) if event.summary.value] == []


def test_a_test_loss_that_is_not_finite_is_not_reported(tmp_path: Path) -> None:
    class Steep(CrossEntropy):
        """Finite at the first parameters only."""

        def __call__(self, outputs: jax.Array, labels: jax.Array) -> jax.Array:
            return super().__call__(outputs, labels) + 0 * jnp.exp(jnp.abs(outputs).max(1) - 10)

    for number, changes in enumerate(({"optimizer": Sgd(1e38)}, {"optimizer": SignSgd(1e3), "loss": Steep()})):
        folder = tmp_path / str(number)
        with pytest.raises(
            RunError, match=r"^the loss of the test images is not finite after step 1; there is no check"
        ):
            train(dataclasses.replace(TINY, num_steps=1, **changes), folder)
        assert list((folder / "checkpoints").iterdir()) == []
        assert [list(line) for line in read_metrics(folder)] == [["step", "train_loss", "train_accuracy"]]


def test_a_network_that_starts_from_what_is_not_finite_is_refused(tmp_path: Path) -> None:
    class Infinite(ImageModel):
        @nn.compact
        def classify(self, features: jax.Array, *, train: bool = False) -> jax.Array:
            self.variable("masks", "mask", lambda: jnp.array([0, -jnp.inf]))
            return LinearHead(2)(features)

    with pytest.raises(
        InputError, match=r"^network: collections/masks/mask is not finite before the first step; allowed"
    ):
        train(TINY, tmp_path, model=Infinite())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", [3, 9])
def test_ctrl_c_saves_and_the_same_call_goes_on(tmp_path: Path, step: int) -> None:
    def interrupt(batch: Batch) -> Batch:
        os.kill(os.getpid(), signal.SIGINT)
        return batch

    handler = signal.getsignal(signal.SIGINT)
    straight = train(TINY, tmp_path / "straight")
    with pytest.raises(Interrupted, match=rf"^network: stopped and saved at step {step} of 9$"):
        train(TINY, tmp_path / "stopped", Acting(TINY.data.load("train"), step, interrupt))
    assert signal.getsignal(signal.SIGINT) is handler
    resumed = train(TINY, tmp_path / "stopped")
    assert (tmp_path / "stopped/metrics.jsonl").read_bytes() == (tmp_path / "straight/metrics.jsonl").read_bytes()
    jax.tree.map(np.testing.assert_array_equal, straight.state, resumed.state)
    assert straight.test_loss == resumed.test_loss


def test_a_second_ctrl_c_stops_at_once() -> None:
    with stop_request() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_signals_are_left_alone_outside_the_main_thread() -> None:
    seen = []

    def work() -> None:
        with stop_request() as stop:
            seen.append(stop.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]


@pytest.mark.slow
def test_a_run_in_float64(tmp_path: Path) -> None:
    results = {}
    for dtype in ("float32", "float64"):
        experiment = dataclasses.replace(TINY, dtype=dtype)
        with RunDirectory("tiny", experiment, tmp_path) as run:
            result = execute(run, Console(quiet=True))
            results[dtype] = result.summary(run)
        dtypes = {leaf.dtype for leaf in jax.tree.leaves(result.network.state.params)}
        assert dtypes == {np.dtype(dtype)}
    assert not jax.config.read("jax_enable_x64")
    one, two = results["float32"], results["float64"]
    assert one["test_loss"] == pytest.approx(two["test_loss"], rel=1e-5) and one["test_loss"] != two["test_loss"]
    assert one["twin"]["test_loss"] == pytest.approx(two["twin"]["test_loss"], rel=1e-5)
    model: Any = TINY.model.clone(conv=CONV.clone(param_dtype="float64"))
    with RunDirectory("tiny", dataclasses.replace(TINY, dtype="float64", model=model, num_steps=1), tmp_path) as run:
        assert execute(run, Console(quiet=True)).summary(run)["num_quantum_parameters"] == 4


def test_a_run_trains_the_network_and_its_twin(tmp_path: Path) -> None:
    with RunDirectory("tiny", TINY, tmp_path) as run:
        assert run.summary is None
        result = execute(run, Console(quiet=True))
        summary = result.summary(run)
        run.write_summary(summary)
        assert run.summary == summary
    assert result.twin is not None
    assert classical_twin(TINY.model).head == TINY.model.head
    assert "theta" not in str(result.twin.state.params)
    head, twins_head = result.network.state.params["head"], result.twin.state.params["head"]
    assert jax.tree.map(np.shape, head) == jax.tree.map(np.shape, twins_head)
    stored = json.loads((run.folder / "spec.json").read_text())
    assert summary == {
        "experiment": "tiny",
        "run_id": run.run_id,
        "seed": 0,
        "steps": 9,
        "test_accuracy": result.network.test_accuracy,
        "test_loss": result.network.test_loss,
        "num_parameters": 4 + 8 * 2 + 2,
        "wall_seconds": round(result.network.wall_seconds, 2),
        "num_test_images": 8,
        "num_quantum_parameters": 4,
        "engines": [choose_engine(CONV.circuit, 2)],
        "device": "1 x cpu",
        "provenance": stored["provenance"],
        "twin": {
            "test_accuracy": result.twin.test_accuracy,
            "test_loss": result.twin.test_loss,
            "num_parameters": num_parameters(result.twin.state.params),
            "num_quantum_parameters": 0,
            "wall_seconds": round(result.twin.wall_seconds, 2),
        },
    }
    assert stored["spec"]["num_steps"] == 9 and stored["experiment"] == "tiny" and stored["run_id"] == run.run_id
    assert stored["provenance"][0]["versions"]["jax"] == jax.__version__


def test_a_network_without_quantum_layer_has_no_twin(tmp_path: Path) -> None:
    class Plain(ImageModel):
        @nn.compact
        def classify(self, features: jax.Array, *, train: bool = False) -> jax.Array:
            return LinearHead(2)(features)

    experiment = dataclasses.replace(TINY, num_steps=2)
    with RunDirectory("plain", experiment, tmp_path) as run:
        object.__setattr__(experiment, "model", Plain())  # a class inside a function has no place in spec.json
        result = execute(run, Console(quiet=True))
        assert result.twin is None and result.engines == ()
        assert result.summary(run)["twin"] is None and not (run.folder / "twin").exists()


def events(folder: Path) -> list[Event]:
    """What TensorBoard reads: records of length, checksum, content, checksum; oldest file first."""
    found = []
    for path in sorted((folder / "tensorboard").iterdir(), key=lambda path: path.stat().st_mtime_ns):
        content = path.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            found.append(Event.FromString(content[12 : 12 + length]))
            content = content[16 + length :]
    return found


def test_metrics_of_a_part_that_is_done_again_are_dropped(tmp_path: Path) -> None:
    with MetricsLog(tmp_path, 0) as log:
        for step in (2, 4, 6):
            log.write(step, {"train_loss": 1 / step})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 8, "train_lo')  # killed here
    before = (tmp_path / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    with MetricsLog(tmp_path, 4) as log:
        assert (tmp_path / "metrics.jsonl").read_bytes() == b"".join(before[:2])
        log.write(6, {"train_loss": 0.5})
    assert read_metrics(tmp_path)[-1] == {"step": 6, "train_loss": 0.5}
    steps = [
        (event.step, event.session_log.status, [v.simple_value for v in event.summary.value])
        for event in events(tmp_path)
    ]
    assert [step for step in steps if step[0]][-2:] == [(5, 1, []), (6, 0, [0.5])]


def test_metrics_that_cannot_be_written_are_a_run_error(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").touch()
    with pytest.raises(RunError, match=r"^cannot write .*tensorboard: File exists$"):
        MetricsLog(tmp_path, 0)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_is_json(tmp_path: Path, value: float) -> None:
    path = tmp_path / "summary.json"
    with pytest.raises(RunError, match=rf"^cannot write {path}: a number is not finite$"):
        write_json(path, {"twin": {"test_loss": value}})
    with MetricsLog(tmp_path, 0) as log, pytest.raises(RunError, match=r"metrics.jsonl: a number is not finite$"):
        log.write(1, {"train_loss": value})
    assert read_metrics(tmp_path) == [] and not path.exists() and not path.with_suffix(".tmp").exists()

    path.write_text(json.dumps({"test_loss": value}))
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n' + json.dumps({"step": 2, "train_loss": value}) + "\n")
    with pytest.raises(RunError, match=rf"^cannot read {path}: it holds -?(NaN|Infinity), which is not JSON$"):
        read_json(path)
    with pytest.raises(RunError, match=r"metrics.jsonl, line 2: it holds -?(NaN|Infinity), which is not JSON$"):
        read_metrics(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "\x00"])
def test_a_damaged_summary_is_a_run_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "summary.json").write_text(text)
    with pytest.raises(RunError, match=r"^cannot read .*summary.json: "):
        read_json(tmp_path / "summary.json")
