"""Which values of a state are not finite: such a state is never saved, evaluated or reported."""

from typing import Any

import jax
import numpy as np


def not_finite(tree: Any) -> list[str]:
    """Paths of the arrays of a tree that hold an infinite value or a NaN, such as `params/conv/theta`."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [path_name(path) for path, leaf in leaves if not np.isfinite(np.asarray(leaf)).all()]


def path_name(path: Any) -> str:
    """The path of a leaf as a user reads it."""
    return jax.tree_util.keystr(path, simple=True, separator="/")
