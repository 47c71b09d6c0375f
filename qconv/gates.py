"""Gates, and the tape that records them.

Encodings and ansätze are written with the gate calls of `tensorcircuit.Circuit`: `circuit.ry(0, theta=x)`,
`circuit.cnot(0, 1)`, `circuit.unitary(0, 1, unitary=matrix)`. Such a function runs on a TensorCircuit circuit and on a
`Tape` alike. The tape needs no TensorCircuit, whose import costs seconds: it keeps each gate as a small matrix, which
engines apply and drawings show.

Qubit q is bit q from the left: amplitude number `b_0 b_1 ... b_(n-1)` (binary) belongs to qubit 0 in state b_0.
Angles are in radians.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Inexact

from qconv.errors import InputError
from qconv.sincos import sincos

CircuitBuilder = Any
"""What encodings and ansätze append their gates to: a `Tape`, or a `tensorcircuit.Circuit` that was given the attribute
`num_qubits`."""

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
_PAULIS = {"I": _I, "X": _X, "Y": _Y, "Z": _Z}
_SU4_GENERATORS = np.stack([np.kron(a, b) for a in _PAULIS.values() for b in _PAULIS.values()][1:])


class Entry(NamedTuple):
    """One of many angles or matrices. Engines take them together as well, which is less to trace and to compile."""

    values: Array
    """(gates, ...)."""
    index: int
    """Which of them."""

    @property
    def value(self) -> Array:
        """It alone."""
        return self.values[self.index]


@dataclass(frozen=True, eq=False)
class Gate:
    """One recorded gate."""

    name: str
    """As in TensorCircuit, without aliases (`cnot`, never `cx`)."""
    qubits: tuple[int, ...]
    """Where it acts; the first is the most significant bit of `matrix`."""
    params: Mapping[str, Any]
    """Its keyword arguments, angles in radians; an `Entry` for one of many."""
    dtype: Any
    """float32 or float64."""
    built: Entry | None = None
    """The matrix, if it was computed together with those of other gates."""

    @property
    def is_diagonal(self) -> bool:
        """Whether the matrix is diagonal, whatever the angles."""
        return _KINDS[self.name].is_diagonal

    @property
    def rates(self) -> np.ndarray | None:
        """For a diagonal gate of an angle theta: r (2^k,), where the matrix is diag(exp(i r theta)); else None."""
        return _KINDS[self.name].rates

    @property
    def controls(self) -> tuple[int, ...]:
        """Qubits that the gate reads and does not change: its matrix is block diagonal in them, whatever the angles."""
        if self.is_diagonal:
            return self.qubits
        if self.name == "multicontrol":
            return self.qubits[: np.size(self.params.get("ctrl", 1))]
        return self.qubits[: _KINDS[self.name].num_controls]

    @property
    def is_real(self) -> bool:
        """Whether the matrix is real, whatever the angles."""
        if self.name in ("any", "multicontrol"):
            return not jnp.iscomplexobj(self.params["unitary"])
        return _KINDS[self.name].is_real

    @cached_property
    def permutation(self) -> np.ndarray | None:
        """For a constant gate that only permutes basis states: the one that each of them comes from; else None."""
        if (self.params and self.name != "any") or not _is_permutation(self.matrix):
            return None
        return np.asarray(self.matrix).argmax(axis=1)

    @cached_property
    def matrix(self) -> Matrix:
        """(2^k, 2^k), built when asked for; of a real dtype if the gate is real, and of NumPy if it is a constant."""
        if self.built is not None:
            return self.built.value
        return _KINDS[self.name].build(self.dtype, **{key: value_of(param) for key, param in self.params.items()})

    def with_matrix(self, matrix: Entry) -> "Gate":
        """The same gate, its matrix computed elsewhere."""
        return replace(self, built=matrix)

    def with_params(self, params: Mapping[str, Any]) -> "Gate":
        """The same kind of gate with other angles."""
        return replace(self, params=params, built=None)


def value_of(param: Any) -> Any:
    """A parameter of a gate, taken apart from those that were given with it."""
    return param.value if isinstance(param, Entry) else param


class _Kind(NamedTuple):
    """One entry of the gate table."""

    build: Callable[..., Matrix]
    num_qubits: int | None
    """None for gates of a matrix that is given: theirs depends on it."""
    is_diagonal: bool = False
    """For all angles."""
    is_real: bool = False
    """For all angles."""
    rates: np.ndarray | None = None
    """As in `Gate`."""
    num_controls: int = 0
    """The first so many qubits are controls."""


def _constant(matrix: np.ndarray) -> _Kind:
    def build(dtype: Any) -> Matrix:
        return _cast(matrix, dtype)

    is_diagonal = not (matrix - np.diag(np.diag(matrix))).any()
    return _Kind(build, int(math.log2(len(matrix))), is_diagonal, not np.iscomplexobj(matrix))


def _is_permutation(matrix: Any) -> bool:
    if not isinstance(matrix, np.ndarray) or not np.isin(matrix, (0, 1)).all():
        return False
    return bool((matrix.sum(0) == 1).all() and (matrix.sum(1) == 1).all())


def _turning(*rates: float) -> _Kind:
    """diag(exp(i rate theta)) for each rate."""

    def build(dtype: Any, theta: Scalar = 0.0) -> Matrix:
        sin, cos = sincos(jnp.asarray(theta, dtype) * _cast(np.array(rates), dtype))
        return jax.lax.complex(cos, sin)[:, None] * _cast(np.eye(len(rates)), dtype)

    return _Kind(build, int(math.log2(len(rates))), is_diagonal=True, rates=np.array(rates))


def _rotation(pauli: np.ndarray) -> Callable[..., Matrix]:
    """exp(-i theta/2 P) = cos(theta/2) I - i sin(theta/2) P; real for P = Y."""

    def build(dtype: Any, theta: Scalar = 0.0) -> Matrix:
        return exponential(pauli, jnp.asarray(theta, dtype) / 2, dtype)

    return build


def exponential(generator: np.ndarray | Array, theta: Scalar, dtype: Any) -> Matrix:
    """exp(-i theta G) for a G with G^2 = 1."""
    direction = -1j * generator
    if not isinstance(direction, Tracer) and not direction.imag.any():
        direction = direction.real
    identity = _cast(np.eye(len(generator)), dtype)
    sin, cos = sincos(jnp.asarray(theta, dtype))
    return cos * identity + sin * _cast(direction, dtype)


def _u(dtype: Any, theta: Scalar = 0.0, phi: Scalar = 0.0, lbd: Scalar = 0.0) -> Matrix:
    """OpenQASM 3's U(theta, phi, lambda) = phase(phi) RY(theta) phase(lambda)."""
    phase = _turning(0.0, 1.0).build
    return phase(dtype, phi) @ _rotation(_Y)(dtype, theta) @ phase(dtype, lbd)


def _r(dtype: Any, theta: Scalar = 0.0, alpha: Scalar = 0.0, phi: Scalar = 0.0) -> Matrix:
    """exp(-i theta (sin(alpha) cos(phi) X + sin(alpha) sin(phi) Y + cos(alpha) Z))."""
    (sin, cos), (sin_alpha, cos_alpha), (sin_phi, cos_phi) = (
        sincos(jnp.asarray(a, dtype)) for a in (theta, alpha, phi)
    )
    axis = (sin_alpha * cos_phi, sin_alpha * sin_phi, cos_alpha)
    direction = sum(a * _cast(-1j * pauli, dtype) for a, pauli in zip(axis, (_X, _Y, _Z), strict=True))
    return cos * _cast(_I, dtype) + sin * direction


def _iswap(dtype: Any, theta: Scalar = 1.0) -> Matrix:
    """`theta` is a fraction of pi/2 here, as in TensorCircuit: 1 is the full iSWAP."""
    sin, cos = sincos(jnp.asarray(theta, dtype) * (math.pi / 2))
    inner = np.diag([0.0, 1, 1, 0])
    return _cast(np.eye(4) - inner, dtype) + cos * _cast(inner, dtype) + sin * _cast(1j * (inner @ _SWAP), dtype)


def _any(dtype: Any, unitary: Any) -> Matrix:
    """A given unitary, as a matrix or with one axis of length 2 for each qubit in and out."""
    size = _side(unitary)
    return _cast(unitary if isinstance(unitary, jax.Array) else np.asarray(unitary), dtype).reshape(size, size)


def _side(unitary: Any) -> int:
    """2^k of a unitary on k qubits."""
    shape = np.shape(unitary)
    size = math.isqrt(math.prod(shape))
    if shape not in ((size, size), (2,) * (2 * (size.bit_length() - 1))) or size & (size - 1):
        raise InputError(f"unitary has shape {shape}; allowed: (2^k, 2^k), or 2k axes of length 2")
    return size


def _exp(dtype: Any, unitary: Any, theta: Scalar) -> Matrix:
    """exp(-i theta H) for any Hermitian H."""
    return jax.scipy.linalg.expm(-1j * jnp.asarray(theta, dtype) * _any(dtype, unitary))


def _exp1(dtype: Any, unitary: Any, theta: Scalar, half: bool = False) -> Matrix:
    """exp(-i theta H) for an H with H^2 = 1; `half` halves the angle."""
    angle = jnp.asarray(theta, dtype) * (0.5 if half else 1.0)
    shape = _any(dtype, unitary).shape
    return exponential(np.reshape(unitary, shape), angle, dtype)


def _su4(dtype: Any, theta: Any) -> Matrix:
    """exp(-i sum_k theta_k P_k) over the 15 two-qubit Paulis IX, IY, ..., ZZ."""
    generator = jnp.einsum("k,kab->ab", jnp.asarray(theta, dtype), _cast(_SU4_GENERATORS, dtype))
    return jax.scipy.linalg.expm(-1j * generator)


def _multicontrol(dtype: Any, unitary: Any, ctrl: Any = 1) -> Matrix:
    matrix = _any(dtype, unitary)
    for value in reversed([ctrl] if isinstance(ctrl, int) else list(ctrl)):
        matrix = _control(matrix, value)
    return matrix


def _controlled(kind: _Kind, value: int = 1) -> _Kind:
    """The gate where the first qubit is in state `value`, else nothing."""

    def build(dtype: Any, **params: Any) -> Matrix:
        return _control(kind.build(dtype, **params), value)

    assert kind.num_qubits is not None
    rates = kind.rates
    if rates is not None:
        rates = np.concatenate([np.zeros_like(rates), rates] if value else [rates, np.zeros_like(rates)])
    named = wraps(kind.build)(build)  # keeps the names of the parameters
    return _Kind(named, kind.num_qubits + 1, kind.is_diagonal, kind.is_real, rates, kind.num_controls + 1)


def _control(matrix: Matrix, value: int) -> Matrix:
    xp = np if isinstance(matrix, np.ndarray) else jnp
    identity, zeros = np.eye(len(matrix), dtype=matrix.dtype), np.zeros(matrix.shape, matrix.dtype)
    blocks = [[matrix, zeros], [zeros, identity]] if value == 0 else [[identity, zeros], [zeros, matrix]]
    return xp.block(blocks)


def _cast(matrix: Any, dtype: Any) -> Any:
    """To the precision of the real `dtype`; real stays real, and NumPy stays NumPy: a constant needs no tracing."""
    target = complex_dtype(dtype) if np.iscomplexobj(matrix) else np.dtype(dtype)
    return matrix.astype(target) if isinstance(matrix, jax.Array) else np.asarray(matrix, target)


def x64_enabled() -> bool:
    """Whether JAX's 64-bit mode is on here; without it float64 silently becomes float32."""
    return jnp.zeros(0, float).dtype == np.float64


def complex_dtype(dtype: Any) -> np.dtype:
    """complex64 for float32 and complex128 for float64."""
    return np.result_type(np.dtype(dtype), np.complex64)


_FIXED = {"i": _I, "x": _X, "y": _Y, "z": _Z, "h": _H, "s": np.diag([1, 1j]), "wroot": _WROOT, "swap": _SWAP} | {
    "t": np.diag([1, np.exp(0.25j * math.pi)])
}
_PAULI_ROTATIONS = {"rx": _X, "ry": _Y, "rxx": np.kron(_X, _X), "ryy": np.kron(_Y, _Y)}

_KINDS: dict[str, _Kind] = {
    **{name: _constant(matrix) for name, matrix in _FIXED.items()},
    **{f"{name}d": _constant(_FIXED[name].conj().T) for name in ("s", "t")},
    **{
        name: _Kind(_rotation(pauli), int(math.log2(len(pauli))), is_real=name == "ry")
        for name, pauli in _PAULI_ROTATIONS.items()
    },
    **{"rz": _turning(-0.5, 0.5), "rzz": _turning(-0.5, 0.5, 0.5, -0.5), "phase": _turning(0.0, 1.0)},
    **{"u": _Kind(_u, 1), "r": _Kind(_r, 1), "iswap": _Kind(_iswap, 2)},
    **{"su4": _Kind(_su4, 2), "any": _Kind(_any, None), "exp": _Kind(_exp, None), "exp1": _Kind(_exp1, None)},
    "multicontrol": _Kind(_multicontrol, None),
}
_KINDS |= {"cnot": _controlled(_KINDS["x"])}
_KINDS |= {f"c{name}": _controlled(_KINDS[name]) for name in ("y", "z", "rx", "ry", "rz", "phase", "u", "r")}
_KINDS |= {f"o{name}": _controlled(_KINDS[name], 0) for name in ("x", "y", "z", "rx", "ry", "rz")}
_KINDS |= {"toffoli": _controlled(_KINDS["cnot"]), "fredkin": _controlled(_KINDS["swap"])}

_ALIASES = {"cx": "cnot", "cswap": "fredkin", "ccnot": "toffoli", "ccx": "toffoli", "unitary": "any"} | {
    "sdg": "sd",
    "tdg": "td",
}


class Tape:
    """Records gates. Each gate of TensorCircuit is a method: `tape.rzz(0, 1, theta=0.3)`, `tape.H(0)`.

    All but `diagonal`, `rzm`, `cmz` and `mpo`, which TensorCircuit runs only with packages it does not install.

    Qubits may be given as sequences, one gate for each: `tape.ry([0, 1], theta=angles)`.

    Attributes:
        num_qubits: size of the register.
        dtype: float32 or float64; complex gates have the complex dtype of the same precision.
        initial: the state before the first gate, (2^n,); None for |0...0>.
        gates: what was recorded, in order.

    Raises:
        InputError: (by a gate) a qubit that does not exist or is named twice, a wrong number of qubits or a wrong
            parameter.
        AttributeError: no such gate.
    """

    def __init__(self, num_qubits: int, dtype: Any = np.float32) -> None:
        self.num_qubits = num_qubits
        self.dtype = dtype
        self.initial: Array | None = None
        self.gates: list[Gate] = []

    def replace_inputs(self, inputs: Array) -> None:
        """Starts from the normalised state `inputs` (2^n,) instead of |0...0>, as in TensorCircuit."""
        if np.size(inputs) != 2**self.num_qubits:
            raise InputError(
                f"the initial state has {np.size(inputs)} amplitudes; allowed: {2**self.num_qubits} "
                f"for {self.num_qubits} qubits"
            )
        self.initial = _cast(jnp.ravel(inputs), self.dtype)

    def __getattr__(self, name: str) -> Callable[..., None]:
        gate = _ALIASES.get(name.lower(), name.lower())
        if gate not in _KINDS:
            raise AttributeError(f"no gate {name!r}; allowed: {', '.join(sorted(_KINDS | _ALIASES))}")

        def append(*index: Any, **params: Any) -> None:
            if not index or isinstance(index[0], int | np.integer):
                return self._append(gate, index, params)
            lengths = {len(qubits) for qubits in index} | {len(v) for v in params.values() if np.ndim(v)}
            if len(lengths) > 1:
                raise InputError(f"gate {name!r} was given sequences of lengths {sorted(lengths)}; allowed: one length")
            for position, qubits in enumerate(zip(*index, strict=True)):
                self._append(gate, qubits, {key: _element(value, position) for key, value in params.items()})

        return append

    def _append(self, name: str, qubits: tuple[int | np.integer, ...], params: dict[str, Any]) -> None:
        if "hermitian" in params:  # TensorCircuit's other name for the same argument of exp and exp1
            params = {("unitary" if key == "hermitian" else key): value for key, value in params.items()}
        params = {key: _as_array(value) for key, value in params.items()}
        signature = dict(list(inspect.signature(_KINDS[name].build).parameters.items())[1:])
        if unknown := set(params) - set(signature):
            allowed = ", ".join(signature) or "none"
            raise InputError(f"gate {name!r} has no parameter {sorted(unknown)[0]!r}; allowed: {allowed}")
        if missing := [key for key, p in signature.items() if p.default is p.empty and key not in params]:
            raise InputError(f"gate {name!r} needs a parameter {missing[0]!r}")
        if len(qubits) != (count := _num_qubits(name, params)):
            raise InputError(f"gate {name!r} acts on {count} qubits; it was given {qubits}")
        if len(set(qubits)) < len(qubits) or not all(0 <= q < self.num_qubits for q in qubits):
            raise InputError(f"gate {name!r} on qubits {qubits}; allowed: different ones of 0 .. {self.num_qubits - 1}")
        self.gates.append(Gate(name, tuple(int(q) for q in qubits), params, self.dtype))


def _element(value: Any, position: int) -> Any:
    """What one of many gates is given."""
    if isinstance(value, jax.Array) and value.ndim:
        return Entry(value, position)
    return value[position] if np.ndim(value) else value


def _as_array(value: Any) -> Any:
    """A list with traced numbers, as one array."""
    if isinstance(value, Entry):
        return value
    traced = isinstance(value, list | tuple) and any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(value))
    return jnp.asarray(value) if traced else value


def _num_qubits(name: str, params: Mapping[str, Any]) -> int:
    """Qubits that a gate acts on."""
    if (count := _KINDS[name].num_qubits) is not None:
        return count
    controls = np.size(params.get("ctrl", 1)) if name == "multicontrol" else 0
    return controls + _side(params["unitary"]).bit_length() - 1


def apply_matrix(states: Array, matrix: Matrix, qubits: tuple[int, ...]) -> Array:
    """Applies a gate to a batch of states.

    Args:
        states: (batch, 2^n).
        matrix: (2^k, 2^k).
        qubits: the k qubits it acts on, the most significant bit of the matrix first.

    Returns:
        (batch, 2^n); real if states and matrix are.
    """
    batch, size = states.shape
    k = len(qubits)
    tensor = states.reshape((batch, *(2,) * int(math.log2(size))))
    axes = [q + 1 for q in qubits]
    moved = jnp.tensordot(tensor, matrix.reshape((2,) * (2 * k)), axes=(axes, list(range(k, 2 * k))))
    return jnp.moveaxis(moved, range(-k, 0), axes).reshape(batch, size)
