"""What kernels are computed of: points and their labels, as they are given and as they are computed with."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from qconv.errors import InputError


def checked_points(name: str, points: Any) -> Float[np.ndarray, "points columns"]:
    """Points as they are computed with: in double precision where they have it and JAX does, else in single.

    Args:
        name: what the message calls them.
        points: one in each row.

    Raises:
        InputError: not rows of finite numbers.
    """
    own = np.asarray(points)
    if own.ndim != 2 or not all(own.shape):
        raise InputError(f"{name} has shape {own.shape}; allowed: (points, columns), at least one of each")
    if own.dtype.kind not in "fiub":
        raise InputError(f"{name} of dtype {own.dtype}; allowed: numbers")
    own = own.astype(jnp.result_type(float) if own.dtype == np.float64 else np.float32)
    if not np.isfinite(own).all():
        raise InputError(f"{name} has NaN or infinite numbers in row {int(np.argmin(np.isfinite(own).all(1)))}")
    return own


def checked_labels(labels: Any, count: int) -> Int[np.ndarray, " points"]:
    """Labels as numbers of classes from 0, in the order of what they are called.

    Args:
        labels: whole numbers, words or truth values, one for each point.
        count: number of points.

    Raises:
        InputError: not as many labels as points, labels that are none, or fewer than two classes.
    """
    own = np.asarray(labels)
    if own.shape != (count,):
        raise InputError(f"y has shape {own.shape}; allowed: ({count},), a label for each point")
    if own.dtype.kind not in "iubSU":
        raise InputError(f"y of dtype {own.dtype}; allowed: labels, which are whole numbers, words or truth values")
    classes, codes = np.unique(own, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"y has only {classes[0].item()!r}; allowed: two classes or more")
    return codes
