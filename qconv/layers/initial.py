"""First weights of classical layers, and first angles of circuits."""

import math
from typing import Any, Literal

import jax
from jaxtyping import Array


def uniform(num_inputs: int) -> Any:
    """An initialiser: uniform in [-1 / sqrt(k), 1 / sqrt(k)] for k inputs of a unit, weights and biases alike.

    It is what PyTorch's `Linear` and `Conv2d` do by default, and so most published networks.

    Source: He et al., "Delving deep into rectifiers", ICCV 2015, section 2.2, with a leaky slope of sqrt(5).
    """
    bound = 1 / math.sqrt(num_inputs)

    def draw(key: Any, shape: tuple[int, ...], dtype: Any) -> Array:
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return draw


def first_weights(distribution: Literal["normal", "uniform"], num_inputs: int) -> dict[str, Any]:
    """Arguments of `nn.Dense` for its first weights.

    Args:
        distribution: `normal` is what Flax does by default, with variance 1 / inputs, cut off at two standard
            deviations, and biases 0; of `uniform`, see there.
        num_inputs: of the layer.
    """
    initial = uniform(num_inputs)
    return {} if distribution == "normal" else {"kernel_init": initial, "bias_init": initial}


def angles(spread: float, distribution: Literal["uniform", "normal"]) -> Any:
    """An initialiser: uniform in [-spread, spread] radians, or normal with mean 0 and that standard deviation."""

    def draw(key: Any, shape: tuple[int, ...], dtype: Any) -> Array:
        if distribution == "normal":
            return spread * jax.random.normal(key, shape, dtype)
        return jax.random.uniform(key, shape, dtype, -spread, spread)

    return draw
