"""The classical twin of a network."""

from typing import Any

import flax.linen as nn

from qconv.layers.classical_twin import ClassicalTwin
from qconv.layers.quantum_layer import QuantumLayer
from qconv.models.rebuilt import Inside, rebuilt


def classical_twin(model: Any) -> Any:
    """A network with a classical layer in the place of each quantum layer.

    Args:
        model: a module; layers are looked for in its fields, in tuples, lists and dicts there, and in the fields of
            modules there. One that is made in `setup` or `@nn.compact` stays: `qconv.Twin` refuses a network with such.
            Where a layer itself is transformed by `nn.vmap`, the layer in its place is not; a module around it may be.
    """

    def replace(module: nn.Module, inside: Inside) -> nn.Module:
        if isinstance(module, ClassicalTwin):
            return module
        return module.twin().clone(name=module.name) if isinstance(module, QuantumLayer) else inside(module)

    return rebuilt(model, replace)
