"""What an engine is: a way to compute what circuits measure, with what it costs and needs.

A new engine is one new file with a subclass of `Engine`, and an entry in the tuple `qconv.simulate.choose.ENGINES`.
Engines give raw expectations of observables. What a readout makes of them, and how many patches run at once, is not
theirs (`qconv.simulate.evaluation`).
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, example_encoding
from qconv.lowering.encoded_states import is_product
from qconv.simulate.counts import MOST_QUBITS, Counts, Work
from qconv.simulate.evaluation import Evaluation, Table
from qconv.simulate.rates import Rate, Rates


class Cost(NamedTuple):
    """What an engine takes for an evaluation of all filters and its gradient."""

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


class Engine(ABC):
    """A way to compute what circuits measure. Subclasses have no state."""

    name: ClassVar[str]
    """What users call it."""
    most_qubits: ClassVar[float] = MOST_QUBITS
    """Qubits of the largest register that the engine is chosen for by itself."""

    def shares(self, circuit: Circuit, patch_size: int) -> bool:
        """Whether filters run together, since most of what they do with a patch is the same for all of them."""
        return False

    def together(self, circuit: Circuit, patch_size: int, filters: int) -> int:
        """How many of the filters run together: all or one. Where they scale the data, each has patches of its own."""
        return filters if self.shares(circuit, patch_size) and not circuit.trainable_scaling else 1

    def refusal(self, circuit: Circuit, patch_size: int) -> str | None:
        """Why the engine cannot take a circuit, as the end of a sentence that begins with its name; None if it can."""
        return None

    @abstractmethod
    def cost(self, counts: Counts, filters: int, patches: int, rates: Rates) -> Cost | None:
        """What the engine takes for a circuit that it can take; None if it is never to be chosen by itself.

        Args:
            counts: of the circuit.
            filters: how many run together; one, unless the engine shares something between them.
            patches: how many there are to share the angles, about.
            rates: of the machine.
        """

    @abstractmethod
    def numbers(self, counts: Counts, filters: int, dtype: np.dtype) -> Numbers:
        """How many numbers of `dtype` the engine keeps for filters that run together, within a factor of two."""

    @abstractmethod
    def evaluation(
        self,
        circuit: Circuit,
        patch_size: int,
        thetas: Float[Array, "filters ..."],
        scaling: Float[Array, "blocks pixels"] | None = None,
    ) -> Evaluation | Table:
        """The expectations of circuits with the angles `thetas`; see `qconv.simulate.expectations.expectations`.

        Args:
            circuit: encoding, ansatz and readout.
            patch_size: numbers of a patch.
            thetas: the angles of the filters that run together; of one alone, unless `shares` says more.
            scaling: factors of the patches' numbers, for one filter alone.
        """


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
