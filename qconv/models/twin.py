"""The classical twin of a network."""

from typing import Any

import flax.linen as nn
import jax

from qconv.errors import InputError, refusing
from qconv.fields import fields
from qconv.layers.classical_twin import ClassicalTwin
from qconv.layers.quantum_layer import QuantumLayer
from qconv.models.quantum_calls import Traced, trace

_OUTSIDE = (
    "the {} runs a quantum circuit outside of a quantum layer; make it a QuantumLayer, which has a classical twin"
)


def classical_twin(model: Any) -> Any:
    """A network with a classical layer in the place of each quantum layer.

    Args:
        model: a module; layers are looked for in its fields, in tuples, lists and dicts there, and in the fields of
            modules there. One that is made in `setup` or `@nn.compact` stays: `check_twin` refuses a network with such.
            Where a layer itself is transformed by `nn.vmap`, the layer in its place is not; a module around it may be.
    """
    made: dict[int, nn.Module] = {}  # a layer that is in several places stays one layer

    def replaced(part: Any) -> Any:
        if not isinstance(part, nn.Module) or isinstance(part, ClassicalTwin):
            return part
        if id(part) not in made:
            made[id(part)] = part.twin().clone(name=part.name) if isinstance(part, QuantumLayer) else rebuilt(part)
        return made[id(part)]

    def rebuilt(module: nn.Module) -> nn.Module:
        old = fields(module)
        new = {name: jax.tree.map(replaced, value) for name, value in old.items()}
        changed = {
            name: value
            for name, value in new.items()
            if any(a is not b for a, b in zip(jax.tree.leaves(value), jax.tree.leaves(old[name]), strict=True))
        }
        return module.clone(parent=None, **changed) if changed else module

    return jax.tree.map(replaced, model)


def check_twin(model: nn.Module, network: Traced, image_shape: tuple[int, ...]) -> None:
    """Refuses a network that its classical twin cannot be compared with: one of which a circuit stays.

    Args:
        model: the network.
        network: its trace.
        image_shape: of one image.

    Raises:
        InputError: so, or a circuit runs outside of a quantum layer, or the twin has other outputs than the network.
    """
    if not network.calls:
        if network.runs_circuits:
            raise InputError(_OUTSIDE.format("network"))
        return
    with refusing(f"the classical twin of {type(model).__name__} cannot take images of shape {image_shape}"):
        twin = trace(classical_twin(model), image_shape)
    if twin.calls:
        name = type(twin.calls[0].layer).__name__
        raise InputError(
            f"the network makes a {name} where it is called, so the classical twin would call it, too; make the {name} "
            "a field of the network"
        )
    if twin.runs_circuits:
        raise InputError(_OUTSIDE.format("classical twin, as the network,"))
    if twin.outputs.shape != network.outputs.shape:
        raise InputError(
            f"the classical twin has outputs of shape {twin.outputs.shape[1:]}; allowed: {network.outputs.shape[1:]}, "
            "that of the network"
        )
