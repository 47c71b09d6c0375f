"""Which values a field may have: the checks that many classes share, and their one message."""

import math
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin

from qconv.errors import InputError

_MOST = 2**31 - 1
"""Of whole numbers: XLA counts in 32 bits."""
_LARGEST_SEED = 2**32 - 1
"""For scikit-learn, for NumPy's legacy generator, and for `jax.random.key`, to which 2**32 is the same as 0."""


def require(spec: Any, name: str, fits: bool, allowed: str) -> None:
    """Refuses the value of a field.

    Args:
        spec: that has the field.
        name: of the field.
        fits: whether its value is allowed.
        allowed: which values are, in words.

    Raises:
        InputError: the value does not fit.
    """
    if not fits:
        raise InputError(f"{name} = {getattr(spec, name)!r}; allowed: {allowed}")


def require_at_least(spec: Any, least: int, *names: str) -> None:
    """Refuses fields that are less than `least`; of a tuple, each number in it.

    Raises:
        InputError: a field is.
    """
    for name in names:
        value = getattr(spec, name)
        numbers = value if isinstance(value, tuple) else (value,)
        require(spec, name, all(number >= least for number in numbers), f"at least {least}")


def require_choices(spec: Any) -> None:
    """Refuses fields whose annotation is a `Literal` and whose value is none of it.

    Args:
        spec: a dataclass or a Flax module.

    Raises:
        InputError: a field has another value.
    """
    for field in fields(spec):
        if get_origin(field.type) is Literal:
            choices = get_args(field.type)
            require(spec, field.name, getattr(spec, field.name) in choices, ", ".join(map(repr, choices)))


def check_number(name: str, value: int | float) -> None:
    """Refuses numbers that NumPy and XLA cannot count to, or that are no JSON.

    Args:
        name: of the field; where it ends in "seed", the number is a seed.
        value: of the field.

    Raises:
        InputError: a float that is not finite, a whole number beyond 32 bits, a seed that is negative.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InputError(f"{name} = {value}; allowed: finite numbers")
    elif name.endswith("seed"):
        if not 0 <= value <= _LARGEST_SEED:
            raise InputError(f"{name} = {value}; allowed: 0 to {_LARGEST_SEED}")
    elif abs(value) > _MOST:
        raise InputError(f"{name} = {value}; allowed: {'at most ' if value > 0 else 'at least -'}{_MOST}")
