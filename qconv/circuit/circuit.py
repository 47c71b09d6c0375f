"""A circuit: encoding and ansatz, once or several times, then readout."""

from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz, check_depth
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.bounds import require
from qconv.encoding.angle import Angle
from qconv.encoding.base import BitEncoding, Encoding
from qconv.errors import InputError
from qconv.gates.tape import Tape, x64_enabled
from qconv.readout.base import OPERATORS, Readout, as_letters, as_strings
from qconv.readout.pauli import PauliZ


@dataclass(frozen=True)
class Circuit:
    """What happens to one patch. Hashable, so it can be a static argument of `jax.jit`.

    With `reuploads` it is encoding, ansatz, encoding, ansatz, ..., readout, each ansatz with angles of its own.

    Source: Perez-Salinas et al., "Data re-uploading for a universal quantum classifier", Quantum 4:226 (2020), with
    the weights of the data that `trainable_scaling` gives. Schuld, Sweke and Meyer, "Effect of data encoding on the
    expressive power of variational quantum-machine-learning models", Physical Review A 103, 032430 (2021): of a
    number that sets one rotation, the expectations are a Fourier series of degree `reuploads` + 1.
    """

    encoding: Encoding = field(default_factory=Angle)
    """Patch to state."""
    ansatz: Ansatz = field(default_factory=HardwareEfficient)
    """The trainable part."""
    readout: Readout = field(default_factory=PauliZ)
    """State to channels. Of an ansatz that gives up qubits it sees those that are kept, numbered from 0."""
    reuploads: int = 0
    """How often encoding and ansatz are repeated after the first time."""
    trainable_scaling: bool = False
    """Whether each encoding multiplies the numbers of the patch by factors that are trained, 1 at first."""

    def __post_init__(self) -> None:
        check_depth(self.reuploads, "reuploads")
        fits = not (self.trainable_scaling and isinstance(self.encoding, BitEncoding))
        allowed = f"False with the encoding {type(self.encoding).__name__}: bits have no gradient"
        require(self, "trainable_scaling", fits, allowed)

    def num_qubits(self, patch_size: int) -> int:
        """Size of the register for patches of `patch_size` numbers."""
        return self.encoding.num_qubits(patch_size)

    def param_shape(self, patch_size: int) -> tuple[int, ...]:
        """Shape of the angles: that of the ansatz, with an axis of length `reuploads` + 1 before it if there are any.

        Raises:
            InputError: `reuploads` or `trainable_scaling` with an encoding that is not made of gates, or `reuploads`
                with an ansatz that gives up qubits.
        """
        _check_repeats(self, patch_size)
        shape = self.ansatz.param_shape(self.num_qubits(patch_size))
        return (self.reuploads + 1, *shape) if self.reuploads else shape

    def scaling_shape(self, patch_size: int) -> tuple[int, int]:
        """Shape of the factors of `trainable_scaling`: one for each encoding and number of the patch."""
        return self.reuploads + 1, patch_size

    def num_channels(self, patch_size: int) -> int:
        """Channels of one circuit."""
        return self.readout.num_channels(len(self.ansatz.kept(self.num_qubits(patch_size))))

    def num_observables(self, patch_size: int) -> int:
        """How many observables are measured, counted without writing them down."""
        return self.readout.num_observables(len(self.ansatz.kept(self.num_qubits(patch_size))))

    def observables(self, patch_size: int) -> tuple[str, ...]:
        """The observables that are measured: strings of a letter for each qubit of the register; see `Readout`.

        Raises:
            ValueError: the readout returned something else.
        """
        num_qubits = self.num_qubits(patch_size)
        kept = self.ansatz.kept(num_qubits)
        observables = self.readout.observables(len(kept))
        if set(map(len, observables)) != {len(kept)} or set("".join(observables)) - set(OPERATORS):
            wrong = next((s for s in observables if len(s) != len(kept) or set(s) - set(OPERATORS)), ())
            allowed = f"{len(kept)} of the letters {''.join(OPERATORS)}"
            raise ValueError(f"{type(self.readout).__name__} measures {wrong!r}; allowed: {allowed}")
        if kept == tuple(range(num_qubits)):
            return observables
        letters = np.full((len(observables), num_qubits), ord("I"), np.uint8)
        letters[:, kept] = as_letters(observables)
        return as_strings(letters)


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


def block_angles(circuit: Circuit, theta: Float[Array, "..."]) -> list[Float[Array, "..."]]:
    """The angles of each ansatz of a circuit, one after the other."""
    return list(theta) if circuit.reuploads else [theta]


def scaled(patches: Float[Array, "pixels ..."], scaling: Float[Array, "blocks pixels"] | None, block: int) -> Array:
    """What a block encodes: a patch, or patches as columns, times its factors."""
    return patches if scaling is None else patches * scaling[block].reshape(-1, *[1] * (patches.ndim - 1))


def example_encoding(circuit: Circuit, patch_size: int, dtype: Any = np.float32) -> Tape:
    """The encoding as recorded for some patch: which gates there are and where, and shapes of arrays in their place.

    Nothing is computed, so it is quick for any register.
    """
    return _copied(_encoding_of(circuit, patch_size, np.dtype(dtype), x64_enabled()))


def example_ansatz(circuit: Circuit, patch_size: int) -> Tape:
    """The ansatz as recorded for some angles, once even if it is repeated; see `example_encoding`."""
    return _copied(_ansatz_of(circuit, patch_size, x64_enabled()))


def _copied(tape: Tape) -> Tape:
    """A tape for one caller: its gates hold matrices once asked, which may belong to a function being traced."""
    return jax.tree.map(lambda leaf: leaf, tape)


# Engines, their costs and their memory are all asked about the same few circuits.
_kept = lru_cache(maxsize=64)


@_kept
def _encoding_of(circuit: Circuit, patch_size: int, dtype: np.dtype, x64: bool) -> Tape:
    """The encoding that is kept; in 64-bit mode, a gate may have another dtype."""
    return jax.eval_shape(partial(record_encoding, circuit), jax.ShapeDtypeStruct((patch_size,), dtype))


@_kept
def _ansatz_of(circuit: Circuit, patch_size: int, x64: bool) -> Tape:
    shape = circuit.param_shape(patch_size)[1 if circuit.reuploads else 0 :]
    record = partial(record_ansatz, circuit, num_qubits=circuit.num_qubits(patch_size))
    return jax.eval_shape(record, jax.ShapeDtypeStruct(shape, np.dtype(np.float32)))


def num_gates(circuit: Circuit, patch_size: int) -> int:
    """Gates of encoding and ansatz, with their repetitions."""
    tapes = example_encoding(circuit, patch_size), example_ansatz(circuit, patch_size)
    return (circuit.reuploads + 1) * sum(len(tape.gates) for tape in tapes)


@lru_cache(maxsize=1024)
def _check_repeats(circuit: Circuit, patch_size: int) -> None:
    """Refuses to re-upload or to scale what an encoding that sets the state encodes, and to repeat a pooling ansatz."""
    if not circuit.reuploads and not circuit.trainable_scaling:
        return
    if example_encoding(circuit, patch_size).initial is not None:
        field, allowed = ("reuploads", 0) if circuit.reuploads else ("trainable_scaling", False)
        raise InputError(
            f"{field} = {getattr(circuit, field)}; allowed: {allowed} with the encoding "
            f"{type(circuit.encoding).__name__}, which sets the state of the register instead of appending gates"
        )
    num_qubits = circuit.num_qubits(patch_size)
    kept = len(circuit.ansatz.kept(num_qubits))
    if circuit.reuploads and kept < num_qubits:
        raise InputError(
            f"reuploads = {circuit.reuploads}; allowed: 0 with the ansatz {type(circuit.ansatz).__name__}, which keeps "
            f"{kept} of {num_qubits} qubits"
        )


def check_floating(**arrays: Any) -> None:
    """Refuses arrays of integers, bools or complex numbers: as angles, whole numbers would be whole turns.

    Raises:
        InputError: an array is not of floating point.
    """
    for name, array in arrays.items():
        if not jnp.issubdtype(array.dtype, jnp.floating):
            raise InputError(
                f"{name} of dtype {array.dtype}; allowed: floating point, images in [0, 1] (uint8 divided by 255)"
            )


def real_dtype(**arrays: Any) -> np.dtype:
    """float32, or float64 if one of the arrays is and JAX's 64-bit mode is on.

    Raises:
        InputError: an array that is not of floating point.
    """
    check_floating(**arrays)
    double = x64_enabled() and any(array.dtype == np.float64 for array in arrays.values())
    return np.dtype(np.float64 if double else np.float32)
