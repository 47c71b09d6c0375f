"""The `statevector` engine: TensorCircuit's state, gate by gate, for each patch. The reference.

The only module that imports TensorCircuit, and what keeps its package-wide switches in.
"""

import os
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, block_angles, example_ansatz, example_encoding, scaled
from qconv.gates.kinds import complex_dtype
from qconv.gates.tape import Gate, x64_enabled
from qconv.lowering.fusion import after_gates
from qconv.lowering.observables import Basis, bases, expectations_in, in_order
from qconv.lowering.program import as_columns
from qconv.readout.base import OPERATORS
from qconv.simulate.counts import Counts
from qconv.simulate.engine import Engine, Numbers
from qconv.simulate.evaluation import Evaluation, Observables
from qconv.simulate.rates import Rates

_CHUNK_BYTES = 2**28
"""States that are kept for the gradient of one chunk of patches."""


class StateVector(Engine):
    """TensorCircuit's state, gate by gate, for each patch."""

    name = "statevector"

    def cost(self, counts: Counts, filters: int, patches: int, rates: Rates) -> None:
        """The reference is never chosen by itself."""

    def numbers(self, counts: Counts, filters: int, dtype: np.dtype) -> Numbers:
        """The states after each contraction, which the gradient needs."""
        needed = bytes_of_patch(counts.circuit, counts.patch_size, dtype)
        return Numbers(0, needed / np.dtype(dtype).itemsize, max(1, _CHUNK_BYTES // needed))

    def evaluation(self, circuit: Circuit, patch_size: int, thetas: Array, scaling: Array | None = None) -> Evaluation:
        """What TensorCircuit is asked for each patch."""
        (theta,) = thetas
        num_qubits, strings = circuit.num_qubits(patch_size), circuit.observables(patch_size)
        dtype = complex_dtype(theta.dtype)
        measured = bases(strings, theta.dtype)
        few = _is_few(measured)
        ground = jnp.zeros(2**num_qubits, dtype).at[0].set(1)

        def observables(chunk: Float[Array, "pixels chunk"]) -> Observables:
            with tensorcircuit(theta.dtype) as tc:

                def of_patch(patch: Float[Array, " pixels"]) -> Float[Array, " observables"]:
                    register = tc.Circuit(num_qubits, inputs=ground)
                    register.num_qubits = num_qubits
                    for block, angles in enumerate(block_angles(circuit, theta)):
                        circuit.encoding(register, scaled(patch, scaling, block))
                        circuit.ansatz(register, angles)
                    state = register.state().astype(dtype)
                    if few:
                        return jnp.stack([_expectation(state, observable) for observable in strings])
                    return in_order([(basis, _measured(state, basis)) for basis in measured])[:, 0]

                return jax.vmap(of_patch)(chunk.T).T[None]

        return Evaluation(observables, max(1, _CHUNK_BYTES // bytes_of_patch(circuit, patch_size, theta.dtype)))


def bytes_of_patch(circuit: Circuit, patch_size: int, dtype: np.dtype) -> int:
    """Memory for one patch: the state after each contraction, which the gradient needs.

    TensorCircuit joins gates on one qubit with gates on several before they meet the state.
    """
    num_qubits, observables = circuit.num_qubits(patch_size), circuit.observables(patch_size)
    tapes = example_encoding(circuit, patch_size), example_ansatz(circuit, patch_size)
    last: dict[int, Gate] = {qubit: gate for tape in tapes for gate in tape.gates for qubit in gate.qubits}
    several = (circuit.reuploads + 1) * sum(len(gate.qubits) > 1 for tape in tapes for gate in tape.gates)
    joined = several + sum(len(gate.qubits) == 1 for gate in last.values())
    own = bases(observables, np.dtype(dtype))
    measured = 2 * (len(observables) if _is_few(own) else len(own))
    return (joined + measured + 1) * 2**num_qubits * complex_dtype(dtype).itemsize


def _is_few(measured: Sequence[Basis]) -> bool:
    """Whether observables are so few that each of them is measured by itself."""
    return all(basis.is_matrix for basis in measured)


def _measured(state: Array, basis: Basis) -> Float[Array, "members 1"]:
    """The expectations of the members of a basis together, where one by one would take too many operations."""
    return expectations_in(basis, np.arange(len(state)), as_columns(after_gates(state, basis.turn)[:, None]))


def _expectation(state: Array, observable: str) -> Float[Array, ""]:
    """<state| O |state>, by applying the operator of each qubit."""
    num_qubits = len(observable)
    tensor = state.reshape((2,) * num_qubits)
    image = tensor
    for qubit, letter in enumerate(observable):
        if letter != "I":
            operator = jnp.asarray(OPERATORS[letter], state.dtype)
            image = jnp.moveaxis(jnp.tensordot(operator, image, axes=(1, qubit)), 0, qubit)
    return jnp.real(jnp.vdot(tensor, image))


_PREALLOCATE = "XLA_PYTHON_CLIENT_PREALLOCATE"
_switches = threading.RLock()


@contextmanager
def tensorcircuit(dtype: Any) -> Generator[ModuleType]:
    """TensorCircuit on JAX, with the precision of the real `dtype`; every switch is as before afterwards.

    Importing TensorCircuit takes seconds, resets `jax_enable_x64` for the whole process and sets an environment
    variable. Its backend and precision are package-wide, and `set_dtype` switches `jax_enable_x64` too.
    """
    with _switches:
        global_x64, environment = _global_x64(), os.environ.get(_PREALLOCATE)
        try:
            # The local setting rules over the global one, which TensorCircuit switches underneath. Its gates mix real
            # and complex numbers.
            with jax.enable_x64(x64_enabled()), jax.numpy_dtype_promotion("standard"):
                import tensorcircuit as tc

                backend, precision = tc.backend.name, tc.dtypestr
                try:
                    tc.set_backend("jax")
                    tc.set_dtype(complex_dtype(dtype).name)
                    yield tc
                finally:
                    tc.set_backend(backend)
                    tc.set_dtype(precision)
        finally:
            jax.config.update("jax_enable_x64", global_x64)
            if environment is None:
                os.environ.pop(_PREALLOCATE, None)
            else:
                os.environ[_PREALLOCATE] = environment


def _global_x64() -> bool:
    # A new thread has no local setting of its own, so it sees the global one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(x64_enabled).result()
