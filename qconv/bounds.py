"""Which numbers a field may have at all; narrower bounds are with the field's class."""

import math

from qconv.errors import InputError

_MOST = 2**31 - 1
"""Of whole numbers: XLA counts in 32 bits."""
_LARGEST_SEED = 2**32 - 1
"""For scikit-learn, for NumPy's legacy generator, and for `jax.random.key`, to which 2**32 is the same as 0."""


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
