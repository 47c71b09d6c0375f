"""Networks with other modules in some of their places."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax

from qconv.fields import fields

Inside = Callable[[nn.Module], nn.Module]
"""From a module to the same with the modules in its fields replaced; itself where none of them is."""


def rebuilt(model: Any, replace: Callable[[nn.Module, Inside], nn.Module]) -> Any:
    """A network with other modules in some places of its fields, in tuples, lists and dicts there, and so on within.

    Args:
        model: a module, or modules in a tuple, list or dict.
        replace: a module to the one in its place; what it is given beside replaces those within a module. A module
            that stands in several places is asked about once, and stays one module.
    """
    made: dict[int, nn.Module] = {}

    def replaced(part: Any) -> Any:
        if not isinstance(part, nn.Module):
            return part
        if id(part) not in made:
            made[id(part)] = replace(part, inside)
        return made[id(part)]

    def inside(module: nn.Module) -> nn.Module:
        old = fields(module)
        new = {name: jax.tree.map(replaced, value) for name, value in old.items()}
        changed = {
            name: value
            for name, value in new.items()
            if any(a is not b for a, b in zip(jax.tree.leaves(value), jax.tree.leaves(old[name]), strict=True))
        }
        return module.clone(parent=None, **changed) if changed else module

    return jax.tree.map(replaced, model)
