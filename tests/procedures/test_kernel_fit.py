"""Kernel machines: scikit-learn's SVC by hand, what a machine says is what its fit says, runs that go on, refusals."""

from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console
from sklearn.svm import SVC

import qconv
from qconv.data.digits import Digits
from qconv.data.random_flips import RandomFlips
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.encoding.iqp import IQP
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.kernel_rivals import LinearMachine, ProductMachine, RbfMachine
from qconv.kernels.classical import RBF, Linear
from qconv.kernels.combined import KernelSum, View
from qconv.kernels.fidelity import FidelityKernel
from qconv.kernels.kernel import Kernel
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.kernel_machine import KernelMachine
from qconv.models.network import output_of
from qconv.models.networks import ClassicalNet, QuanvNet
from qconv.procedures.kernel_fit import KernelFit
from qconv.procedures.procedure import WeightedBatch
from qconv.runs.evaluate import evaluate_run
from qconv.runs.loop import Loop, Moment
from qconv.runs.mesh import device_mesh
from qconv.runs.metrics import read_metrics
from qconv.runs.run import RunResult, execute
from qconv.runs.run_directory import RunDirectory
from qconv.runs.training import training

DATA = Subset(Digits(), 120, 40)
QUIET = Console(quiet=True)


def experiment(kernel: Kernel, num_points: int = 120, data: Any = DATA, **options: Any) -> Experiment:
    procedure = KernelFit(**options)
    return Experiment(
        data, KernelMachine(kernel, num_points), procedure, rivals=(), log_every=1, eval_every=9, checkpoint_every=1
    )


def moments(spec: Experiment) -> list[Moment]:
    return [moment for moment in training(spec) if moment.is_complete or moment.train]


def arrays(spec: Experiment) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    train, test = (source[np.arange(len(source))] for source in (spec.training_items(), spec.held_out_items()))
    return train.inputs.reshape(len(train.inputs), -1), train.targets, test.inputs, test.targets


def scores(network: nn.Module, moment: Moment, images: np.ndarray) -> np.ndarray:
    return np.asarray(output_of(network, moment.variables, jnp.asarray(images)))


@pytest.mark.parametrize(
    ("kernel", "scale"),
    [
        (RBF(0.1), 0.5),
        (Linear(), 1.0),
        (FidelityKernel(), 3.0),
        (KernelSum((View(FidelityKernel(), 0, 32), View(RBF(), 32, 64))), 2.0),
    ],
    ids=["rbf", "linear", "product map", "two views"],
)
def test_it_is_one_svc_for_each_class(kernel: Kernel, scale: float) -> None:
    spec = experiment(kernel, num_points=130, C=(3.0,), scales=(scale,))  # ten points too many
    last = moments(spec)[-1]
    x, y, images, _ = arrays(spec)
    found = scores(spec.network, last, images)
    among = qconv.gram(kernel, scale * x).astype(float)
    others = qconv.gram(kernel, scale * images.reshape(len(images), -1), scale * x).astype(float)
    for label in range(10):
        estimator = SVC(C=3.0, kernel="precomputed").fit(among, y == label)
        np.testing.assert_allclose(found[:, label], estimator.decision_function(others), atol=2e-3)
    assert found.shape == (40, 10)


def test_penalty_and_scale_are_those_of_the_cross_validation() -> None:
    spec = experiment(RBF(), C=(10.0, 0.1), scales=(4.0, 1.0, 30.0), folds=3)
    first, second, third, last = (moment for moment in moments(spec) if moment.is_complete)
    found = np.asarray(last.state.trained.found)
    assert found.shape == (3, 2) and (found[1:] > 0.5).any() and last.ended
    tried = [int(moment.state.trained.tried) for moment in (first, second, third, last)]
    assert tried == [1, 2, 3, 3]
    lines = [moment.train["accuracy"] for moment in moments(spec) if moment.train]
    np.testing.assert_allclose(lines[:3], found.max(1), atol=1e-6)
    C, scale = max(((C, s) for s in (1.0, 4.0, 30.0) for C in (0.1, 10.0)), key=lambda own: _worth(found, *own))
    assert f"C = {C:g} of 0.1 to 10, scale = {scale:g} of 1 to 30" in spec.procedure.settings(last.state.trained)
    np.testing.assert_allclose(last.variables["params"]["scale"], scale)
    assert lines[3] >= found.max()


def _worth(found: np.ndarray, C: float, scale: float) -> tuple[float, float, float]:
    """Larger is better, then smaller values."""
    return float(found[(1.0, 4.0, 30.0).index(scale), (0.1, 10.0).index(C)]), -C, -scale


def test_landmarks_are_training_items_and_all_of_them_are_the_exact_kernel_space() -> None:
    spec = experiment(FidelityKernel(), num_points=40, C=(10.0,), scales=(4.0,))
    *_, lines, last = moments(spec)
    x, y, images, labels = arrays(spec)
    points = np.asarray(last.variables["support"]["points"])
    assert all((x == point).all(1).any() for point in points)
    own = scores(spec.network, last, x.reshape(-1, 8, 8, 1))
    assert lines.train is not None and np.isclose((own.argmax(1) == y).mean(), lines.train["accuracy"])
    outputs = scores(spec.network, last, images)
    assert (outputs.argmax(1) == labels).mean() > 0.7
    # What sees all but one of the points sees nearly what all of them show.
    nearly, whole = (moments(experiment(FidelityKernel(), count, C=(10.0,), scales=(4.0,)))[-1] for count in (119, 120))
    found = [scores(spec.network.clone(num_points=n), moment, images) for n, moment in ((119, nearly), (120, whole))]
    assert (found[0].argmax(1) == found[1].argmax(1)).mean() > 0.9


def test_a_class_without_items_is_never_said_and_two_classes_mirror_each_other() -> None:
    spec = experiment(RBF(), 30, Synthetic(40, 2, 2, 1, 2), C=(1.0,))
    last = moments(spec)[-1]
    outputs = np.asarray(scores(spec.network, last, spec.held_out_items()[np.arange(5)].inputs))
    np.testing.assert_allclose(outputs[:, 0], -outputs[:, 1], atol=1e-6)
    few = experiment(RBF(), 8, Subset(Digits(), 8, 20), C=(1.0, 2.0))
    assert len(np.unique(arrays(few)[1])) < 10
    last = moments(few)[-1]
    assert np.isfinite(scores(few.network, last, arrays(few)[2])).all()


def run(spec: Experiment, folder: Path) -> RunResult:
    with RunDirectory("kernels", spec, folder) as opened:
        return execute(opened, QUIET)


def test_a_run_goes_on_where_it_stopped_and_is_a_network_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = experiment(FidelityKernel(qconv.Circuit(IQP(1, "ring"))), C=(1.0, 10.0), scales=(0.5, 1.0), folds=2)
    spec = Experiment(
        qconv.Reduced(DATA, qconv.PCA(4)),
        spec.model,
        spec.procedure,
        rivals=(RbfMachine(), LinearMachine(), ProductMachine()),
        log_every=1,
        eval_every=9,
        checkpoint_every=1,
    )
    straight = run(spec, tmp_path / "straight")
    calls = []
    step = KernelFit.step

    def killed(self: Any, state: Any, *args: Any, **options: Any) -> Any:
        calls.append(int(state.tried))
        if len(calls) == 2:
            raise MemoryError
        return step(self, state, *args, **options)

    monkeypatch.setattr(KernelFit, "step", killed)
    with pytest.raises(MemoryError):
        run(spec, tmp_path / "killed")
    again = run(spec, tmp_path / "killed")
    assert calls[:3] == [0, 1, 1]
    (folder,) = (tmp_path / "killed/kernels").glob("*/seed0")
    (other,) = (tmp_path / "straight/kernels").glob("*/seed0")
    assert (folder / "metrics.jsonl").read_bytes() == (other / "metrics.jsonl").read_bytes()
    assert [line["step"] for line in read_metrics(folder)] == [1, 2, 3, 3]
    for one, two in zip(straight.arms, again.arms, strict=True):
        jax.tree.map(np.testing.assert_array_equal, one[1].state, two[1].state)
    assert [arm.name for arm, _ in again.arms] == ["network", "RBF", "linear", "cos^2"]
    assert not (folder / "work").exists() and not (folder / "rbf/work").exists()

    images = spec.held_out_items()[np.arange(40)].inputs
    loaded = qconv.load(folder)
    outputs = again.outputs(np.arange(40))
    np.testing.assert_allclose(loaded(images), outputs["network"], atol=1e-4)
    np.testing.assert_allclose(qconv.load(folder, "linear")(images), outputs["linear"], atol=1e-4)
    evaluated = evaluate_run(folder)
    for found, (_, fitted) in zip(evaluated, again.arms, strict=True):
        assert found.evaluation.metrics["accuracy"] == pytest.approx(fitted.evaluation.metrics["accuracy"])
    gradient = jax.grad(lambda image: loaded(image).max())(jnp.asarray(images[0]))
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


def test_matrices_are_kept_in_the_run_while_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import qconv.procedures.kernel_fit as module

    folders = []
    gram = module.gram
    monkeypatch.setattr(
        module, "gram", lambda *args, **options: (folders.append(options["folder"]), gram(*args, **options))[1]
    )
    run(experiment(RBF(), C=(1.0,), scales=(0.5, 2.0)), tmp_path)
    assert [folder.name.split(",")[0] for folder in folders[:2]] == ["scale 0.5", "scale 2"]
    assert folders[2] in folders[:2]
    assert all(folder.parent.name == "work" and not folder.exists() for folder in folders)


def test_the_features_of_frozen_stages_are_its_points() -> None:
    conv = QuantumConv(features=1, kernel_size=2, strides=2, trainable=False)
    model = QuanvNet(conv, KernelMachine(RBF(), 60))
    spec = Experiment(Subset(Digits(), 60, 30), model, KernelFit(C=(10.0,)), rivals=())
    last = moments(spec)[-1]
    assert last.variables["support"]["head"]["points"].shape == (60, 64)
    assert last.evaluation is not None and last.evaluation.metrics["accuracy"] > 0.5


def test_items_that_training_would_draw_are_taken_as_they_are() -> None:
    spec = experiment(RBF(), 60, RandomFlips(Subset(Digits(), 60, 30)), C=(10.0,))
    last = moments(spec)[-1]
    np.testing.assert_array_equal(last.variables["support"]["points"], arrays(spec)[0])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            ClassicalNet(LinearHead()),
            r"^the model is ClassicalNet; allowed with KernelFit: a KernelMachine, or a Network",
        ),
        (nn.Dense(10), r"^the model is Dense; allowed with KernelFit: "),
        (QuanvNet(QuantumConv(), KernelMachine(RBF())), r"before 'head' of QuanvNet has something to train; allowed"),
    ],
)
def test_networks_that_are_no_kernel_machines_are_refused(model: Any, message: str) -> None:
    from qconv.runs.rehearsal import rehearse

    spec = Experiment(DATA, model, KernelFit(), rivals=())
    with pytest.raises(InputError, match=message):
        rehearse(spec, spec.network, device_mesh())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"C": ()}, r"^C = \(\); allowed: one or more, more than 0$"),
        ({"C": (1.0, 0.0)}, r"^C = \(1.0, 0.0\); allowed: one or more, more than 0$"),
        ({"scales": (1.0, 1.0)}, r"^scales = \(1.0, 1.0\); allowed: each once$"),
        ({"folds": 1}, r"^folds = 1; allowed: at least 2$"),
    ],
)
def test_fields_that_do_not_fit_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        KernelFit(**options)


def test_targets_that_are_no_labels_or_of_one_class_are_refused() -> None:
    spec = experiment(RBF(), C=(1.0,))
    loop = Loop(spec, spec.network, None, None, device_mesh())
    x = np.zeros((4, 8, 8, 1), np.float32)
    for targets, message in (
        (np.zeros(4, np.int32), "are of one class"),
        (np.zeros((4, 2), np.float32), "no labels|labels$"),
    ):
        batch = WeightedBatch(x, targets, np.ones(4, np.float32))
        with pytest.raises(InputError, match=message):
            spec.procedure.step(
                loop.first.trained, {}, batch, jax.random.key(0), network=spec.network, task=spec.task, start=0
            )


@pytest.mark.parametrize("model", [ClassicalNet(LinearHead()), KernelMachine(RBF())])
def test_a_rival_needs_another_kernel(model: Any) -> None:
    from qconv.experiment.arms import arms

    spec = Experiment(DATA, model, rivals=(RbfMachine(),))
    with pytest.raises(
        InputError, match=r"^rivals hold RbfMachine, but \w+ has no kernel or the same one; allowed: a Ker"
    ):
        arms(spec)
