"""A task whose targets are real numbers: a loss, a metric of which less is better, and nothing that is drawn."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from qconv.data.dataset import ArraySource, Dataset, Element, Split
from qconv.errors import InputError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.models.heads import LinearHead
from qconv.models.networks import ClassicalNet, QuanvNet
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised
from qconv.report.pictures import write_pictures
from qconv.runs.evaluate import evaluate_run
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from qconv.runs.scores import read_scores
from qconv.tasks.losses import Loss
from qconv.tasks.metric import Metric
from qconv.tasks.task import Task
from tests.variants import changed


@dataclass(frozen=True)
class Sums(Dataset):
    """Two pixels, and their sum and difference."""

    @property
    def element(self) -> Element:
        return Element((1, 2, 1), (2,))

    def load(self, split: Split) -> ArraySource:
        pixels = np.random.default_rng(split == "test").random((24 if split == "train" else 9, 2))
        targets = np.stack([pixels.sum(1), pixels[:, 0] - pixels[:, 1]], 1)
        return ArraySource(pixels[:, None, :, None], targets)


@dataclass(frozen=True)
class Squares(Loss):
    """The mean square of the errors."""

    def per_item(self, outputs: Any, targets: Any) -> Any:
        return jnp.square(outputs - targets).mean(1)


@dataclass(frozen=True)
class Largest(Metric):
    """The larger one of two errors."""

    name: ClassVar[str] = "error"
    unit: ClassVar[str] = "pixels"
    higher_is_better: ClassVar[bool] = False

    def per_item(self, outputs: Any, targets: Any) -> Any:
        return jnp.abs(outputs - targets).max(1)


@dataclass(frozen=True)
class Regression(Task):
    """As many numbers as there are targets."""

    loss: Loss = Squares()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (Largest(),)

    def output_shape(self, element: Element) -> tuple[int, ...]:
        if element.num_classes is not None:
            raise InputError("classes are no numbers")
        return element.targets


class Doubled(nn.Module):
    """Nothing that is trained."""

    def __call__(self, images: Any) -> Any:
        return 2 * images


SPEC = Experiment(
    Sums(),
    ClassicalNet(LinearHead(2)),
    Supervised(Adam(0.1), num_steps=7, batch_size=8),
    Regression(),
    log_every=3,
    eval_every=7,
)


@pytest.mark.parametrize("model", [SPEC.model, QuanvNet(Doubled(), LinearHead(2))], ids=["all", "after frozen stages"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_are_learnt_reported_and_kept(tmp_path: Path, dtype: str, model: nn.Module) -> None:
    experiment = changed(SPEC, dtype=dtype, model=model)
    with RunDirectory("numbers", experiment, tmp_path) as run:
        result = execute(run, Console(quiet=True))
        summary = result.summary(run)
        run.write_summary(summary)
        assert run.summary == summary
    ((arm, fitted),) = result.arms
    images, targets = Sums().load("test")[np.arange(9)]
    head = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), fitted.state.trained.params["head"]["Dense_0"])
    assert {leaf.dtype for leaf in jax.tree.leaves(fitted.state.trained.params)} == {np.dtype(dtype)}
    scale = 1 if model is SPEC.model else 2
    errors = scale * images.reshape(9, 2).astype(np.float64) @ head["kernel"] + head["bias"] - targets
    rtol = 1e-4 if dtype == "float32" else 1e-12
    assert fitted.evaluation.metrics == summary.arms[0].metrics
    assert summary.value == pytest.approx(np.abs(errors).max(1).mean(), rel=rtol)
    assert summary.arms[0].metrics["loss"] == pytest.approx(np.square(errors).mean(), rel=rtol)
    np.testing.assert_allclose(fitted.evaluation.per_item, np.abs(errors).max(1), rtol=rtol)
    np.testing.assert_allclose(read_scores(run.folder, 0).values, np.abs(errors).max(1), rtol=1e-4)
    assert (summary.headline, summary.higher_is_better, arm.name) == ("error", False, "network")
    assert [each.evaluation.metrics for each in evaluate_run(run.folder)] == [fitted.evaluation.metrics]
    write_pictures(run.folder, result)
    assert [path.name for path in run.folder.glob("*.png")] == ["curves.png"]


def test_outputs_of_another_shape_than_the_targets_are_refused() -> None:
    with pytest.raises(InputError, match=r"outputs of shape \(3,\) for each image; allowed: \(2,\), which Regression"):
        arms(changed(SPEC, model=ClassicalNet(LinearHead(3))))
