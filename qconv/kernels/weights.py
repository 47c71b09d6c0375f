"""Learned combinations: the weights of a sum of kernels that align it best with labels."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from qconv.errors import InputError
from qconv.kernels.alignment import centred, target_kernel
from qconv.kernels.combined import KernelSum
from qconv.kernels.gram import gram
from qconv.kernels.kernel import Kernel, Params
from qconv.kernels.points import checked_labels


def fit_weights(kernel: Kernel, params: Params, x: Any, y: Any) -> Params:
    """The parameters of a `KernelSum` with the weights of `aligned_weights`; all others stay what they are.

    Args:
        kernel: a `KernelSum`.
        params: of it, as `init` gives them.
        x: training points, one in each row.
        y: a label for each.

    Raises:
        InputError: another kernel, or points or labels that are none; see also `aligned_weights`.
    """
    if not isinstance(kernel, KernelSum):
        raise InputError(f"kernel = {type(kernel).__name__}; allowed: a KernelSum, which has weights")
    parts = zip(kernel.parts, params["parts"], strict=True)
    weights = aligned_weights([gram(part, x, params=own) for part, own in parts], y)
    return {**params, "weights": jnp.asarray(weights, params["weights"].dtype)}


def aligned_weights(matrices: Sequence[Float[np.ndarray, "points points"]], y: Any) -> Float[np.ndarray, " kernels"]:
    """Weights of 0 or more, which sum to 1, with which a sum of kernels has the highest centred alignment.

    They are the non-negative least squares of the centred matrices against the target, up to a factor. Only matrices
    are needed: those who own the points need not show them.

    Source: Cortes, Mohri and Rostamizadeh, "Algorithms for learning kernels based on centered alignment", Journal of
    Machine Learning Research 13, 795 (2012).

    Args:
        matrices: one for each kernel, of the same training points.
        y: a label for each point.

    Raises:
        InputError: no matrices, matrices of other shapes, labels that are none, or kernels that are all constant.
    """
    from scipy.optimize import nnls  # costs a quarter of a second

    shapes = {matrix.shape for matrix in matrices}
    if len(shapes) != 1 or len(set(*shapes)) != 1:
        raise InputError(f"matrices of shapes {sorted(shapes)}; allowed: one or more, all (points, points)")
    target = target_kernel(jnp.asarray(checked_labels(y, len(matrices[0]))))
    columns = np.stack([np.ravel(centred(jnp.asarray(matrix))) for matrix in matrices], axis=1)
    weights, _ = nnls(columns, np.ravel(target))
    if not weights.sum() > 0:
        raise InputError("no kernel tells any two points apart; allowed: at least one that is not constant")
    return weights / weights.sum()
