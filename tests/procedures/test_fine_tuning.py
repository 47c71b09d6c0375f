"""Fine-tuning against Optax, step by step: what is frozen before which step, and how fast it learns after it."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from rich.console import Console

from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.models.heads import LinearHead
from qconv.models.network import Network
from qconv.models.networks import ClassicalNet, QuanvNet
from qconv.models.small_cnn import SmallCNN
from qconv.procedures.fine_tuning import FineTuning
from qconv.procedures.optimizers import Adam, Optimizer, Sgd
from qconv.procedures.supervised import Supervised
from qconv.runs.fit import fit
from qconv.runs.loop import Loop, LoopState
from qconv.runs.mesh import device_mesh
from qconv.runs.rehearsal import rehearse
from tests.variants import changed

DATA = Synthetic(num_images=32, height=4, width=4, num_classes=2)
MODEL = QuanvNet(SmallCNN((2, 3)), LinearHead(2))
COSINE = Adam(0.02, weight_decay=0.1, schedule="cosine")
STEPS = 6


def experiment(
    model: nn.Module = MODEL, optimizer: Optimizer = COSINE, stages: tuple[str, ...] = ("conv",), **options: Any
) -> Experiment:
    procedure = FineTuning(optimizer, STEPS, 8, stages, **options)
    return Experiment(DATA, model, procedure, log_every=2, eval_every=STEPS, checkpoint_every=1)


def trained(spec: Experiment) -> list[Any]:
    """What is trained, before the first step and after each."""
    loop = Loop(spec, spec.model, DATA.load("train"), DATA.load("test"), device_mesh())
    found = [jax.device_get(loop.first.trained)]
    for moment in loop.moments():
        if moment.is_complete:
            found.append(jax.device_get(moment.state.trained))
    return found


def by_hand(spec: Experiment, frozen_steps: int, factor: float, optimizer: Any) -> list[Any]:
    """Parameters after each step with two optimisers of Optax; the first stage rests as Flax's own layers do."""
    images, labels = (jnp.asarray(part) for part in DATA.load("train")[np.arange(32)])
    variables: Any = Loop(spec, spec.model, None, DATA.load("test"), device_mesh()).first.trained
    params, stats = variables.params, variables.collections["batch_stats"]
    head = optimizer(1.0, STEPS)
    conv = optimizer(factor, max(1, STEPS - frozen_steps))
    states: Any = {"head": head.init(params["head"]), "conv": None}
    found = [jax.device_get(params)]

    def loss(params: Any, stats: Any, rows: np.ndarray, rests: bool) -> Any:
        conv = {"params": params["conv"], "batch_stats": stats["conv"]}
        features, written = MODEL.conv.apply(conv, images[rows], train=not rests, mutable=["batch_stats"])
        logits: Any = MODEL.head.apply({"params": params["head"]}, features)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels[rows]).mean(), written["batch_stats"]

    for step in range(STEPS):
        rests = step < frozen_steps
        rows = Supervised(batch_size=8).rows(spec.seed, step, 32)
        gradients, written = jax.grad(loss, has_aux=True)(params, stats, rows, rests)
        updates, states["head"] = head.update(gradients["head"], states["head"], params["head"])
        params = {**params, "head": optax.apply_updates(params["head"], updates)}
        if not rests:
            states["conv"] = states["conv"] or conv.init(params["conv"])
            updates, states["conv"] = conv.update(gradients["conv"], states["conv"], params["conv"])
            params = {**params, "conv": optax.apply_updates(params["conv"], updates)}
            stats = {"conv": written}
        found.append(jax.device_get(params))
    return found


def adamw(factor: float, steps: int) -> Any:
    return optax.adamw(optax.cosine_decay_schedule(0.02 * factor, steps), b2=0.999, weight_decay=0.1)


def sgd(factor: float, steps: int) -> Any:
    return optax.sgd(0.05 * factor, 0.9)


@pytest.mark.parametrize(
    ("optimizer", "reference"), [(COSINE, adamw), (Sgd(0.05, 0.9), sgd)], ids=["adam with decay and cosine", "sgd"]
)
@pytest.mark.parametrize(("frozen_steps", "factor"), [(0, 0.25), (3, 0.25), (STEPS, 1.0)])
def test_it_is_what_two_optimisers_of_optax_do(
    optimizer: Optimizer, reference: Any, frozen_steps: int, factor: float
) -> None:
    spec = experiment(optimizer=optimizer, frozen_steps=frozen_steps, rate_factor=factor)
    for found, expected in zip(trained(spec), by_hand(spec, frozen_steps, factor, reference), strict=True):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-6), found.params, expected)


def test_nothing_of_a_stage_moves_before_its_step_and_all_of_it_after() -> None:
    first, *rest = trained(experiment(frozen_steps=3))
    for step, state in enumerate(rest, start=1):
        before, after = ((own.params["conv"], own.collections["batch_stats"]["conv"]) for own in (first, state))
        same = [np.array_equal(a, b) for a, b in zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True)]
        assert all(same) if step <= 3 else not any(same)
        kernels = (own.params["head"]["Dense_0"]["kernel"] for own in (first, state))
        assert not np.array_equal(*kernels)


def test_a_factor_of_one_from_the_start_is_supervised_training() -> None:
    tuned = trained(experiment(rate_factor=1.0))
    spec = experiment()
    plain = trained(changed(spec, procedure=Supervised(COSINE, STEPS, 8)))
    for one, other in zip(tuned, plain, strict=True):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), one.params, other.params)


@pytest.mark.parametrize("stop", [2, 4])
def test_a_run_that_is_stopped_goes_on_bit_for_bit(stop: int, tmp_path: Any) -> None:
    """Before the stage is unfrozen, and after it."""

    def run(name: str, steps: int) -> LoopState:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        spec = changed(experiment(optimizer=Adam(0.02), frozen_steps=3), num_steps=steps)
        loop = Loop(spec, spec.model, DATA.load("train"), DATA.load("test"), device_mesh())
        return fit(loop, name="network", folder=folder, console=Console(quiet=True)).state

    straight = run("straight", STEPS)
    run("stopped", stop)
    jax.tree.map(np.testing.assert_array_equal, run("stopped", STEPS), straight)


class Methods(Network):
    """A stage that is a method."""

    head: nn.Module

    def setup(self) -> None:
        self.conv = nn.Conv(2, (3, 3))

    @nn.nowrap
    def stages(self) -> tuple[str, ...]:
        return ("maps", "head")

    def maps(self, images: Any) -> Any:
        return self.conv(images)


class Halves(nn.Module):
    """Nothing that is trained."""

    def __call__(self, images: Any) -> Any:
        return images / 2


@pytest.mark.parametrize(
    ("model", "stages", "message"),
    [
        (MODEL, ("cnn",), r"^stages = \('cnn',\): 'cnn' is not there in QuanvNet; allowed: 'conv', 'head'"),
        (QuanvNet(Halves(), LinearHead(2)), ("conv",), r"'conv' has nothing to train in QuanvNet; allowed: 'head'"),
        (Methods(LinearHead(2)), ("conv",), r"'conv' is not there in Methods; allowed: 'head'"),
        (LinearHead(2), ("conv",), r"^stages = \('conv',\), but LinearHead has none; allowed: a Network"),
    ],
)
def test_a_stage_that_cannot_be_tuned_is_refused(model: nn.Module, stages: tuple[str, ...], message: str) -> None:
    spec = experiment(model, stages=stages)
    with pytest.raises(InputError, match=message):
        rehearse(spec, model, device_mesh())


def test_the_head_may_be_tuned_and_several_stages() -> None:
    rehearse(experiment(stages=("conv", "head")), MODEL, device_mesh())
    spec = experiment(ClassicalNet(LinearHead(2)), stages=("head",))
    rehearse(spec, spec.model, device_mesh())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"stages": ()}, r"^stages = \(\); allowed: at least one name$"),
        ({"rate_factor": 0.0}, r"^rate_factor = 0.0; allowed: more than 0; "),
        ({"frozen_steps": -1}, r"^frozen_steps = -1; allowed: at least 0$"),
    ],
)
def test_fields_that_make_no_sense(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FineTuning(**fields)
