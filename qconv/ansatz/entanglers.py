"""The check of a field that several ansätze share."""

from qconv.errors import InputError


def check_depth(depth: int) -> None:
    """Refuses a negative number of layers.

    Raises:
        InputError: so.
    """
    if depth < 0:
        raise InputError(f"depth = {depth}; allowed: 0 or more layers")
