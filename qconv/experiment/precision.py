"""JAX's 64-bit mode, where an experiment asks for it."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jax


def precision(dtype: str) -> AbstractContextManager[Any]:
    """JAX's 64-bit mode for float64; the program's own setting is as before afterwards."""
    return jax.enable_x64(True) if dtype == "float64" else nullcontext()
