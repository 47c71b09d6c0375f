"""What a path is."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from benchmarks.cases import Case


@dataclass(frozen=True)
class Prepared:
    """A path, ready to be compiled and timed for a case."""

    forward: Callable[[Any, Any], Any]
    """Pure: (weights, inputs) to outputs (patches, channels)."""
    weights: Any
    """A pytree."""
    inputs: Any
    """Images, or patches already cut."""
    comparable: bool = True
    """Whether the outputs are those of the circuit, and must agree with the others'."""
    compiled: bool = True
    """Whether it is compiled as a whole; a Python loop is not, and has no gradient."""
    sample: int | None = None
    """Number of patches that `forward` takes, if not all: its time is scaled."""


class Path(ABC):
    """One way of evaluating a case."""

    @property
    @abstractmethod
    def name(self) -> str:
        """In tables and results."""

    @abstractmethod
    def prepare(self, case: Case) -> Prepared:
        """Imports what it needs and returns functions; compiles nothing."""


def in_chunks(evaluate: Callable[[Any, Any], Array], chunk: int) -> Callable[[Any, Any], Array]:
    """`evaluate` (weights, patches) on chunks of patches, one after the other.

    A chunk's states are computed again in the backward pass, so the gradient needs the memory of one chunk.
    """

    def forward(weights: Any, patches: Array) -> Array:
        if chunk == len(patches):
            return evaluate(weights, patches)
        parts = patches.reshape(-1, chunk, patches.shape[1])
        outputs = jax.lax.map(jax.checkpoint(lambda part: evaluate(weights, part)), parts)
        return outputs.reshape(len(patches), -1)

    return forward


def of_all(case: Case, evaluate: Callable[[Any, Any], Array]) -> Callable[[Any, Any], Array]:
    """`evaluate` (weights, patches) of each filter and register, in chunks of patches, one after the other.

    Args:
        case: says how many there are.
        evaluate: from the weights of one circuit and patches (patches, numbers) to (patches, channels).

    Returns:
        From the weights of all circuits and the patches of all registers to (patches, channels of all).
    """
    own = in_chunks(evaluate, case.peer_chunk)

    def forward(weights: Any, patches: Array) -> Array:
        if case.features * case.registers == 1:
            return own(weights[0, 0], patches[0])
        by_register = jnp.swapaxes(weights, 0, 1), patches
        outputs = jax.lax.map(lambda one: jax.lax.map(lambda filter_: own(filter_, one[1]), one[0]), by_register)
        return jnp.moveaxis(outputs, 2, 0).reshape(case.num_patches, -1)

    return forward
