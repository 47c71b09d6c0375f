"""JAX's 64-bit mode, where an experiment asks for it."""

from contextlib import AbstractContextManager
from typing import Any

import jax


def precision(dtype: str) -> AbstractContextManager[Any]:
    """JAX's 64-bit mode for float64 and its 32-bit mode for float32; the program's own is as before afterwards."""
    return jax.enable_x64(dtype == "float64")
