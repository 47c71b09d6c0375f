"""Data re-uploading: the encoding on states that are there already.

    encode | U_0 | encode | U_1 | ... | encode | U_r | measure

The first encoding makes the states, as in a circuit without re-uploads; this module is for the others. A rotation about
X or Y by a number of the patch is one about Z between gates that all patches share. Those join the unitaries before and
after it, and of all rotations one phase for each amplitude is left. If all gates of the circuit are real, rotations
stay as they are: half the numbers are worth more than fewer products.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, example_tapes, record_encoding
from qconv.circuit.operations import Columns, built_together, has_angles, multiply, program
from qconv.circuit.states import SHARED_BLOCK, dense
from qconv.gates import Gate

_ABOUT_Z = {"rx": (("h",), ("h",)), "ry": (("sd", "h"), ("h", "s"))}
"""Gates before and after a rotation about Z that make it one about X or Y."""


@dataclass(frozen=True, eq=False)
class Upload:
    """The encoding as gates on any state.

    Attributes:
        circuit: whose encoding it is.
        stages: its gates; in stages 0, 2, ... those that all patches share, in the others those of each patch, without
            angles. The number of stages is odd.
    """

    circuit: Circuit
    stages: list[list[Gate]]

    @property
    def opening(self) -> list[Gate]:
        """The shared gates before all others."""
        return self.stages[0]

    @property
    def closing(self) -> list[Gate]:
        """The shared gates after all others."""
        return self.stages[-1]

    def matrices(self, patches: Float[Array, "pixels columns"]) -> list[Array]:
        """The matrices (2^k, 2^k, columns) of the gates of each patch.

        Of diagonal gates real and imaginary parts of the diagonals, (2, 2^k, columns): XLA is quicker with them.
        """

        def record(patch: Float[Array, " pixels"]) -> list[Array]:
            stages = _stages(self.circuit, patch)
            gates = built_together([gate for stage in stages[1::2] for gate in stage])
            return [_diagonal(gate) if gate.is_diagonal else jnp.asarray(gate.matrix) for gate in gates]

        # A kernel of its own: in one with what follows, XLA would compute the sines again for each amplitude.
        return jax.lax.optimization_barrier(jax.vmap(record, in_axes=-1, out_axes=-1)(patches))

    def apply(self, states: Columns, matrices: list[Array]) -> Columns:
        """The states after all gates between `opening` and `closing`."""
        num_qubits = len(states).bit_length() - 1
        own = iter(matrices)
        for number, stage in enumerate(self.stages[1:-1], 1):
            if number % 2 == 0:
                states = program(stage, num_qubits, SHARED_BLOCK).run_in_order(states)
                continue
            for is_diagonal, gates in groupby([(gate, next(own)) for gate in stage], lambda pair: pair[0].is_diagonal):
                if is_diagonal:
                    states = multiply(_phases(list(gates), num_qubits), states)
                else:
                    states = reduce(lambda states, pair: dense(*pair, states), gates, states)
        return states


def upload(circuit: Circuit, patch_size: int, dtype: np.dtype) -> Upload:
    """The encoding of a circuit for patches of `patch_size` numbers."""
    found: list[list[list[Gate]]] = []
    jax.eval_shape(lambda patch: found.append(_stages(circuit, patch)), jax.ShapeDtypeStruct((patch_size,), dtype))
    plain = [[gate.with_params({}) if has_angles(gate) else gate for gate in stage] for stage in found[0]]
    return Upload(circuit, plain)


def between(
    states: Columns,
    upload: Upload,
    patches: Float[Array, "pixels columns"],
    scaling: Float[Array, "blocks pixels"] | None,
    first: Callable[[Columns], Columns],
    later: tuple[Callable[[Any, Columns], Columns], Any] | None,
) -> Columns:
    """From the states after the first encoding to those after the last, but for its `closing` gates.

    Args:
        states: after the first encoding.
        upload: the encoding.
        patches: one in each column.
        scaling: see `expectations`.
        first: from the first encoding to `opening` of the second.
        later: from `closing` of an encoding to `opening` of the next: a function of values and states, and the values
            of each, with a leading axis of length `reuploads` - 1; None if there are none.
    """
    same = upload.matrices(patches) if scaling is None else []

    def encoded(states: Columns, factors: Array | None) -> Columns:
        return upload.apply(states, same if factors is None else upload.matrices(patches * factors[:, None]))

    states = encoded(first(states), None if scaling is None else scaling[1])
    if later is None:
        return states
    function, values = later

    def block(states: Columns, own: tuple[Any, Array | None]) -> tuple[Columns, None]:
        return encoded(function(own[0], states), own[1]), None

    # As a loop, so that compile time does not grow with the number of blocks.
    values = (values, None if scaling is None else scaling[2:])
    return jax.lax.scan(block, states, values, length=upload.circuit.reuploads - 1)[0]


def _stages(circuit: Circuit, patch: Float[Array, " pixels"]) -> list[list[Gate]]:
    """See `Upload`. Each gate is in the first stage of its kind that its qubits leave open."""
    gates = record_encoding(circuit, patch).gates
    if not _is_real(circuit, len(patch)):
        gates = [part for gate in gates for part in _about_z(gate)]
    stages: list[list[Gate]] = [[]]
    reached: dict[int, int] = {}
    for gate in gates:
        stage = max(reached.get(qubit, 0) for qubit in gate.qubits)
        stage += stage % 2 != has_angles(gate)
        stages += [[]] if stage == len(stages) else []
        stages[stage].append(gate)
        reached |= dict.fromkeys(gate.qubits, stage)
    return stages if len(stages) % 2 else [*stages, []]


def _is_real(circuit: Circuit, patch_size: int) -> bool:
    return all(gate.is_real for tape in example_tapes(circuit, patch_size) for gate in tape.gates)


def _about_z(gate: Gate) -> list[Gate]:
    if gate.name not in _ABOUT_Z or not has_angles(gate):
        return [gate]
    before, after = ([Gate(name, gate.qubits, {}, gate.dtype) for name in names] for names in _ABOUT_Z[gate.name])
    return [*before, Gate("rz", gate.qubits, gate.params, gate.dtype), *after]


def _diagonal(gate: Gate) -> Array:
    diagonal = jnp.asarray(gate.matrix).diagonal()
    return jnp.stack([diagonal.real, diagonal.imag])


def _phases(gates: Sequence[tuple[Gate, Array]], num_qubits: int) -> Array:
    """The product (2^n, columns) of diagonal gates. Those within a half of the register first: they are few numbers."""
    halves: dict[tuple[bool, ...], tuple[Array, Array]] = {}
    for gate, diagonal in gates:
        half = tuple(sorted({qubit < num_qubits // 2 for qubit in gate.qubits}))
        factor = _spread(diagonal[0], gate.qubits, num_qubits), _spread(diagonal[1], gate.qubits, num_qubits)
        halves[half] = _product(halves[half], factor) if half in halves else factor
    shape = (*(2,) * num_qubits, gates[0][1].shape[-1])
    real, imaginary = (jnp.broadcast_to(part, shape) for part in reduce(_product, halves.values()))
    return jax.lax.complex(real, imaginary).reshape(-1, shape[-1])


def _product(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    """Of complex numbers given as real and imaginary part."""
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def _spread(diagonal: Array, qubits: tuple[int, ...], num_qubits: int) -> Array:
    """A diagonal (2^k, columns) with an axis for each qubit of the register, of length 1 where it does not act."""
    columns = diagonal.shape[-1]
    ordered = jnp.transpose(diagonal.reshape(*(2,) * len(qubits), columns), (*np.argsort(qubits), len(qubits)))
    return ordered.reshape(*(2 if qubit in qubits else 1 for qubit in range(num_qubits)), columns)
