"""Kernel machines whose kernel is a sum with learned weights."""

from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from qconv.bounds import require_choices
from qconv.kernels.alignment import centred_alignment
from qconv.kernels.combined import KernelSum
from qconv.kernels.gram import gram
from qconv.kernels.kernel import Kernel, Params
from qconv.kernels.weights import aligned_weights
from qconv.procedures.kernel_fit import KernelFit


@dataclass(frozen=True)
class AlignedFit(KernelFit):
    """A fit that first finds the weights of a sum of kernels: those with which it is aligned best with the labels.

    All other kernels stay as they are, also a sum within another kernel. At each scale that is tried the weights are
    those of all training items, a number for each part: items that are left out in cross-validation have their share
    in them, and those that are tested on have none.

    Source: Cortes, Mohri and Rostamizadeh, "Algorithms for learning kernels based on centered alignment", Journal of
    Machine Learning Research 13, 795 (2012).
    """

    weights: Literal["aligned", "best"] = "aligned"
    """`aligned` for those of 0 or more with the highest centred alignment; `best` for the one part that has it alone:
    weight 1, and 0 of the others."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choices(self)

    def kernel_params(
        self,
        kernel: Kernel,
        params: Params,
        points: Float[np.ndarray, "points columns"],
        labels: Int[np.ndarray, " points"],
    ) -> Params:
        """Those of a `KernelSum` with the weights that were found; of all other kernels the same."""
        if not isinstance(kernel, KernelSum):
            return params
        parts = zip(kernel.parts, params["parts"], strict=True)
        matrices = [gram(part, points, params=own) for part, own in parts]
        if self.weights == "aligned":
            found = aligned_weights(matrices, labels)
        else:
            worth = [float(centred_alignment(jnp.asarray(matrix), jnp.asarray(labels))) for matrix in matrices]
            found = np.eye(len(matrices))[int(np.argmax(worth))]
        return {**params, "weights": jnp.asarray(found, params["weights"].dtype)}
