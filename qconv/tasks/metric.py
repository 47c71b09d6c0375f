"""What a metric is: a number for each item, and one for all of them."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped


class Metric(ABC):
    """How well outputs fit targets. Subclasses are frozen dataclasses.

    Two networks are compared item by item, by `per_item`. What is reported is `value` of the sums over all items: by
    default the mean, so that each item counts once, whatever the batches. A metric that is no mean, such as the mean
    intersection over union of all classes, has sums of its own; one that no sums give, such as the area under a curve,
    `needs_all`.
    """

    name: ClassVar[str]
    """The name in metrics, summaries and tables, such as accuracy."""
    unit: ClassVar[str] = ""
    """For plots, such as nats; empty where there is none."""
    higher_is_better: ClassVar[bool] = True
    """Whether a larger value is a better one."""
    needs_all: ClassVar[bool] = False
    """Whether the number of an item depends on the others, as with ranks. Then `per_item` is given all items at once,
    and what is reported is the mean; of training steps there is no such metric, and of losses none."""

    @abstractmethod
    def per_item(
        self, outputs: Float[Array, "batch ..."], targets: Shaped[Array, "batch ..."]
    ) -> Float[Array, " batch"]:
        """The metric of each item."""

    def sums(
        self, outputs: Float[Array, "batch ..."], targets: Shaped[Array, "batch ..."], weights: Float[Array, " batch"]
    ) -> Any:
        """What is added up over batches: an array or a tree of arrays.

        Args:
            outputs: of the network.
            targets: what is to be found.
            weights: 1 for each item, 0 for rows that fill a batch up.
        """
        return jnp.sum(weights * self.per_item(outputs, targets))

    def value(self, sums: Any, count: float) -> float:
        """The metric over all items, from the sums and how many items they are of."""
        return float(sums) / count
