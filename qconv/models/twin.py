"""The classical twin of a network."""

from abc import ABC, abstractmethod
from typing import Any

import flax.linen as nn
import jax

from qconv.fields import fields
from qconv.layers.classical_twin import ClassicalTwin
from qconv.layers.quantum_layer import QuantumLayer


class WithTwin(nn.Module, ABC):
    """A module that is no quantum layer, and says itself what is in its place in a classical twin."""

    @nn.nowrap
    @abstractmethod
    def twin(self) -> nn.Module:
        """The module in its place, with outputs of the same shape."""


def classical_twin(model: Any) -> Any:
    """A network with a classical layer in the place of each quantum layer.

    A module that holds trained quantum layers, as `FromRun`, is replaced by what it says itself (`WithTwin`).

    Args:
        model: a module; layers are looked for in its fields, in tuples, lists and dicts there, and in the fields of
            modules there. One that is made in `setup` or `@nn.compact` stays: `qconv.Twin` refuses a network with such.
            Where a layer itself is transformed by `nn.vmap`, the layer in its place is not; a module around it may be.
    """
    made: dict[int, nn.Module] = {}  # a layer that is in several places stays one layer

    def replaced(part: Any) -> Any:
        if not isinstance(part, nn.Module) or isinstance(part, ClassicalTwin):
            return part
        if id(part) not in made:
            made[id(part)] = (
                part.twin().clone(name=part.name) if isinstance(part, QuantumLayer | WithTwin) else rebuilt(part)
            )
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
