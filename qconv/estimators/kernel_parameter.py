"""The parameter `kernel` of estimators."""

from typing import Any

from qconv.bounds import require
from qconv.kernels.kernel import Kernel


def require_kernel(estimator: Any) -> None:
    """Refuses a parameter `kernel` that is no `qconv.Kernel`, such as the name of one of scikit-learn's.

    Raises:
        InputError: it is none.
    """
    require(estimator, "kernel", isinstance(estimator.kernel, Kernel), "a qconv.Kernel, such as FidelityKernel()")
