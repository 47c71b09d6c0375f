"""Matrices of kernels in double precision, which scikit-learn computes with.

Gaussian processes factorise a matrix to which they add 1e-10 on the diagonal: single precision is too coarse for that.
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from qconv.experiment.precision import precision
from qconv.kernels.gram import gram, gram_diagonal
from qconv.kernels.kernel import Kernel, Params


def double(arrays: Any) -> Any:
    """A pytree of arrays as NumPy arrays of float64."""
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), arrays)


def params_of(kernel: Kernel, params: Params | None, columns: int) -> Params:
    """The parameters of a kernel that are given, or those before any training, in double precision."""
    # Drawn in the precision of the program: in another one the same seed gives other angles.
    return double(kernel.init(columns) if params is None else params)


def double_gram(
    kernel: Kernel,
    params: Params,
    x: Float[np.ndarray, "left columns"],
    y: Float[np.ndarray, "right columns"] | None = None,
) -> Float[np.ndarray, "left right"]:
    """`qconv.gram` in float64.

    Raises:
        InputError: points that the kernel cannot take.
    """
    with precision("float64"):
        return gram(kernel, double(x), None if y is None else double(y), double(params))


def double_diagonal(
    kernel: Kernel, params: Params, x: Float[np.ndarray, "points columns"]
) -> Float[np.ndarray, " points"]:
    """`qconv.kernels.gram.gram_diagonal` in float64.

    Raises:
        InputError: points that the kernel cannot take.
    """
    with precision("float64"):
        return gram_diagonal(kernel, double(x), double(params))
