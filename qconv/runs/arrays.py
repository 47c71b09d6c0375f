"""Trees of arrays, such as the state of a run: their layout, and values that are not finite."""

from typing import Any

import jax
import numpy as np


def not_finite(tree: Any) -> list[str]:
    """Paths of the arrays of a tree that hold an infinite value or a NaN, such as `params/conv/theta`.

    A state with such is never saved, evaluated or reported.
    """
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [path_name(path) for path, leaf in leaves if not np.isfinite(np.asarray(leaf)).all()]


def path_name(path: Any) -> str:
    """The path of a leaf as a user reads it."""
    return jax.tree_util.keystr(path, simple=True, separator="/")


def layout(tree: Any) -> dict[str, str]:
    """Precision and shape of each array of a tree, by its path."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {path_name(path): f"{leaf.dtype}{list(leaf.shape)}" for path, leaf in leaves}


def first_difference(one: dict[str, str], other: dict[str, str]) -> tuple[str, str, str] | None:
    """The first path where two layouts differ, with what each has there; None where they are the same."""
    for path in one | other:
        if one.get(path) != other.get(path):
            return path, one.get(path, "absent"), other.get(path, "absent")
    return None
