"""Kernel machines fitted to all training items at once."""

import hashlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from qconv.bounds import require, require_at_least
from qconv.errors import InputError
from qconv.kernels.gram import gram
from qconv.kernels.kernel import Kernel, Params
from qconv.models.kernel_machine import SUPPORT, KernelMachine
from qconv.models.network import TRAINED, Network, num_frozen_stages
from qconv.procedures.procedure import NOWHERE, DirectProcedure, Sums, WeightedBatch, Workplace
from qconv.procedures.supervised import first_variables
from qconv.simulate.memory import refuse_beyond
from qconv.tasks.task import Task

_RANK = 1e-6
"""Directions of landmarks whose eigenvalue is less, as a part of the largest, are rounding in float32."""


class KernelFitState(flax.struct.PyTreeNode):
    """What the steps of a fit change."""

    params: Any
    """Of the network: coefficients, biases, scale, and what the kernel has."""
    collections: Any
    """Flax's other collections by name: the points."""
    found: Any
    """What each candidate is worth in cross-validation, (scales, C): larger is better; 0 before it is tried."""
    tried: Any
    """Scales that have been tried, a scalar."""
    seed: Any
    """Fixes the parts of the cross-validation, and which items are landmarks, a scalar."""


@dataclass(frozen=True)
class KernelFit(DirectProcedure):
    """Support vector machines, one for each class against the rest, with penalty and scale by cross-validation.

    Each step tries one scale with all penalties, on one matrix of the kernel, and the last one fits the best of them to
    all items: the highest headline metric of outputs for items that were left out, then the smallest penalty, then the
    smallest scale. Where nothing is to be chosen, there is only that last step. A run that is stopped goes on with the
    scale that it was at. Metrics of a step are those of the items that were left out, with its best penalty, and of the
    last step those of the items that the machine was fitted to.

    With a point of the machine for each item, scikit-learn's `SVC` solves the dual problem on the matrix of the kernel.
    With fewer, these are landmarks, and its `LinearSVC` with squared errors separates the projections of all items on
    them (Williams and Seeger, "Using the Nyström method to speed up kernel machines", NIPS 2000): the matrix has
    (items, points) entries then.
    """

    C: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0)
    """Prices of an item on the wrong side that are tried."""
    scales: tuple[float, ...] = (1.0,)
    """Factors of all points that are tried: the bandwidth of whatever kernel, times its own."""
    folds: int = 5
    """Parts of the cross-validation, with the classes in equal shares."""
    batch_size: int = 64
    """A quarter of the items that are compared with the points at once, when the machine is evaluated."""

    def __post_init__(self) -> None:
        for name in ("C", "scales"):
            values = getattr(self, name)
            require(self, name, len(values) > 0 and min(values) > 0, "one or more, more than 0")
            require(self, name, len(set(values)) == len(values), "each once")
        require_at_least(self, 2, "folds")
        require_at_least(self, 1, "batch_size")

    @property
    def num_steps(self) -> int:
        """One for each scale where something is to be chosen, and one for the fit to all items."""
        return self._num_trials + 1

    @property
    def _num_trials(self) -> int:
        return len(self.scales) if len(self.scales) * len(self.C) > 1 else 0

    def init(self, key: Array, inputs: Array, *, network: nn.Module) -> tuple[KernelFitState, dict[str, Any]]:
        """A machine of coefficients 0.

        Raises:
            InputError: the network is no kernel machine, nor ends in one behind stages that have nothing to train.
        """
        _, name = _machine_of(network)
        if name and num_frozen_stages(network, inputs.shape[1:], inputs.dtype) < len(_stages(network)) - 1:
            raise InputError(
                f"a stage before {name!r} of {type(network).__name__} has something to train; allowed with "
                f"{type(self).__name__}: stages that are frozen"
            )
        params, collections, frozen = first_variables(network, key, inputs)
        found = jnp.zeros((len(self.scales), len(self.C)), inputs.dtype)
        none = jnp.zeros((), jnp.int32)
        seed = jax.random.randint(key, (), 0, 2**31 - 1)
        return KernelFitState(params, collections, found, tried=none, seed=seed), frozen

    def step(
        self,
        state: KernelFitState,
        frozen: Mapping[str, Any],
        batch: WeightedBatch,
        key: Array,
        *,
        network: nn.Module,
        task: Task,
        start: int,
        workplace: Workplace = NOWHERE,
    ) -> tuple[KernelFitState, Sums]:
        """Tries the next scale, or fits the best one.

        Raises:
            InputError: targets are no labels, or the matrix of the kernel does not fit into memory.
        """
        _require_labels(batch.targets)
        machine, name = _machine_of(network)
        first = _of_stage(state.params, name)["kernel"]

        def params_at(scale: float) -> Any:
            items = batch.inputs.reshape(len(batch.inputs), -1)
            return self.kernel_params(machine.kernel, first, items * items.dtype.type(scale), batch.targets)

        problem = _Problem(machine, params_at, batch, int(state.seed), workplace)
        tried = int(state.tried)
        if tried < self._num_trials:
            outputs = problem.left_out(sorted(self.scales)[tried], sorted(self.C), self.folds)
            worth = np.array([_worth(task, own, batch.targets) for own in outputs])
            state = state.replace(found=state.found.at[tried].set(worth), tried=state.tried + 1)
            return state, Sums.of(task, jnp.asarray(outputs[int(worth.argmax())]), _as_arrays(batch))
        scale, C = self._best(state)
        fitted, outputs = problem.fitted(scale, C)
        own = _of_stage(state.params, name) | {
            "scale": jnp.asarray(scale, batch.inputs.dtype),
            "kernel": params_at(scale),
            "coefficients": jnp.asarray(fitted.coefficients, batch.inputs.dtype),
            "biases": jnp.asarray(fitted.biases, batch.inputs.dtype),
        }
        points = {"points": jnp.asarray(problem.points)}
        state = state.replace(
            params={**state.params, name: own} if name else own,
            collections={**state.collections, SUPPORT: {name: points} if name else points},
        )
        return state, Sums.of(task, jnp.asarray(outputs), _as_arrays(batch))

    def kernel_params(
        self,
        kernel: Kernel,
        params: Params,
        points: Float[np.ndarray, "points columns"],
        labels: Int[np.ndarray, " points"],
    ) -> Params:
        """The parameters of the kernel that machines are fitted with: those before any training.

        A subclass may find others on the training items.

        Args:
            kernel: of the machine.
            params: of it, before any training.
            points: the training items, times a scale.
            labels: the class of each.
        """
        return params

    def variables(self, state: KernelFitState) -> dict[str, Any]:
        """Parameters and points."""
        return {TRAINED: state.params, **state.collections}

    def settings(self, state: KernelFitState) -> str:
        """The penalty and the scale that were chosen; empty where nothing was to be chosen."""
        if not self._num_trials:
            return ""
        scale, C = self._best(state)
        named = (("C", C, self.C), ("scale", scale, self.scales))
        said = [f"{name} = {own:g} of {min(all_):g} to {max(all_):g}" for name, own, all_ in named if len(all_) > 1]
        return f"{', '.join(said)}, by cross-validation of the training items: {float(np.max(state.found)):.4f}"

    def _best(self, state: KernelFitState) -> tuple[float, float]:
        """The scale and the penalty."""
        column, row = np.unravel_index(np.argmax(np.asarray(state.found).T), state.found.T.shape)
        return sorted(self.scales)[int(row)], sorted(self.C)[int(column)]


class _Fitted(NamedTuple):
    """A sum over points for each class."""

    coefficients: Float[np.ndarray, "points classes"]
    biases: Float[np.ndarray, " classes"]


class _Problem:
    """The training items, and the points that they are compared with.

    Args:
        machine: whose kernel it is.
        params_at: the parameters of the kernel for items at a scale.
        batch: all items.
        seed: fixes what is drawn.
        workplace: where blocks of matrices are kept.
    """

    def __init__(
        self,
        machine: KernelMachine,
        params_at: Callable[[float], Params],
        batch: WeightedBatch,
        seed: int,
        workplace: Workplace,
    ) -> None:
        self._machine, self._params_at, self._workplace = machine, params_at, workplace
        self._items, self._labels = batch.inputs.reshape(len(batch.inputs), -1), batch.targets
        self._rng = np.random.default_rng(seed)
        count, size = machine.num_points, len(self._items)
        self._own = None if count >= size else np.sort(self._rng.choice(size, count, replace=False))
        rows = np.minimum(np.arange(count), size - 1) if self._own is None else self._own
        self.points: Float[np.ndarray, "points columns"] = self._items[rows]
        entries = size * min(count, size)
        needed = entries * (self._items.itemsize + 3 * 8)  # float64 for scikit-learn, all of it, a part and a copy
        refuse_beyond(needed, f"{size:,} x {min(count, size):,} values of a kernel", "", "fewer num_points")

    def left_out(self, scale: float, penalties: list[float], folds: int) -> list[Float[np.ndarray, "items classes"]]:
        """For each penalty the outputs for all items, each by a machine that was fitted to the other parts."""
        solver = self._solver(scale)
        parts = self._parts(folds)
        found = [np.zeros((len(self._items), self._num_classes)) for _ in penalties]
        for part in np.unique(parts):
            for outputs, C in zip(found, penalties, strict=True):
                fitted = solver.fit(np.flatnonzero(parts != part), self._labels, C, self._num_classes)
                outputs[parts == part] = _outputs(solver.matrix[parts == part], fitted)
        return [outputs.astype(self._items.dtype) for outputs in found]

    def fitted(self, scale: float, C: float) -> tuple[_Fitted, Float[np.ndarray, "items classes"]]:
        """A machine for all items, one coefficient for each of its points, and its outputs for the items."""
        solver = self._solver(scale)
        every = np.arange(len(self._items))
        fitted = solver.fit(every, self._labels, C, self._num_classes)
        outputs = _outputs(solver.matrix, fitted).astype(self._items.dtype)
        missing = len(self.points) - len(fitted.coefficients)
        return fitted._replace(coefficients=np.pad(fitted.coefficients, ((0, missing), (0, 0)))), outputs

    @property
    def _num_classes(self) -> int:
        count = self._machine.num_classes
        assert count is not None  # an experiment fills it in
        return count

    def _solver(self, scale: float) -> "_Exact | _OnLandmarks":
        items = self._items * self._items.dtype.type(scale)
        folder, console = self._workplace.folder, self._workplace.console
        # Items that a circuit has made may differ in the last bit when they are made again: blocks of others are left.
        items_digest = hashlib.sha256(items.tobytes()).hexdigest()[:10]
        own = None if folder is None else Path(folder) / f"scale {scale:g}, {items_digest}"
        others = None if self._own is None else items[self._own]
        matrix = gram(self._machine.kernel, items, others, self._params_at(scale), folder=own, console=console)
        if not np.isfinite(matrix).all():
            raise InputError(f"{type(self._machine.kernel).__name__} is not finite for some training items")
        exact = matrix.astype(np.float64)
        return _Exact(exact) if self._own is None else _OnLandmarks.of(exact, self._own)

    def _parts(self, folds: int) -> Int[np.ndarray, " items"]:
        """The part of each item: classes in turn, so that each part has its share of all."""
        order = self._rng.permutation(len(self._labels))
        order = order[np.argsort(self._labels[order], kind="stable")]
        parts = np.empty(len(order), int)
        parts[order] = np.arange(len(order)) % folds
        return parts


class _Exact(NamedTuple):
    """Machines with a point for each item."""

    matrix: Float[np.ndarray, "items items"]
    """Of the kernel."""

    def fit(self, rows: Int[np.ndarray, " rows"], labels: Int[np.ndarray, " items"], C: float, count: int) -> _Fitted:
        """A machine for some of the items; the coefficients of the others are 0."""
        from sklearn.svm import SVC  # costs seconds, and not every run needs it

        among = self.matrix[np.ix_(rows, rows)]

        def separated(is_own: Bool[np.ndarray, " rows"]) -> tuple[Float[np.ndarray, " items"], float]:
            estimator = SVC(C=C, kernel="precomputed", random_state=0).fit(among, is_own)
            coefficients = np.zeros(len(self.matrix))
            coefficients[rows[estimator.support_]] = estimator.dual_coef_[0]
            return coefficients, float(estimator.intercept_[0])

        return _against_the_rest(separated, labels[rows], count, len(self.matrix))


class _OnLandmarks(NamedTuple):
    """Machines whose points are a few of the items."""

    matrix: Float[np.ndarray, "items points"]
    """Of the kernel."""
    basis: Float[np.ndarray, "points directions"]
    """An orthonormal one of what the landmarks span, in landmarks: times the matrix, projections of items on it."""

    @classmethod
    def of(cls, matrix: Float[np.ndarray, "items points"], own: Int[np.ndarray, " points"]) -> "_OnLandmarks":
        """With the items `own` as landmarks; equal ones do no harm."""
        values, vectors = np.linalg.eigh(matrix[own])
        kept = values > _RANK * values[-1]
        return cls(matrix, vectors[:, kept] / np.sqrt(values[kept]))

    def fit(self, rows: Int[np.ndarray, " rows"], labels: Int[np.ndarray, " items"], C: float, count: int) -> _Fitted:
        """A machine for some of the items."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVC

        projections = self.matrix[rows] @ self.basis

        def separated(is_own: Bool[np.ndarray, " rows"]) -> tuple[Float[np.ndarray, " points"], float]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # as well as its iterations allow
                estimator = LinearSVC(C=C, dual=False, random_state=0).fit(projections, is_own)
            return self.basis @ estimator.coef_[0], float(estimator.intercept_[0])

        return _against_the_rest(separated, labels[rows], count, len(self.basis))


def _against_the_rest(
    separated: Callable[[Bool[np.ndarray, " rows"]], tuple[Float[np.ndarray, " points"], float]],
    labels: Int[np.ndarray, " rows"],
    count: int,
    num_points: int,
) -> _Fitted:
    """A machine for each class; of a class that none or all of the items have, a bias that says so."""
    coefficients, biases = np.zeros((num_points, count)), np.zeros(count)
    for label in range(count):
        is_own = labels == label
        if is_own.all() or not is_own.any():
            biases[label] = 1.0 if is_own.all() else -1.0
        elif label == count - 1 == 1:  # of two classes the second is what the first is not
            coefficients[:, 1], biases[1] = -coefficients[:, 0], -biases[0]
        else:
            coefficients[:, label], biases[label] = separated(is_own)
    return _Fitted(coefficients, biases)


def _outputs(matrix: Float[np.ndarray, "items points"], fitted: _Fitted) -> Float[np.ndarray, "items classes"]:
    """Scores of items, of whose kernel with all points this is the matrix."""
    return matrix @ fitted.coefficients + fitted.biases


def _worth(task: Task, outputs: Float[np.ndarray, "items classes"], targets: Int[np.ndarray, " items"]) -> float:
    """The headline metric; larger is better."""
    metric = task.metrics[0]
    mean = float(metric.per_item(jnp.asarray(outputs), jnp.asarray(targets)).mean())
    return mean if metric.higher_is_better else -mean


def _as_arrays(batch: WeightedBatch) -> WeightedBatch:
    return WeightedBatch(batch.inputs, *map(jnp.asarray, batch[1:]))


def _require_labels(targets: np.ndarray) -> None:
    if targets.ndim != 1 or not np.issubdtype(targets.dtype, np.integer):
        raise InputError(
            f"targets are {targets.dtype} of shape {targets.shape[1:]} each; allowed for KernelFit: labels"
        )
    if len(np.unique(targets)) < 2:
        raise InputError("all training items are of one class; allowed for KernelFit: at least two classes")


def _stages(network: nn.Module) -> tuple[str, ...]:
    return network.stages() if isinstance(network, Network) else ()


def _machine_of(network: nn.Module) -> tuple[KernelMachine, str]:
    """The kernel machine of a network, and the name of that stage; none of a network that is one."""
    if isinstance(network, KernelMachine):
        return network, ""
    last = _stages(network)[-1:]
    machine = getattr(network, last[0], None) if last else None
    if not isinstance(machine, KernelMachine):
        raise InputError(
            f"the model is {type(network).__name__}; allowed with KernelFit: a KernelMachine, or a Network whose last "
            "stage is one"
        )
    return machine, last[0]


def _of_stage(tree: Any, name: str) -> dict[str, Any]:
    return dict(tree[name] if name else tree)
