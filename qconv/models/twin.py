"""The classical twin of a network."""

from abc import ABC, abstractmethod
from typing import Any

import flax.linen as nn

from qconv.layers.classical_twin import ClassicalTwin
from qconv.layers.quantum_layer import QuantumLayer
from qconv.models.rebuilt import Inside, rebuilt


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

    def replace(module: nn.Module, inside: Inside) -> nn.Module:
        if isinstance(module, ClassicalTwin):
            return module
        has_own = isinstance(module, QuantumLayer | WithTwin)
        return module.twin().clone(name=module.name) if has_own else inside(module)

    return rebuilt(model, replace)
