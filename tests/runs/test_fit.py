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
from qconv.models.heads import ConvHead, LinearHead
from qconv.models.networks import QuanvNet
from qconv.models.twin import classical_twin
from qconv.procedures.optimizers import Adam, Optimizer, Sgd
from qconv.procedures.supervised import Supervised
from qconv.runs.fit import Fitted, fit
from qconv.runs.interrupt import Interrupted, stop_request
from qconv.runs.json_files import read_json, write_json
from qconv.runs.loop import Loop
from qconv.runs.mesh import device_mesh
from qconv.runs.metrics import MetricsLog, read_metrics
from qconv.runs.provenance import of_run
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from qconv.runs.summary import ArmSummary, Summary
from qconv.simulate.choose import choose_engine
from qconv.tasks.losses import CrossEntropy
from tests.variants import changed

CONV = QuantumConv(Circuit(ansatz=HardwareEfficient(depth=1)), kernel_size=(1, 2), strides=2)
TINY = Experiment(
    data=Synthetic(num_images=32, height=4, width=4, num_classes=2),
    model=QuanvNet(CONV, LinearHead(2)),
    procedure=Supervised(Adam(1e-2), num_steps=9, batch_size=8),
    log_every=2,
    eval_every=4,
    checkpoint_every=4,
)


class Acting:
    """A source that counts what it is asked for, and changes a batch at one read, just before it is used."""

    in_memory = True

    def __init__(self, source: Source, at: int = 0, act: Callable[[Batch], Batch] = lambda batch: batch) -> None:
        self.source, self.at, self.act = source, at, act
        self.asked: list[int] = []
        self.reads = 0

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        self.asked += indices.tolist()
        self.reads += 1
        batch = self.source[indices]
        return self.act(batch) if self.reads == self.at else batch


class Ahead(Acting):
    """Is read while earlier batches are trained on."""

    in_memory = False


def train(experiment: Experiment, folder: Path, source: Any = None, model: nn.Module | None = None) -> Fitted:
    folder.mkdir(exist_ok=True)
    sources = source or experiment.training_items(), experiment.held_out_items()
    loop = Loop(experiment, model or experiment.model, *sources, device_mesh())
    return fit(loop, name="network", folder=folder, console=Console(quiet=True))


def assert_close(one: Any, two: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6), one, two)


def assert_same(one: Fitted, two: Fitted, folder: Path, other: Path) -> None:
    """To the bit."""
    assert (folder / "metrics.jsonl").read_bytes() == (other / "metrics.jsonl").read_bytes()
    jax.tree.map(np.testing.assert_array_equal, one.state, two.state)
    assert one.evaluation.metrics == two.evaluation.metrics
    np.testing.assert_array_equal(one.evaluation.per_item, two.evaluation.per_item)


@pytest.mark.slow
def test_sixteen_images_are_learnt_by_heart(tmp_path: Path) -> None:
    data = Synthetic(num_images=16, height=4, width=4, num_classes=4)
    model = QuanvNet(CONV, LinearHead(4))
    experiment = changed(TINY, data=data, model=model, optimizer=Adam(0.1), num_steps=120, batch_size=16, log_every=120)
    train(experiment, tmp_path)
    (line,) = [line for line in read_metrics(tmp_path) if "train_loss" in line]
    first, last = line["train_loss"], train(experiment, tmp_path)  # the second call only restores
    assert first < 1 and int(last.state.step) == 120
    metrics = dataclasses.replace(last.loop, held_out=data.load("train")).evaluate(last.state).metrics
    assert metrics["accuracy"] == 1.0 and metrics["loss"] < 0.05


def test_a_run_logs_what_it_returns(tmp_path: Path) -> None:
    fitted = train(TINY, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    training = [line for line in lines if "train_loss" in line]
    tests = [line for line in lines if "test_loss" in line]
    assert [line["step"] for line in training] == [2, 4, 6, 8, 9]
    assert [line["step"] for line in tests] == [4, 8, 9]
    assert {tuple(line) for line in training} == {("step", "train_loss", "train_accuracy")}
    metrics, evidence, per_item = fitted.evaluation
    assert tests[-1] == {"step": 9, "test_loss": metrics["loss"], "test_accuracy": metrics["accuracy"]}
    confusion = evidence["confusion"]
    assert metrics["accuracy"] == np.trace(confusion) / 8 == per_item.mean() and confusion.sum() == 8
    assert all(line["train_accuracy"] * 16 % 1 == 0 for line in training[:-1])  # two batches of eight
    assert training[-1]["train_accuracy"] * 8 % 1 == 0
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["8", "9"]
    before, after = fitted.loop.first.trained.params, fitted.state.trained.params
    assert all(jax.tree.leaves(jax.tree.map(lambda a, b: bool((a != b).any()), before, after)))


@pytest.mark.slow
def test_frozen_features_are_computed_once_and_train_as_if_they_were_not(tmp_path: Path) -> None:
    class EveryStep(nn.Module):
        conv: nn.Module
        head: nn.Module

        def __call__(self, images: jax.Array, *, train: bool = False) -> jax.Array:
            return self.head(self.conv(images), train=train)

    conv = CONV.clone(trainable=False)
    head = ConvHead(2, features=(), hidden=4, dropout=0.25)
    once, every = Acting(TINY.data.load("train")), Acting(TINY.data.load("train"))
    precomputed = train(TINY, tmp_path / "once", once, QuanvNet(conv, head))
    computed = train(TINY, tmp_path / "every", every, EveryStep(conv, head))
    assert sorted(once.asked) == list(range(32))
    assert len(every.asked) == 9 * 8
    assert_close(precomputed.state.trained.params, computed.state.trained.params)
    assert_close(
        [list(line.values()) for line in read_metrics(tmp_path / "once")],
        [list(line.values()) for line in read_metrics(tmp_path / "every")],
    )
    assert "theta" not in precomputed.state.trained.params.get("conv", {})
    assert precomputed.state.trained.collections == computed.state.trained.collections == {}
    assert list(precomputed.loop.frozen) == ["frozen"]
    again = Loop(TINY, QuanvNet(conv, head), None, once, device_mesh()).frozen  # as a later process draws it
    jax.tree.map(np.testing.assert_array_equal, precomputed.loop.frozen, again)
    jax.tree.map(np.testing.assert_array_equal, precomputed.loop.frozen, computed.loop.frozen)


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
    poisoned = Acting(TINY.data.load("train"), 6, lambda batch: batch._replace(inputs=batch.inputs * np.nan))
    with pytest.raises(RunError) as error:
        train(changed(TINY, **options), tmp_path, poisoned)
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
            train(changed(TINY, optimizer=Exploding(), **changes), folder)
        assert str(error.value) == (
            "trained/params/conv/theta is not finite after step 1; there is no checkpoint before it. The same command "
            "ends here again; a smaller learning rate may help"
        )
        assert list((folder / "checkpoints").iterdir()) == [] and read_metrics(folder) == []
        assert [event.step for event in events(folder) if event.summary.value] == []


def test_a_test_loss_that_is_not_finite_is_not_reported(tmp_path: Path) -> None:
    class Steep(CrossEntropy):
        """Finite at the first parameters only."""

        def per_item(self, outputs: Any, targets: Any) -> Any:
            return super().per_item(outputs, targets) + 0 * jnp.exp(jnp.abs(outputs).max(1) - 10)

    for number, changes in enumerate(({"optimizer": Sgd(1e38)}, {"optimizer": Adam(1e3), "loss": Steep()})):
        folder = tmp_path / str(number)
        with pytest.raises(
            RunError, match=r"^the loss of the test images is not finite after step 1; there is no check"
        ):
            train(changed(TINY, num_steps=1, **changes), folder)
        assert list((folder / "checkpoints").iterdir()) == []
        assert [list(line) for line in read_metrics(folder)] == [["step", "train_loss", "train_accuracy"]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"step": 2, "train_loss": NaN}', "it holds NaN, which is not JSON"),
        (b'{"step": 2, "train_\xff": 1.0}', "'utf-8' codec can't decode byte 0xff"),
        (b"3", "it is not the metrics of a step"),
        (b'{"train_loss": 0.5}', "it is not the metrics of a step"),
    ],
)
def test_metrics_that_no_run_wrote_are_refused_with_their_line(tmp_path: Path, line: bytes, message: str) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1}\n' + line + b"\n")
    with pytest.raises(RunError, match=rf"^cannot read .*metrics\.jsonl, line 2: {message}"):
        read_metrics(tmp_path)


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1}\n{"step": 2, "tra')
    assert read_metrics(tmp_path) == [{"step": 1}]


@pytest.mark.parametrize(
    ("collection", "place"), [("masks", "trained/collections/masks/mask"), ("frozen", "frozen/mask")]
)
def test_a_network_that_starts_from_what_is_not_finite_is_refused(tmp_path: Path, collection: str, place: str) -> None:
    class Infinite(nn.Module):
        @nn.compact
        def __call__(self, images: jax.Array, *, train: bool = False) -> jax.Array:
            self.variable(collection, "mask", lambda: jnp.array([0, -jnp.inf]))
            return LinearHead(2)(images)

    with pytest.raises(InputError, match=rf"^network: {place} is not finite before the first step; allowed"):
        train(TINY, tmp_path, model=Infinite())
    assert list(tmp_path.iterdir()) == []


def interrupt(batch: Batch) -> Batch:
    os.kill(os.getpid(), signal.SIGINT)
    return batch


@pytest.mark.parametrize("step", [3, 9])
def test_ctrl_c_saves_and_the_same_call_goes_on(tmp_path: Path, step: int) -> None:
    handler = signal.getsignal(signal.SIGINT)
    straight = train(TINY, tmp_path / "straight")
    with pytest.raises(Interrupted, match=rf"^network: stopped and saved at step {step} of 9$"):
        train(TINY, tmp_path / "stopped", Acting(TINY.data.load("train"), step, interrupt))
    assert signal.getsignal(signal.SIGINT) is handler
    resumed = train(TINY, tmp_path / "stopped")
    assert_same(straight, resumed, tmp_path / "straight", tmp_path / "stopped")


def test_batches_that_are_read_ahead_change_nothing_also_after_ctrl_c(tmp_path: Path) -> None:
    straight = train(TINY, tmp_path / "straight")
    ahead = train(TINY, tmp_path / "ahead", Ahead(TINY.data.load("train")))
    assert_same(straight, ahead, tmp_path / "straight", tmp_path / "ahead")
    with pytest.raises(Interrupted, match=r"^network: stopped and saved at step [1-5] of 9$"):
        train(TINY, tmp_path / "stopped", Ahead(TINY.data.load("train"), 5, interrupt))
    resumed = train(TINY, tmp_path / "stopped", Ahead(TINY.data.load("train")))
    assert_same(straight, resumed, tmp_path / "straight", tmp_path / "stopped")


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
        experiment = changed(TINY, dtype=dtype)
        with RunDirectory("tiny", experiment, tmp_path) as run:
            result = execute(run, Console(quiet=True))
            results[dtype] = result.summary(run)
        dtypes = {leaf.dtype for leaf in jax.tree.leaves(result.arms[0][1].state.trained.params)}
        assert dtypes == {np.dtype(dtype)}
    assert not jax.config.read("jax_enable_x64")
    (one, ones_twin), (two, twos_twin) = ([arm.metrics["loss"] for arm in results[dtype].arms] for dtype in results)
    assert one == pytest.approx(two, rel=1e-5) and one != two
    assert ones_twin == pytest.approx(twos_twin, rel=1e-5)
    model: Any = TINY.model.clone(conv=CONV.clone(param_dtype="float64"))
    with RunDirectory("tiny", changed(TINY, dtype="float64", model=model, num_steps=1), tmp_path) as run:
        assert execute(run, Console(quiet=True)).summary(run).arms[0].num_quantum_parameters == 4


def test_a_run_trains_the_network_and_its_twin(tmp_path: Path) -> None:
    with RunDirectory("tiny", TINY, tmp_path) as run:
        assert run.summary is None
        result = execute(run, Console(quiet=True))
        summary = result.summary(run)
        run.write_summary(summary)
        assert run.summary == summary
    (_, network), (other, twin) = result.arms
    assert other.network == classical_twin(TINY.model) and other.network.head == TINY.model.head
    assert "theta" not in str(twin.state.trained.params)
    head, twins_head = network.state.trained.params["head"], twin.state.trained.params["head"]
    assert jax.tree.map(np.shape, head) == jax.tree.map(np.shape, twins_head)
    stored = json.loads((run.folder / "spec.json").read_text())
    assert summary == Summary(
        experiment="tiny",
        run_id=run.run_id,
        seed=0,
        split="test",
        num_items=8,
        headline="accuracy",
        higher_is_better=True,
        arms=(
            ArmSummary(
                name="quantum",
                folder="",
                steps=9,
                metrics=network.evaluation.metrics,
                num_parameters=4 + 8 * 2 + 2,
                num_quantum_parameters=4,
                wall_seconds=round(network.wall_seconds, 2),
                step_seconds=network.step_seconds and float(f"{network.step_seconds:.3g}"),
            ),
            ArmSummary(
                name="classical twin",
                folder="twin",
                steps=9,
                metrics=twin.evaluation.metrics,
                num_parameters=sum(leaf.size for leaf in jax.tree.leaves(twin.state.trained.params)),
                num_quantum_parameters=0,
                wall_seconds=round(twin.wall_seconds, 2),
                step_seconds=twin.step_seconds and float(f"{twin.step_seconds:.3g}"),
            ),
        ),
        engines=(choose_engine(CONV.circuit, 2, patches=8 * 4),),  # of a batch
        device="1 x cpu",
        provenance=of_run(stored),
    )
    assert list(network.evaluation.metrics) == list(twin.evaluation.metrics) == ["loss", "accuracy"]
    written = json.loads((run.folder / "summary.json").read_text())
    assert written["provenance"] == stored["provenance"]
    assert [arm["metrics"] for arm in written["arms"]] == [arm.metrics for arm in summary.arms]
    assert stored["spec"]["procedure"]["num_steps"] == 9 and stored["experiment"] == "tiny"
    assert stored["run_id"] == run.run_id
    assert stored["provenance"][0]["versions"]["jax"] == jax.__version__


def test_a_network_without_quantum_layer_has_no_twin(tmp_path: Path) -> None:
    class Plain(nn.Module):
        @nn.compact
        def __call__(self, images: jax.Array, *, train: bool = False) -> jax.Array:
            return LinearHead(2)(images)

    experiment = changed(TINY, num_steps=2)
    with RunDirectory("plain", experiment, tmp_path) as run:
        object.__setattr__(experiment, "model", Plain())  # a class inside a function has no place in spec.json
        result = execute(run, Console(quiet=True))
        summary = result.summary(run)
        assert len(result.arms) == 1 and summary.engines == ()
        assert [arm.name for arm in summary.arms] == ["network"] and not (run.folder / "twin").exists()


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
