"""The gates there are, each with the matrix that its parameters give.

Names and parameters are those of TensorCircuit. Angles are in radians; the first qubit of a gate is the most
significant bit of its matrix.
"""

import math
from collections.abc import Callable
from functools import lru_cache, reduce, wraps
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Inexact

from qconv.errors import InputError
from qconv.gates.sincos import sincos

Scalar = Any
"""A number: of Python, NumPy or JAX."""

Matrix = Inexact[Array, "_ _"] | Inexact[np.ndarray, "_ _"]

_I = np.eye(2)
_X = np.array([[0.0, 1], [1, 0]])
_Y = np.array([[0, -1j], [1j, 0]])
_Z = np.diag([1.0, -1])
_H = np.array([[1, 1], [1, -1]]) / math.sqrt(2)
_WROOT = np.array([[1, -math.sqrt(0.5) * (1 + 1j)], [math.sqrt(0.5) * (1 - 1j), 1]]) / math.sqrt(2)
_SWAP = np.eye(4)[[0, 2, 1, 3]]

PAULIS = {"I": _I, "X": _X, "Y": _Y, "Z": _Z}
"""The identity and the Pauli matrices."""


@lru_cache
def pauli_matrices(num_qubits: int) -> np.ndarray:
    """The products of I, X, Y and Z on all qubits, (4^n, 2^n, 2^n), in the order II, IX, ..., ZZ."""
    return np.array([reduce(np.kron, factors) for factors in product(PAULIS.values(), repeat=num_qubits)])


class Kind(NamedTuple):
    """A gate that there is: how its matrix is built, and what is known of it whatever the angles are."""

    build: Callable[..., Matrix]
    num_qubits: int | None
    """None for gates of a matrix that is given: theirs depends on it."""
    is_diagonal: bool = False
    """For all angles."""
    is_real: bool = False
    """For all angles."""
    rates: np.ndarray | None = None
    """Of a diagonal gate of an angle theta: r (2^k,), where the matrix is diag(exp(i r theta))."""
    generator: np.ndarray | None = None
    """Of a rotation by an angle theta: G (2^k, 2^k), where G^2 = 1 and the matrix is exp(-i theta/2 G)."""
    num_controls: int = 0
    """The first so many qubits are controls."""


def _constant(matrix: np.ndarray) -> Kind:
    def build(dtype: Any) -> Matrix:
        return cast(matrix, dtype)

    is_diagonal = not (matrix - np.diag(np.diag(matrix))).any()
    return Kind(build, int(math.log2(len(matrix))), is_diagonal, not np.iscomplexobj(matrix))


def is_permutation(matrix: Any) -> bool:
    """Whether a constant matrix only permutes basis states."""
    if not isinstance(matrix, np.ndarray) or not np.isin(matrix, (0, 1)).all():
        return False
    return bool((matrix.sum(0) == 1).all() and (matrix.sum(1) == 1).all())


def _turning(*rates: float) -> Kind:
    """diag(exp(i rate theta)) for each rate."""

    def build(dtype: Any, theta: Scalar = 0.0) -> Matrix:
        sin, cos = sincos(jnp.asarray(theta, dtype) * cast(np.array(rates), dtype))
        return jax.lax.complex(cos, sin)[:, None] * np.eye(len(rates), dtype=complex_dtype(dtype))

    symmetric = all(abs(rate) == 0.5 for rate in rates)
    generator = np.diag([-2 * rate for rate in rates]) if symmetric else None
    return Kind(build, int(math.log2(len(rates))), is_diagonal=True, rates=np.array(rates), generator=generator)


def _rotation(pauli: np.ndarray) -> Kind:
    """exp(-i theta/2 P) = cos(theta/2) I - i sin(theta/2) P; real for P = Y."""

    def build(dtype: Any, theta: Scalar = 0.0) -> Matrix:
        return exponential(pauli, jnp.asarray(theta, dtype) / 2, dtype)

    direction = derivative(pauli)
    return Kind(build, int(math.log2(len(pauli))), is_real=not np.iscomplexobj(direction), generator=pauli)


def exponential(generator: np.ndarray | Array, theta: Scalar, dtype: Any) -> Any:
    """exp(-i theta G) for a G with G^2 = 1: (..., 2^k, 2^k) for theta (...)."""
    theta = jnp.asarray(theta, dtype)
    places = (None,) * theta.ndim
    identity, direction = (cast(matrix, dtype)[places] for matrix in (np.eye(len(generator)), derivative(generator)))
    sin, cos = sincos(theta)
    still, turned = cos[..., None, None] * identity, jnp.multiply(*in_one_dtype(sin[..., None, None], direction))
    return jnp.add(*in_one_dtype(still, turned))


def derivative(generator: np.ndarray | Array) -> Any:
    """-i G, of a real dtype if it is real: exp(-i theta G) by theta, at 0."""
    direction = -1j * generator.astype(complex_dtype(generator.dtype))
    return direction if isinstance(direction, Tracer) or direction.imag.any() else direction.real


def _u(dtype: Any, theta: Scalar = 0.0, phi: Scalar = 0.0, lbd: Scalar = 0.0) -> Matrix:
    """OpenQASM 3's U(theta, phi, lambda) = phase(phi) RY(theta) phase(lambda)."""
    sin, cos = sincos(jnp.stack([jnp.asarray(angle, dtype) for angle in (theta / 2, phi, lbd)]))
    phases, cosine, sine, minus = in_one_dtype(jax.lax.complex(cos, sin), cos[0], sin[0], -sin[0])
    entries = [cosine, minus * phases[2], sine * phases[1], cosine * phases[1] * phases[2]]
    return jnp.stack(entries).reshape(2, 2)


def _r(dtype: Any, theta: Scalar = 0.0, alpha: Scalar = 0.0, phi: Scalar = 0.0) -> Matrix:
    """exp(-i theta (sin(alpha) cos(phi) X + sin(alpha) sin(phi) Y + cos(alpha) Z))."""
    target = complex_dtype(dtype)
    (sin, cos), (sin_alpha, cos_alpha), (sin_phi, cos_phi) = (
        sincos(jnp.asarray(a, dtype)) for a in (theta, alpha, phi)
    )
    axis = (sin_alpha * cos_phi, sin_alpha * sin_phi, cos_alpha)
    paulis = (np.asarray(-1j * pauli, target) for pauli in (_X, _Y, _Z))
    direction = sum(a.astype(target) * pauli for a, pauli in zip(axis, paulis, strict=True))
    return cos.astype(target) * np.asarray(_I, target) + sin.astype(target) * direction


def _iswap(dtype: Any, theta: Scalar = 1.0) -> Matrix:
    """`theta` is a fraction of pi/2 here, as in TensorCircuit: 1 is the full iSWAP."""
    sin, cos = sincos(jnp.asarray(theta, dtype) * (math.pi / 2))
    inner, target = np.diag([0.0, 1, 1, 0]), complex_dtype(dtype)
    outer, still, swapped = (np.asarray(matrix, target) for matrix in (np.eye(4) - inner, inner, 1j * (inner @ _SWAP)))
    return outer + cos.astype(target) * still + sin.astype(target) * swapped


def _any(dtype: Any, unitary: Any) -> Matrix:
    """A given unitary, as a matrix or with one axis of length 2 for each qubit in and out."""
    size = side(unitary)
    return cast(unitary if isinstance(unitary, jax.Array) else np.asarray(unitary), dtype).reshape(size, size)


def side(unitary: Any) -> int:
    """The side 2^k of the matrix of a unitary on k qubits, given as a matrix or with an axis for each qubit.

    Raises:
        InputError: an array that is neither.
    """
    shape = np.shape(unitary)
    size = math.isqrt(math.prod(shape))
    if shape not in ((size, size), (2,) * (2 * (size.bit_length() - 1))) or size & (size - 1):
        raise InputError(f"unitary has shape {shape}; allowed: (2^k, 2^k), or 2k axes of length 2")
    return size


def _exp(dtype: Any, unitary: Any, theta: Scalar) -> Matrix:
    """exp(-i theta H) for any Hermitian H."""
    angle, hamiltonian = (
        values.astype(complex_dtype(dtype)) for values in (jnp.asarray(theta, dtype), _any(dtype, unitary))
    )
    return jax.scipy.linalg.expm(-1j * angle * hamiltonian)


def _exp1(dtype: Any, unitary: Any, theta: Scalar, half: bool = False) -> Matrix:
    """exp(-i theta H) for an H with H^2 = 1; `half` halves the angle."""
    angle = jnp.asarray(theta, dtype) * (0.5 if half else 1.0)
    shape = _any(dtype, unitary).shape
    return exponential(np.reshape(unitary, shape), angle, dtype)


def _su4(dtype: Any, theta: Any) -> Matrix:
    """exp(-i sum_k theta_k P_k) over the 15 two-qubit Paulis IX, IY, ..., ZZ."""
    angles, paulis = in_one_dtype(jnp.asarray(theta, dtype), cast(pauli_matrices(2)[1:], dtype))
    generator = jnp.einsum("k,kab->ab", angles, paulis)
    return jax.scipy.linalg.expm(-1j * generator)


def _multicontrol(dtype: Any, unitary: Any, ctrl: Any = 1) -> Matrix:
    matrix = _any(dtype, unitary)
    for value in reversed([ctrl] if isinstance(ctrl, int) else list(ctrl)):
        matrix = _control(matrix, value)
    return matrix


def _controlled(kind: Kind, value: int = 1) -> Kind:
    """The gate where the first qubit is in state `value`, else nothing."""

    def build(dtype: Any, **params: Any) -> Matrix:
        return _control(kind.build(dtype, **params), value)

    assert kind.num_qubits is not None
    rates = kind.rates
    if rates is not None:
        rates = np.concatenate([np.zeros_like(rates), rates] if value else [rates, np.zeros_like(rates)])
    named = wraps(kind.build)(build)  # keeps the names of the parameters
    return Kind(
        named,
        kind.num_qubits + 1,
        kind.is_diagonal,
        kind.is_real,
        rates=rates,
        num_controls=kind.num_controls + 1,
    )


def _control(matrix: Matrix, value: int) -> Matrix:
    xp = np if isinstance(matrix, np.ndarray) else jnp
    identity, zeros = np.eye(len(matrix), dtype=matrix.dtype), np.zeros(matrix.shape, matrix.dtype)
    blocks = [[matrix, zeros], [zeros, identity]] if value == 0 else [[identity, zeros], [zeros, matrix]]
    return xp.block(blocks)


def cast(matrix: Any, dtype: Any) -> Any:
    """To the precision of the real `dtype`; real stays real, and NumPy stays NumPy: a constant needs no tracing."""
    target = complex_dtype(dtype) if np.iscomplexobj(matrix) else np.dtype(dtype)
    return matrix.astype(target) if isinstance(matrix, jax.Array) else np.asarray(matrix, target)


def in_one_dtype(*values: Any) -> tuple[Any, ...]:
    """What JAX makes of real and complex numbers by itself, unless its strict promotion is on; those of Python stay."""
    with jax.numpy_dtype_promotion("standard"):
        dtype = jnp.result_type(*values)
    return tuple(value.astype(dtype) if hasattr(value, "astype") else value for value in values)


def complex_dtype(dtype: Any) -> np.dtype:
    """The complex dtype of a precision: complex64 for float32, complex128 for float64."""
    return np.result_type(np.dtype(dtype), np.complex64)


_FIXED = {"i": _I, "x": _X, "y": _Y, "z": _Z, "h": _H, "s": np.diag([1, 1j]), "wroot": _WROOT, "swap": _SWAP} | {
    "t": np.diag([1, np.exp(0.25j * math.pi)])
}
_PAULI_ROTATIONS = {"rx": _X, "ry": _Y, "rxx": np.kron(_X, _X), "ryy": np.kron(_Y, _Y)}

KINDS: dict[str, Kind] = {
    **{name: _constant(matrix) for name, matrix in _FIXED.items()},
    **{f"{name}d": _constant(_FIXED[name].conj().T) for name in ("s", "t")},
    **{name: _rotation(pauli) for name, pauli in _PAULI_ROTATIONS.items()},
    **{"rz": _turning(-0.5, 0.5), "rzz": _turning(-0.5, 0.5, 0.5, -0.5), "phase": _turning(0.0, 1.0)},
    **{"u": Kind(_u, 1), "r": Kind(_r, 1), "iswap": Kind(_iswap, 2)},
    **{"su4": Kind(_su4, 2), "any": Kind(_any, None), "exp": Kind(_exp, None), "exp1": Kind(_exp1, None)},
    "multicontrol": Kind(_multicontrol, None),
}
KINDS |= {"cnot": _controlled(KINDS["x"])}
KINDS |= {f"c{name}": _controlled(KINDS[name]) for name in ("y", "z", "rx", "ry", "rz", "phase", "u", "r")}
KINDS |= {f"o{name}": _controlled(KINDS[name], 0) for name in ("x", "y", "z", "rx", "ry", "rz")}
KINDS |= {"toffoli": _controlled(KINDS["cnot"]), "fredkin": _controlled(KINDS["swap"])}

SETTINGS = {"unitary", "ctrl", "half"}
"""Parameters of gates that are no angles."""

ALIASES = {"cx": "cnot", "cswap": "fredkin", "ccnot": "toffoli", "ccx": "toffoli", "unitary": "any"} | {
    "sdg": "sd",
    "tdg": "td",
}
