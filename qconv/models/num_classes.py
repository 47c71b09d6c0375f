"""How many classes a network tells apart, where it does not say so itself."""

from typing import Any

import flax.linen as nn

from qconv.bounds import require
from qconv.errors import InputError
from qconv.fields import fields
from qconv.models.rebuilt import Inside, rebuilt


def with_num_classes(model: Any, num_classes: int | None) -> Any:
    """A network in which each `num_classes` that is None is the given number; the same one if there is none such.

    Args:
        model: a module; others are looked for in its fields, and so on within.
        num_classes: of the data; None where these have no classes.

    Raises:
        InputError: a module has as many outputs as there are classes, and the data have none.
    """

    def replace(module: nn.Module, inside: Inside) -> nn.Module:
        module = inside(module)
        if "num_classes" not in (own := fields(module)) or own["num_classes"] is not None:
            return module
        if num_classes is None:
            raise InputError(
                f"num_classes of {type(module).__name__} = None; allowed for data without classes: a number"
            )
        return module.clone(parent=None, num_classes=num_classes)

    return rebuilt(model, replace)


def check_num_classes(module: Any) -> None:
    """Refuses a field `num_classes` that is neither None nor at least 1.

    Raises:
        InputError: it is less.
    """
    require(module, "num_classes", module.num_classes is None or module.num_classes >= 1, "at least 1, or None")


def known_num_classes(module: Any) -> int:
    """The field `num_classes` of a module that is called.

    Raises:
        InputError: it is None, which only an experiment fills in.
    """
    if module.num_classes is None:
        raise InputError(f"num_classes of {type(module).__name__} = None; allowed outside of an experiment: a number")
    return module.num_classes
