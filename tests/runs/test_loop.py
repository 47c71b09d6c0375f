"""The loop without disk: what a step gives, metrics of any kind over any batches, and what is drawn, row by row."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError, RunError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import ConvHead, LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised
from qconv.runs.fit import Fitted, fit
from qconv.runs.loop import Loop, Moment
from qconv.runs.mesh import device_mesh
from qconv.runs.metrics import read_metrics
from qconv.runs.training import training
from qconv.tasks.classification import Accuracy, Classification
from tests.runs.known import Errors, Known, KnownData, known_mean_iou, known_outputs, known_sums
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
DROPPING = changed(
    TINY, model=QuanvNet(CONV.clone(trainable=False), ConvHead(2, features=(), hidden=4, dropout=0.25)), task=Errors()
)


def fitted(experiment: Experiment, folder: Path, number: int = 0) -> Fitted:
    arm = arms(experiment)[number]
    sources = experiment.training_items(), experiment.held_out_items()
    folder.mkdir()
    loop = Loop(experiment, arm.network, *sources, device_mesh())
    return fit(loop, name=arm.name, folder=folder, console=Console(quiet=True))


def lines(moments: list[Moment], split: str = "test") -> list[dict[str, float]]:
    """The metrics of moments as `metrics.jsonl` has them."""
    found = []
    for moment in moments:
        for part, values in (("train", moment.train), (split, moment.evaluation and moment.evaluation.metrics)):
            if values:
                found.append({"step": moment.step} | {f"{part}_{name}": value for name, value in values.items()})
    return found


@pytest.mark.parametrize(("experiment", "number"), [(TINY, 0), (TINY, 1), (DROPPING, 0)], ids=["own", "twin", "frozen"])
def test_training_in_memory_gives_what_a_run_writes_and_writes_nothing(
    experiment: Experiment, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    moments = list(training(experiment, arms(experiment)[number] if number else None))
    assert list((tmp_path / "here").iterdir()) == []
    run = fitted(experiment, tmp_path / "run", number)
    assert lines(moments) == read_metrics(tmp_path / "run") and len(lines(moments)) == 8
    last = moments[-1]
    jax.tree.map(np.testing.assert_array_equal, last.state, run.state)
    jax.tree.map(np.testing.assert_array_equal, last.variables, run.loop.variables(run.state))
    assert last.evaluation is not None and last.evaluation.metrics == run.evaluation.metrics
    np.testing.assert_array_equal(last.evaluation.per_item, run.evaluation.per_item)


def test_training_in_memory_on_validation_images_gives_what_a_run_writes(tmp_path: Path) -> None:
    experiment = changed(TINY, split="validation")
    moments = list(training(experiment))
    fitted(experiment, tmp_path / "run")
    assert lines(moments, "validation") == read_metrics(tmp_path / "run")
    assert moments[-1].evaluation is not None and len(moments[-1].evaluation.per_item) == 6  # a fifth of 32


def test_each_step_gives_a_moment_and_its_evaluation_comes_after_its_metrics() -> None:
    moments = list(training(TINY))
    whole = [moment for moment in moments if moment.is_complete]
    assert [moment.step for moment in whole] == [*range(1, 10)]
    assert [(moment.step, bool(moment.train), bool(moment.evaluation)) for moment in whole] == [
        (step, step in (2, 6), step in (4, 8, 9)) for step in range(1, 10)
    ]
    halves = [moment for moment in moments if not moment.is_complete]
    assert [(moment.step, bool(moment.train), moment.evaluation) for moment in halves] == [
        (step, True, None) for step in (4, 8, 9)
    ]
    assert [moment.ended for moment in moments] == [False] * 11 + [True]
    assert all(moments[moments.index(half) + 1].step == half.step for half in halves)


def test_only_the_loop_is_in_float64_and_not_its_caller() -> None:
    for moment in training(changed(TINY, dtype="float64", num_steps=2)):
        assert not jax.config.read("jax_enable_x64") and jnp.ones(()).dtype == np.float32
        assert {leaf.dtype for leaf in jax.tree.leaves(moment.state.trained.params)} == {np.dtype(np.float64)}


def test_what_cannot_be_trained_is_refused_in_memory_too() -> None:
    with pytest.raises(InputError, match="batch_size = 33; allowed: at most the 32 training images"):
        next(training(changed(TINY, batch_size=33)))
    with pytest.raises(RunError, match=r"^the loss of the test images is not finite after step 1$"):
        list(training(changed(TINY, optimizer=Adam(1e38), num_steps=1)))


def known_loop(count: int, batch_size: int, **options: Any) -> Loop:
    data = KnownData(count)
    procedure = Supervised(Adam(1e-3), num_steps=6, batch_size=batch_size)
    experiment = Experiment(data, Known(), procedure, log_every=3, **options)
    return Loop(experiment, Known(), data.load("train"), data.load("test"), device_mesh())


@pytest.mark.parametrize("count", [1, 31, 33, 100])
def test_a_metric_with_sums_of_its_own_is_that_of_the_whole_set_whatever_the_batches(count: int) -> None:
    source = KnownData(count).load("test")
    expected = known_mean_iou(source, np.arange(count))
    _, right = known_sums(source, np.arange(count))
    for batch_size in (1, 3, 8, 40):  # a pass has four times as many at once
        loop = known_loop(count, batch_size, task=Errors())
        metrics, _, per_item = loop.evaluate(loop.first)
        assert list(metrics) == ["loss", "error_rate", "mean_iou"]
        assert metrics["mean_iou"] == pytest.approx(expected, rel=1e-12)
        assert metrics["error_rate"] == (count - right) / count == per_item.mean()


def test_a_metric_with_sums_of_its_own_is_that_of_all_steps_since_the_last_line() -> None:
    loop = known_loop(20, 4, task=Errors())
    source, rows = KnownData(20).load("train"), loop.experiment.procedure.rows
    found = [moment for moment in loop.moments() if moment.train]
    assert [moment.step for moment in found] == [3, 6]
    for moment in found:
        seen = np.concatenate([rows(0, step, 20) for step in range(moment.step - 3, moment.step)])
        assert moment.train is not None
        assert moment.train["mean_iou"] == pytest.approx(known_mean_iou(source, seen), rel=1e-12)
        assert moment.train["error_rate"] == pytest.approx(1 - known_sums(source, seen)[1] / 12)


@pytest.mark.parametrize("count", [1, 33])
def test_evidence_of_each_item_has_a_row_for_each_in_order(count: int) -> None:
    loop = known_loop(count, 8)
    outputs, _ = known_outputs(KnownData(count).load("test"), np.arange(count))
    probabilities = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
    np.testing.assert_allclose(loop.evaluate(loop.first).evidence["plane"], probabilities[:, 1], rtol=1e-5)


def test_training_in_memory_refuses_what_a_run_refuses() -> None:
    class Growing(nn.Module):
        @nn.compact
        def __call__(self, images: jax.Array, *, train: bool = False) -> jax.Array:
            seen = self.variable("seen", "images", lambda: jnp.zeros((0, 2)))
            outputs = nn.Dense(2)(images.reshape(len(images), -1))
            if train:
                seen.value = jnp.concatenate([seen.value, outputs])
            return outputs

    with pytest.raises(InputError, match="keep type and shape"):
        next(training(changed(TINY, model=Growing(), rivals=())))


@dataclass(frozen=True)
class Seldom(Accuracy):
    """It has no value but over more than 16 items."""

    name: ClassVar[str] = "seldom"

    def value(self, sums: Any, count: float) -> float:
        return super().value(sums, count) if count > 16 else float("nan")


@dataclass(frozen=True)
class Rarely(Classification):
    @property
    def metrics(self):
        return (Accuracy(), Seldom())


def test_a_metric_without_a_value_is_left_out_of_training_and_named_in_evaluation() -> None:
    moments = training(changed(TINY, task=Rarely(), rivals=(), eval_every=100))
    first = next(moment for moment in moments if moment.train)
    assert first.train is not None and set(first.train) == {"loss", "accuracy"}
    with pytest.raises(RunError, match=r"^the seldom of the test images is not finite after step 9$"):
        list(moments)
