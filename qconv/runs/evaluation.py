"""What outputs for all held-out items are worth, whoever gives them: a network, or a classical method."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from qconv.errors import RunError
from qconv.procedures.procedure import Sums, WeightedBatch
from qconv.tasks.metric import Metric
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
    """The headline metric of each row; None where the row alone does not say it."""
    rows: Any
    """Outputs and targets, where a metric needs those of all items; else None."""


def judged(task: Task, outputs: Any, batch: WeightedBatch) -> Judged:
    """The outputs for a batch, by a task; it may be traced."""
    evidence = {kind.name: kind.of_batch(outputs, *batch[1:]) for kind in task.evidence}
    headline = task.metrics[0]
    per_item = None if headline.needs_all else headline.per_item(outputs, batch.targets)
    rows = (outputs, batch.targets) if any(metric.needs_all for metric in task.metrics) else None
    return Judged(Sums.of(task, outputs, batch), evidence, per_item, rows)


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
        evidence[kind.name] = (
            jax.tree.map(lambda *leaves: sum(leaves), *parts) if kind.is_sum else _rows_of_all(parts, counts)
        )
    per_item = {task.metrics[0].name: _rows_of_all([batch.per_item for batch in found], counts)}
    metrics = sums.values(task)
    rows = _rows_of_all([batch.rows for batch in found], counts)
    for metric in task.metrics:
        if metric.needs_all:
            own = per_item[metric.name] = np.asarray(_per_item_of_all(metric)(*rows))
            metrics[metric.name] = float(own.mean(dtype=np.float64))
    metrics = {metric.name: metrics[metric.name] for metric in (task.loss, *task.metrics)}
    for name, value in metrics.items():
        if not np.isfinite(value):
            raise NotFiniteError(f"the {name} {of} is not finite {when}")
    return Evaluation(metrics, evidence, per_item[task.metrics[0].name])


@lru_cache(maxsize=4)
def _per_item_of_all(metric: Metric) -> Any:
    """A metric of each item, from the outputs and targets of all of them, compiled."""
    return jax.jit(metric.per_item)


def _rows_of_all(parts: Sequence[Any], counts: Sequence[int]) -> Any:
    """Arrays of batches, or trees of them, as those of all items: rows that fill a batch up are left out."""
    cut = [jax.tree.map(lambda leaf, n=n: leaf[:n], part) for part, n in zip(parts, counts, strict=True)]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *cut)
