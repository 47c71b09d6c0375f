"""Support vector machines with a quantum kernel."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from qconv.estimators.double import double_gram, params_of
from qconv.estimators.kernel_parameter import require_kernel
from qconv.estimators.precomputed import PrecomputedSVC
from qconv.kernels.kernel import Kernel, Params


class QuantumKernelSVC(PrecomputedSVC):
    """A support vector classifier with any kernel of qconv.

        machine = QuantumKernelSVC(FidelityKernel(), C=10.0).fit(points, labels)
        GridSearchCV(machine, {"kernel__bandwidth": [0.1, 0.3, 1.0], "kernel__circuit__encoding__axis": ["X", "Y"]})

    Args:
        kernel: any `qconv.Kernel`.
        params: its parameters, such as training gives them; None for those before any training.
        C: price of a point on the wrong side.
        class_weight: factors of C by class, or "balanced"; None for 1.

    Attributes:
        classes_: the classes, in their order.
        params_: the parameters of the kernel.
        support_vectors_: the points that decide.
        svc_: scikit-learn's `SVC` on the precomputed matrix.
    """

    def __init__(self, kernel: Kernel, params: Params | None = None, C: float = 1.0, class_weight: Any = None) -> None:
        self.kernel = kernel
        self.params = params
        self.C = C
        self.class_weight = class_weight

    def _training_matrix(
        self, x: Float[np.ndarray, "points columns"], codes: Int[np.ndarray, " points"]
    ) -> Float[np.ndarray, "points points"]:
        require_kernel(self)
        self.kernel_ = self.kernel
        self.params_ = params_of(self.kernel, self.params, x.shape[1])
        return double_gram(self.kernel_, self.params_, x)

    def _compared(
        self, x: Float[np.ndarray, "points columns"], vectors: Float[np.ndarray, "vectors columns"]
    ) -> Float[np.ndarray, "points vectors"]:
        return double_gram(self.kernel_, self.params_, x, vectors)
