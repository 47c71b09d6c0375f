"""A circuit: encoding, then ansatz, then readout."""

from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.gates import Tape
from qconv.readout.base import OPERATORS, Readout
from qconv.readout.pauli import PauliZ


@dataclass(frozen=True)
class Circuit:
    """What happens to one patch. Hashable, so it can be a static argument of `jax.jit`."""

    encoding: Encoding = field(default_factory=Angle)
    """Patch to state."""
    ansatz: Ansatz = field(default_factory=HardwareEfficient)
    """The trainable part."""
    readout: Readout = field(default_factory=PauliZ)
    """State to channels. Of an ansatz that gives up qubits it sees those that are kept, numbered from 0."""

    def num_qubits(self, patch_size: int) -> int:
        """Size of the register for patches of `patch_size` numbers."""
        return self.encoding.num_qubits(patch_size)

    def param_shape(self, patch_size: int) -> tuple[int, ...]:
        """Shape of the angles of one circuit."""
        return self.ansatz.param_shape(self.num_qubits(patch_size))

    def num_channels(self, patch_size: int) -> int:
        """Channels of one circuit."""
        return self.readout.num_channels(len(self.ansatz.kept(self.num_qubits(patch_size))))

    def observables(self, patch_size: int) -> tuple[str, ...]:
        """What is measured, one string of a letter for each qubit of the register a channel; see `Readout`.

        Raises:
            ValueError: the readout returned something else.
        """
        num_qubits = self.num_qubits(patch_size)
        kept = self.ansatz.kept(num_qubits)
        observables = self.readout.observables(len(kept))
        for string in observables:
            if len(string) != len(kept) or set(string) - set(OPERATORS):
                allowed = f"{len(kept)} of the letters {OPERATORS}"
                raise ValueError(f"{type(self.readout).__name__} measures {string!r}; allowed: {allowed}")
        letters = [dict(zip(kept, string, strict=True)) for string in observables]
        return tuple("".join(at.get(qubit, "I") for qubit in range(num_qubits)) for at in letters)


def record_encoding(circuit: Circuit, patch: Float[Array, " pixels"]) -> Tape:
    """The gates that encode `patch`."""
    tape = Tape(circuit.num_qubits(patch.shape[0]), patch.dtype)
    circuit.encoding(tape, patch)
    return tape


def record_ansatz(circuit: Circuit, theta: Float[Array, "..."], num_qubits: int) -> Tape:
    """The gates of the ansatz with angles `theta`."""
    tape = Tape(num_qubits, theta.dtype)
    circuit.ansatz(tape, theta)
    return tape


def example_encoding(circuit: Circuit, patch_size: int, dtype: Any = np.float32) -> Tape:
    """The encoding as recorded for some patch: which gates there are and where, not their values.

    Nothing is computed, so it is quick for any register.
    """
    tapes: list[Tape] = []
    patch = jax.ShapeDtypeStruct((patch_size,), np.dtype(dtype))
    jax.eval_shape(lambda patch: tapes.append(record_encoding(circuit, patch)), patch)
    return tapes[0]


def example_ansatz(circuit: Circuit, patch_size: int) -> Tape:
    """The ansatz as recorded for some angles; see `example_encoding`."""
    tapes: list[Tape] = []
    num_qubits = circuit.num_qubits(patch_size)
    theta = jax.ShapeDtypeStruct(circuit.param_shape(patch_size), np.dtype(np.float32))
    jax.eval_shape(lambda theta: tapes.append(record_ansatz(circuit, theta, num_qubits)), theta)
    return tapes[0]


def num_gates(circuit: Circuit, patch_size: int) -> int:
    """Gates of encoding and ansatz."""
    return len(example_encoding(circuit, patch_size).gates) + len(example_ansatz(circuit, patch_size).gates)


def real_dtype(*arrays: Any) -> np.dtype:
    """float32, or float64 if one of the arrays is."""
    return np.dtype(np.float64) if any(array.dtype == np.float64 for array in arrays) else np.dtype(np.float32)
