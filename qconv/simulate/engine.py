"""What an engine is: a way to compute what circuits measure, with what it costs and needs.

A new engine is one new file with a subclass of `Engine`, and an entry in the tuple `qconv.simulate.choose.ENGINES`.
Engines give raw expectations of observables. What a readout makes of them, and how many patches run at once, is not
theirs (`Evaluation`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from qconv.circuit.circuit import Circuit, example_encoding
from qconv.lowering.encoded_states import is_product
from qconv.simulate.chunks import in_chunks
from qconv.simulate.counts import MOST_QUBITS, Counts, Work
from qconv.simulate.rates import Rate, Rates

Observables = Float[Array, "observables columns"]
"""Expectations of the observables of a circuit, for patches as columns."""


class Cost(NamedTuple):
    """What an engine takes for an evaluation and its gradient."""

    once: float
    """Seconds for what all patches share."""
    flops: float
    """Floating-point operations for each patch, in matrix products, forward."""
    numbers: float
    """Numbers written for each patch, forward."""
    seconds: float
    """For each patch, forward and, if there are angles, backward, with its share of `once`."""


class Numbers(NamedTuple):
    """How many numbers an engine keeps for an evaluation and its gradient."""

    shared: float | int
    """For all patches together."""
    each: float | int
    """For each of the patches that run at once."""
    at_once: int
    """Patches that run at once, at most."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The expectations of one circuit with its angles, as a function of patches.

    Attributes:
        observables: of a chunk of patches, (pixels, chunk).
        at_once: patches of a chunk, at most.
    """

    observables: Callable[[Float[Array, "pixels chunk"]], Observables]
    at_once: int

    def read(
        self, decode: Callable[[Observables], Float[Array, "channels _"]], columns: Float[Array, "pixels columns"]
    ) -> Float[Array, "channels columns"]:
        """What `decode` makes of the expectations of all patches, chunk by chunk."""
        return in_chunks(lambda chunk: decode(self.observables(chunk)), columns, self.at_once)


@dataclass(frozen=True, eq=False)
class Table:
    """The expectations of the few states that patches can be in, and which of them each patch is in.

    Attributes:
        observables: of all these states, (observables, states).
        rows: the state of each patch; the number of states where a patch is in none, and all its channels are NaN.
    """

    observables: Observables
    rows: Callable[[Float[Array, "pixels columns"]], Int[Array, " columns"]]

    def read(
        self, decode: Callable[[Observables], Float[Array, "channels _"]], columns: Float[Array, "pixels columns"]
    ) -> Float[Array, "channels columns"]:
        """What `decode` makes of the expectations of each state, looked up for all patches."""
        results = jnp.pad(decode(self.observables), ((0, 0), (0, 1)), constant_values=jnp.nan)
        return results[:, self.rows(columns)]


class Engine(ABC):
    """A way to compute what circuits measure. Subclasses have no state."""

    name: ClassVar[str]
    """What users call it."""
    most_qubits: ClassVar[float] = MOST_QUBITS
    """Qubits of the largest register that the engine is chosen for by itself."""

    def refusal(self, circuit: Circuit, patch_size: int) -> str | None:
        """Why the engine cannot take a circuit, as the end of a sentence that begins with its name; None if it can."""
        return None

    @abstractmethod
    def cost(self, counts: Counts, patches: int, rates: Rates) -> Cost | None:
        """What the engine takes for a circuit that it can take; None if it is never to be chosen by itself.

        Args:
            counts: of the circuit.
            patches: how many there are to share the angles, about.
            rates: of the machine.
        """

    @abstractmethod
    def numbers(self, counts: Counts, dtype: np.dtype) -> Numbers:
        """How many numbers of `dtype` the engine keeps, within a factor of two."""

    @abstractmethod
    def evaluation(
        self,
        circuit: Circuit,
        patch_size: int,
        theta: Float[Array, "..."],
        scaling: Float[Array, "blocks pixels"] | None = None,
    ) -> Evaluation | Table:
        """The expectations of a circuit with the angles `theta`; see `qconv.simulate.expectations.expectations`."""


def cost(
    counts: Counts, patches: int, rates: Rates, rate: Rate, backward: int, work: Work, called: int, once: float = 0.0
) -> Cost:
    """The cost of an engine.

    Args:
        counts: of the circuit.
        patches: how many there are to share the angles.
        rates: of the machine.
        rate: of the kind of work that is done for each patch.
        backward: forward and backward evaluation, in forward ones: in chunks, the backward one starts with another
            forward one.
        work: for each patch.
        called: operations that are called.
        once: seconds for what all patches share.
    """
    flops, numbers = work
    step = backward if counts.has_angles else 1  # else there is no gradient
    seconds = step * (once / patches + flops / rate.products + numbers / rate.numbers) + called / rates.calls / patches
    return Cost(float(once), float(flops), float(numbers), seconds)


def patches_at_once(chunk_bytes: int, numbers: int, dtype: np.dtype) -> int:
    """Patches of a chunk of so many bytes, if each has so many numbers of `dtype`: at least one."""
    return max(1, chunk_bytes // (numbers * np.dtype(dtype).itemsize))


def refusal_of_joined(circuit: Circuit, patch_size: int, least: int = 1, more: str = "") -> str | None:
    """Why an engine for independent qubits cannot take a circuit; None if it can.

    Args:
        circuit: encoding, ansatz and readout.
        patch_size: numbers of a patch.
        least: qubits, at least.
        more: what is said of them.
    """
    if circuit.reuploads:
        return f"takes one encoding apart, but reuploads = {circuit.reuploads}; allowed: 0"
    num_qubits = circuit.num_qubits(patch_size)
    if num_qubits >= least and is_product(example_encoding(circuit, patch_size)):
        return None
    return (
        f"needs an encoding with gates on single qubits only, such as Angle{more}; "
        f"this one is {type(circuit.encoding).__name__} with {num_qubits}"
    )
