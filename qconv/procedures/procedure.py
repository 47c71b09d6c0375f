"""What a procedure is: pure functions that find the parameters of a network."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Shaped
from rich.console import Console

from qconv.tasks.metric import Metric
from qconv.tasks.task import Task


class WeightedBatch(NamedTuple):
    """A batch filled up to a multiple of the devices: filled rows repeat the last item and have weight 0."""

    inputs: Float[Any, "batch ..."]
    """Images, or what frozen first stages make of them."""
    targets: Shaped[Any, "batch ..."]
    weights: Float[Any, " batch"]


class Sums(flax.struct.PyTreeNode):
    """Sums over items, of which metrics are taken at the end: so each item counts once, whatever the batches.

    Not annotated as arrays, since JAX and Orbax build this tree of shapes, shardings and None as well.
    """

    count: Any
    """How many items."""
    metrics: Any
    """By name, the loss among them; see `Metric.sums`."""

    @classmethod
    def of(cls, task: Task, outputs: Any, batch: WeightedBatch) -> "Sums":
        """The sums of a batch, for the loss and the metrics of a task."""
        found = {metric.name: metric.sums(outputs, *batch[1:]) for metric in _of_sums(task)}
        return cls(jnp.sum(batch.weights), found)

    def zero(self) -> "Sums":
        """Sums of no items; in NumPy, as JAX puts its own arrays wrongly on the devices of other processes."""
        return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), self)

    def __add__(self, other: "Sums") -> "Sums":
        return jax.tree.map(jnp.add, self, other)

    def mean_loss(self, task: Task) -> Array:
        """What is minimised; it may be traced."""
        return self.metrics[task.loss.name] / self.count

    def values(self, task: Task) -> dict[str, float]:
        """The loss and the metrics that sums give, by name."""
        count = float(self.count)
        return {metric.name: metric.value(self.metrics[metric.name], count) for metric in _of_sums(task)}


def _of_sums(task: Task) -> list[Metric]:
    """The loss, and the metrics that are values of sums over items."""
    return [task.loss, *(metric for metric in task.metrics if not metric.needs_all)]


class Procedure(ABC):
    """How parameters are found: a state, and what a step makes of it. Subclasses are frozen dataclasses.

    Everything random is a function of the keys and seeds that are given, so that a run which was killed goes on as if
    nothing had happened. The loop around a procedure compiles its functions, loads the batches, and keeps the state.
    """

    @property
    @abstractmethod
    def num_steps(self) -> int:
        """Steps, at most; a field of the subclass."""

    @property
    @abstractmethod
    def batch_size(self) -> int:
        """Items of a step, over all devices; a field of the subclass."""

    @abstractmethod
    def init(self, key: Array, inputs: Array, *, network: nn.Module) -> tuple[Any, dict[str, Any]]:
        """The state before the first step, and the collections of the network that no step changes.

        Args:
            key: fixes what is random.
            inputs: any batch of the right shape and precision.
            network: whose parameters are to be found.
        """

    @abstractmethod
    def rows(self, seed: int, step: int, size: int) -> Int[np.ndarray, " batch"]:
        """The training items of a step, counted from 0.

        Args:
            seed: of the run.
            step: from 0.
            size: number of training items.

        Raises:
            InputError: the procedure needs more of them; it is asked for the first step before any work.
        """

    @abstractmethod
    def step(
        self,
        state: Any,
        frozen: Mapping[str, Any],
        batch: WeightedBatch,
        key: Array,
        *,
        network: nn.Module,
        task: Task,
        start: int,
    ) -> tuple[Any, Sums]:
        """The next state, and the sums of the batch before it.

        Args:
            state: before.
            frozen: collections that no step changes.
            batch: items of this step.
            key: of this step.
            network: whose parameters are to be found.
            task: what is asked of it.
            start: the first stage of the network that is not in `batch.inputs` already.
        """

    @abstractmethod
    def variables(self, state: Any) -> dict[str, Any]:
        """The collections of the network in a state, but for the frozen ones."""

    def ended(self, state: Any, step: int) -> bool:
        """Whether the procedure is at its end after so many steps."""
        return step >= self.num_steps

    def settings(self, state: Any) -> str:
        """What was chosen on the training items, in words; empty if nothing was."""
        return ""


@dataclass(frozen=True)
class Workplace:
    """What a run lends to a procedure whose steps take long."""

    folder: Path | None = None
    """For what is not to be computed twice, if the run is stopped in the middle of a step; gone when it is finished."""
    console: Console | None = None
    """Where progress is shown."""


NOWHERE = Workplace()
"""Work is done unseen, and from the start."""


class DirectProcedure(Procedure):
    """A procedure whose steps each see all training items, and are not compiled: they may call any solver.

    The loop calls `step` on each process, with all items in NumPy, as they are read and not drawn anew. Since it is not
    rehearsed, `init` refuses networks that it cannot be for, and `step` items, before it works.
    """

    def rows(self, seed: int, step: int, size: int) -> Int[np.ndarray, " batch"]:
        """All items, in their order."""
        return np.arange(size)

    @abstractmethod
    def step(
        self,
        state: Any,
        frozen: Mapping[str, Any],
        batch: WeightedBatch,
        key: Array,
        *,
        network: nn.Module,
        task: Task,
        start: int,
        workplace: Workplace = NOWHERE,
    ) -> tuple[Any, Sums]:
        """The next state, and the sums of all items.

        Args:
            state: before.
            frozen: collections that no step changes.
            batch: all training items, each with weight 1.
            key: of this step.
            network: whose parameters are to be found.
            task: what is asked of it.
            start: the first stage of the network that is not in `batch.inputs` already.
            workplace: what the run lends.
        """
