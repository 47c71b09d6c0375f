"""Data re-uploading: the encoding on states that are there already.

    encode | U_0 | encode | U_1 | ... | encode | U_r | measure

The first encoding makes the states, as in a circuit without re-uploads; this module is for the others. A rotation about
X or Y by a number of the patch is one about Z between gates that all patches share. Those join the unitaries before and
after it, and of all rotations one phase for each amplitude is left. If all gates of the circuit are real, rotations
stay as they are: half the numbers are worth more than fewer products.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, example_encoding, record_encoding
from qconv.gates.tape import Gate
from qconv.lowering.ansatz import example_gates
from qconv.lowering.encoded_states import Run, apply_runs, own_values, runs, with_sines
from qconv.lowering.program import Columns

_ABOUT_Z = {"rx": (("h",), ("h",)), "ry": (("sd", "h"), ("h", "s"))}
"""Gates before and after a rotation about Z that make it one about X or Y."""


@dataclass(frozen=True, eq=False)
class Upload:
    """The encoding as gates on any state.

    Attributes:
        circuit: whose encoding it is.
        is_real: whether all gates of the circuit are.
        runs: the gates of some patch; the first run and the last are of gates that all patches share.
    """

    circuit: Circuit
    is_real: bool
    runs: list[Run]

    @property
    def opening(self) -> list[Gate]:
        """The shared gates before all others."""
        return self.runs[0][1]

    @property
    def closing(self) -> list[Gate]:
        """The shared gates after all others."""
        return self.runs[-1][1]

    def values(self, patches: Float[Array, "pixels columns"]) -> list[Any]:
        """What the patches have of their own between `opening` and `closing`."""

        def record(patch: Float[Array, " pixels"]) -> list[Any]:
            gates = record_encoding(self.circuit, patch).gates
            return own_values(_runs(gates, self.is_real)[1:-1])

        values = jax.vmap(record, in_axes=-1, out_axes=-1)(patches)
        # A kernel of its own: in one with what follows, XLA would compute the sines again for each amplitude.
        num_qubits = self.circuit.num_qubits(len(patches))
        return jax.lax.optimization_barrier(with_sines(self.runs[1:-1], values, num_qubits))

    def apply(self, states: Columns, values: list[Any]) -> Columns:
        """The states after all gates between `opening` and `closing`."""
        return apply_runs(self.runs[1:-1], values, states)


def upload(circuit: Circuit, patch_size: int, dtype: np.dtype) -> Upload:
    """The encoding of a circuit for patches of `patch_size` numbers."""
    gates = example_encoding(circuit, patch_size, dtype).gates
    is_real = all(gate.is_real for gate in [*gates, *example_gates(circuit, patch_size)])
    return Upload(circuit, is_real, _runs(gates, is_real))


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
    same = upload.values(patches) if scaling is None else []

    def encoded(states: Columns, factors: Array | None) -> Columns:
        return upload.apply(states, same if factors is None else upload.values(patches * factors[:, None]))

    states = encoded(first(states), None if scaling is None else scaling[1])
    if later is None:
        return states
    function, values = later

    def block(states: Columns, own: tuple[Any, Array | None]) -> tuple[Columns, None]:
        return encoded(function(own[0], states), own[1]), None

    # As a loop, so that compile time does not grow with the number of blocks.
    values = (values, None if scaling is None else scaling[2:])
    return jax.lax.scan(block, states, values, length=upload.circuit.reuploads - 1)[0]


def _runs(gates: list[Gate], is_real: bool) -> list[Run]:
    return runs(gates if is_real else [part for gate in gates for part in _about_z(gate)])


def _about_z(gate: Gate) -> list[Gate]:
    if gate.name not in _ABOUT_Z or not gate.angles:
        return [gate]
    before, after = ([Gate(name, gate.qubits, {}, gate.dtype) for name in names] for names in _ABOUT_Z[gate.name])
    return [*before, Gate("rz", gate.qubits, gate.params, gate.dtype), *after]
