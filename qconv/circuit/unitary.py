"""The `unitary` engine: the ansatz as one matrix, built once and applied to all patches as a matrix product.

All patches run the same ansatz, only their encoding differs. So its 2^n x 2^n unitary is built once a call, and

    patches -> states (patches, 2^n) -> times [Re U | Im U] -> squares -> times the observables' diagonals.

States of an encoding with real gates stay real, so the product is one of real numbers. Observables with X or Y are
measured after turning their basis to Z; those that can share a basis do.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, example_tapes, record_ansatz, record_encoding
from qconv.gates import Tape, apply_matrix, complex_dtype

_TO_Z = {
    "X": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
    "Y": np.array([[1, -1j], [1, 1j]]) / np.sqrt(2),
}
_DIAGONALS = {"I": (1, 1), "X": (1, -1), "Y": (1, -1), "Z": (1, -1), "0": (1, 0), "1": (0, 1)}


def bytes_needed(circuit: Circuit, patch_size: int, dtype: np.dtype) -> int:
    """Memory for the unitary after each gate of the ansatz, which the gradient needs."""
    num_qubits = circuit.num_qubits(patch_size)
    gates = len(example_tapes(circuit, patch_size)[1].gates)
    return (gates + 1) * 4**num_qubits * complex_dtype(dtype).itemsize


def expectations(
    circuit: Circuit, theta: Float[Array, "..."], patches: Float[Array, "patches pixels"]
) -> Float[Array, "patches channels"]:
    """See `qconv.circuit.expectations.expectations`."""
    patch_size = patches.shape[1]
    num_qubits = circuit.num_qubits(patch_size)
    states = jax.vmap(lambda patch: final_state(record_encoding(circuit, patch)))(patches)
    images = jnp.eye(2**num_qubits, dtype=theta.dtype)  # row b: the image of basis state b
    for gate in record_ansatz(circuit, theta, num_qubits).gates:
        images = apply_matrix(images, gate.matrix, gate.qubits)

    observables = circuit.observables(patch_size)
    channels: dict[int, Array] = {}
    for basis, members in _shared_bases(observables).items():
        turned = images
        for qubit, letter in enumerate(basis):
            if letter in _TO_Z:
                matrix = _TO_Z[letter].astype(complex_dtype(theta.dtype) if letter == "Y" else theta.dtype)
                turned = apply_matrix(turned, jnp.asarray(matrix), (qubit,))
        diagonals = np.stack([_diagonal(observables[member]) for member in members], axis=1)
        outputs = _measure(states, turned, diagonals)
        channels |= {member: outputs[:, column] for column, member in enumerate(members)}
    return jnp.stack([channels[index] for index in range(len(observables))], axis=1)


def final_state(tape: Tape) -> Array:
    """The state (2^n,) after the gates of a tape; real if they all are."""
    if tape.initial is None and all(len(gate.qubits) == 1 for gate in tape.gates):
        return _product_state(tape)
    ground = jnp.zeros(2**tape.num_qubits, tape.dtype).at[0].set(1)
    state = (ground if tape.initial is None else tape.initial)[None]
    for gate in tape.gates:
        state = apply_matrix(state, gate.matrix, gate.qubits)
    return state[0]


def _product_state(tape: Tape) -> Array:
    factors = [jnp.asarray([1, 0], tape.dtype)] * tape.num_qubits
    for gate in tape.gates:
        factors[gate.qubits[0]] = jnp.asarray(gate.matrix) @ factors[gate.qubits[0]]
    while len(factors) > 1:  # neighbours first: the large products come last, and there are few of them
        paired = [jnp.outer(a, b).ravel() for a, b in zip(factors[::2], factors[1::2], strict=False)]
        factors = paired + factors[2 * len(paired) :]
    return factors[0]


def _measure(states: Array, images: Array, diagonals: np.ndarray) -> Float[Array, "patches channels"]:
    """Expectations of diagonal observables (2^n, channels) after the unitary; all products are real."""
    if jnp.iscomplexobj(states):
        real, imaginary = images.real, images.imag if jnp.iscomplexobj(images) else jnp.zeros_like(images)
        unitary = jnp.block([[real, imaginary], [-imaginary, real]])
        states = jnp.concatenate([states.real, states.imag], axis=1)
    elif jnp.iscomplexobj(images):
        unitary = jnp.concatenate([images.real, images.imag], axis=1)
    else:
        unitary = images
    parts = unitary.shape[1] // len(diagonals)  # amplitudes as real numbers, or as real and imaginary parts
    weights = jnp.asarray(np.concatenate([diagonals] * parts), unitary.dtype)
    # Full float32 products: accelerators would use fewer bits by default.
    with jax.default_matmul_precision("highest"):
        return jnp.square(states @ unitary) @ weights


def _shared_bases(observables: tuple[str, ...]) -> dict[str, list[int]]:
    """Measurement bases, one letter of I, X, Y, Z a qubit, and the observables that each serves."""
    bases: dict[str, list[int]] = {}
    for index, observable in enumerate(observables):
        needed = observable.translate(str.maketrans("01", "ZZ"))
        for basis, members in bases.items():
            if all("I" in (a, b) or a == b for a, b in zip(basis, needed, strict=True)):
                merged = "".join(b if a == "I" else a for a, b in zip(basis, needed, strict=True))
                del bases[basis]
                bases[merged] = [*bases.get(merged, []), *members, index]
                break
        else:
            bases[needed] = [index]
    return bases


def _diagonal(observable: str) -> np.ndarray:
    diagonal = np.ones(1)
    for letter in observable:
        diagonal = np.kron(diagonal, _DIAGONALS[letter])
    return diagonal
