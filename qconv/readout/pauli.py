"""Expectations of Pauli strings."""

from dataclasses import dataclass
from itertools import combinations

from qconv.bounds import require
from qconv.errors import InputError
from qconv.gates.wiring import check_pairs
from qconv.readout.base import Readout, on_qubits


@dataclass(frozen=True)
class PauliZ(Readout):
    """<Z> of every qubit: one channel a qubit, 1 for |0> and -1 for |1>.

    Source: PennyLane's quanvolution demo; Liu et al., "Hybrid quantum-classical convolutional neural networks",
    Science China Physics 64, 290311 (2021).
    """

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """Z on qubit 0, on qubit 1, ..."""
        return tuple(on_qubits("Z", (qubit,), num_qubits) for qubit in range(num_qubits))


@dataclass(frozen=True)
class PauliXYZ(Readout):
    """<X>, <Y> and <Z> of every qubit: 3 * num_qubits channels, the Bloch vector of each.

    Source: Huang et al., "Power of data in quantum machine learning", Nature Communications 12, 2631 (2021), whose
    projected quantum kernels are made of the states of single qubits.
    """

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """X, Y and Z on qubit 0, then on qubit 1, ..."""
        return tuple(on_qubits(letter, (qubit,), num_qubits) for qubit in range(num_qubits) for letter in "XYZ")


@dataclass(frozen=True)
class NeighborZZ(Readout):
    """<Z Z> of neighbouring qubits: num_qubits - 1 channels, or num_qubits on a ring of more than two.

    Source: the read-out of WeiNet, Wei et al., "A quantum convolutional neural network on NISQ devices", AAPPS Bulletin
    32:2 (2022), without its single-qubit terms.
    """

    ring: bool = False
    """Whether the last qubit is a neighbour of the first."""

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """ZZ on qubits (0, 1), (1, 2), ..., and (n - 1, 0) on a ring."""
        check_pairs(self, num_qubits)
        count = num_qubits if self.ring and num_qubits > 2 else num_qubits - 1
        return tuple(on_qubits("Z", (q, (q + 1) % num_qubits), num_qubits) for q in range(count))


@dataclass(frozen=True)
class AllZZ(Readout):
    """<Z Z> of every pair of qubits: num_qubits * (num_qubits - 1) / 2 channels.

    Source: the interactions of an Ising model on all pairs: Lucas, "Ising formulations of many NP problems", Frontiers
    in Physics 2, 5 (2014), section 1.
    """

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """ZZ on qubits (0, 1), (0, 2), ..., (1, 2), ..."""
        check_pairs(self, num_qubits)
        return tuple(on_qubits("Z", pair, num_qubits) for pair in combinations(range(num_qubits), 2))


@dataclass(frozen=True)
class PauliStrings(Readout):
    """Expectations of the Pauli strings given: one channel each.

    Source: Nielsen and Chuang, "Quantum Computation and Quantum Information", section 2.2.5 (expectation values).
    """

    strings: tuple[str, ...] = ("Z",)
    """Strings of I, X, Y and Z, qubit 0 first; shorter ones are filled up with I."""

    def __post_init__(self) -> None:
        for string in self.strings:
            if not string or set(string) - set("IXYZ"):
                raise InputError(f"Pauli string {string!r}; allowed: one or more of the letters I, X, Y, Z")
        require(self, "strings", bool(self.strings), "one or more Pauli strings")

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """The strings, filled up to `num_qubits` letters."""
        for string in self.strings:
            if len(string) > num_qubits:
                raise InputError(f"Pauli string {string!r} is longer than the register of {num_qubits} qubits")
        return tuple(string.ljust(num_qubits, "I") for string in self.strings)


@dataclass(frozen=True)
class Parity(Readout):
    """<Z Z ... Z>: one channel, the probability of an even number of ones minus that of an odd number.

    Source: Havlíček et al., "Supervised learning with quantum-enhanced feature spaces", Nature 567, 209 (2019), where
    the parity of the measured bits is the class.
    """

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """Z on all qubits."""
        return ("Z" * num_qubits,)
