"""What outputs for all held-out items are worth, whoever gives them: a network, or a classical method."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from qconv.errors import RunError
from qconv.procedures.procedure import Sums, WeightedBatch
from qconv.tasks.task import Task


class NotFiniteError(RunError):
    """A loss or a value of the state is not finite."""


class Evaluation(NamedTuple):
    """What a network or a method makes of all items that it is evaluated on."""

    metrics: dict[str, float]
    """The loss and the metrics of the task, by name."""
    evidence: dict[str, Any]
    """What is drawn, by its name."""
    per_item: Float[np.ndarray, " items"]
    """The headline metric of each item."""


class Judged(NamedTuple):
    """What the outputs for one batch are worth. Rows that fill a batch up come last in it."""

    sums: Sums
    """Of the loss and the metrics."""
    evidence: dict[str, Any]
    """What is kept to be drawn, by its name."""
    per_item: Any
    """The headline metric of each row."""


def judged(task: Task, outputs: Any, batch: WeightedBatch) -> Judged:
    """The outputs for a batch, by a task; it may be traced."""
    evidence = {kind.name: kind.of_batch(outputs, *batch[1:]) for kind in task.evidence}
    return Judged(Sums.of(task, outputs, batch), evidence, task.metrics[0].per_item(outputs, batch.targets))


def gathered(task: Task, found: Sequence[Judged], of: str, when: str) -> Evaluation:
    """All batches together.

    Args:
        task: that judged them.
        found: the batches in their order, in NumPy.
        of: which items they are, for the message.
        when: what gave the outputs, for the message.

    Raises:
        NotFiniteError: the loss or a metric is infinite or NaN.
    """
    sums = jax.tree.map(lambda *parts: sum(parts), *(batch.sums for batch in found))
    counts = [round(float(batch.sums.count)) for batch in found]
    evidence = {}
    for kind in task.evidence:
        parts = [batch.evidence[kind.name] for batch in found]
        if kind.is_sum:
            evidence[kind.name] = jax.tree.map(lambda *leaves: sum(leaves), *parts)
        else:
            cut = [jax.tree.map(lambda leaf, n=n: leaf[:n], part) for part, n in zip(parts, counts, strict=True)]
            evidence[kind.name] = jax.tree.map(lambda *leaves: np.concatenate(leaves), *cut)
    metrics = sums.values(task)
    for name, value in metrics.items():
        if not np.isfinite(value):
            raise NotFiniteError(f"the {name} {of} is not finite {when}")
    per_item = np.concatenate([batch.per_item[:n] for batch, n in zip(found, counts, strict=True)])
    return Evaluation(metrics, evidence, per_item)
