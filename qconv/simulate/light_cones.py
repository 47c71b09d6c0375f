"""Expectations of wide registers, by light cones: shallow circuits at any width."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, example_encoding
from qconv.gates.tape import rows_of
from qconv.lowering.light_cones import MOST_QUBITS, LightCones, light_cones, numbers_of_gates
from qconv.simulate.evaluation import in_chunks, patches_at_once
from qconv.simulate.expectations import checked, expectations

_CHUNK_BYTES = 2**22
"""Amplitudes of the cones of one chunk of patches: what stays in the cache."""
_WORTH = 8
"""How many times as many amplitudes a register has before several programs instead of one pay for being compiled."""


def cones_pay(circuit: Circuit, patch_size: int) -> bool:
    """Whether light cones take less than the whole register, or are the only way.

    Raises:
        InputError: a wide register with cones that are too large.
    """
    num_qubits = circuit.num_qubits(patch_size)
    if num_qubits > MOST_QUBITS:
        light_cones(circuit, patch_size)
        return True
    if example_encoding(circuit, patch_size).initial is not None:
        return False
    amplitudes = sum(own.count * 2**own.num_qubits for own in light_cones(circuit, patch_size))
    return _WORTH * amplitudes <= 2**num_qubits


def cone_expectations(
    circuit: Circuit,
    theta: Float[Array, "..."],
    patches: Float[Array, "patches pixels"],
    scaling: Float[Array, "blocks pixels"] | None = None,
) -> Float[Array, "patches channels"]:
    """What `qconv.simulate.expectations.expectations` returns, each observable by the gates that it depends on.

    Cones that are the same gates with other numbers, as those of a shallow circuit of neighbours are but for its ends,
    run together: as the windows of a quantum convolution do. Pure, differentiable in all arrays.

    Args:
        circuit: encoding, ansatz and readout, on a register of any width.
        theta: angles in radians, shape `circuit.param_shape(pixels)`.
        patches: pixels row by row, the channel fastest.
        scaling: factors of the patches' numbers, as in `expectations`.

    Returns:
        Real channels.

    Raises:
        InputError: as `expectations`, and an observable that depends on too many qubits.
    """
    arrays = checked(circuit, theta, patches, scaling)
    light_cones(circuit, patches.shape[1])
    return _cone_expectations(circuit, *arrays)


@partial(jax.jit, static_argnames="circuit")
def _cone_expectations(circuit: Circuit, theta: Array, patches: Array, scaling: Array | None = None) -> Array:
    groups = light_cones(circuit, patches.shape[1])
    rows = np.argsort(np.concatenate([group.channels.ravel() for group in groups]))

    def channels(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        numbers = jax.vmap(partial(numbers_of_gates, circuit, theta, scaling), in_axes=1, out_axes=1)(chunk)
        found = jnp.concatenate([_observables(group, numbers) for group in groups])
        return circuit.readout.decode(found[rows])

    most = max(2 * 2**group.num_qubits * group.count for group in groups)
    return in_chunks(channels, patches.T, patches_at_once(_CHUNK_BYTES, most, theta.dtype)).T


def _observables(group: LightCones, numbers: Float[Array, "numbers chunk"]) -> Float[Array, "observables chunk"]:
    """Of all cones of a group, cone by cone within each observable."""
    own = [rows_of(numbers, places.tolist()) for places in group.places]  # (cones, chunk) each
    columns = (
        jnp.stack(own).reshape(len(own), -1) if own else jnp.zeros((0, group.count * numbers.shape[1]), numbers.dtype)
    )
    found = expectations(group.circuit, jnp.zeros(0, numbers.dtype), columns.T)
    return found.T.reshape(-1, numbers.shape[1])
