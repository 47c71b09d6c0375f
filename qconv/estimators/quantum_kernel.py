"""A kernel of qconv as a kernel of scikit-learn."""

from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.gaussian_process.kernels import Hyperparameter
from sklearn.gaussian_process.kernels import Kernel as SklearnKernel

from qconv.bounds import require
from qconv.estimators.double import double, double_diagonal, double_gram, params_of
from qconv.estimators.nested import SpecParams
from qconv.experiment.precision import precision
from qconv.kernels.kernel import Kernel, Params


class QuantumKernel(SpecParams, SklearnKernel):
    """A kernel of qconv in the form in which scikit-learn takes kernels.

        kernel = QuantumKernel(FidelityKernel(Circuit(IQP(repetitions=2), Identity())))
        SVC(kernel=kernel).fit(points, labels)
        GaussianProcessRegressor(ConstantKernel() * kernel + WhiteKernel()).fit(points, numbers)
        GridSearchCV(SVC(kernel=kernel), {"kernel__bandwidth": [0.3, 1, 3], "kernel__kernel__circuit__encoding": [...]})

    Whatever takes a kernel or a callable takes it: SVC, SVR, KernelRidge, KernelPCA, Nystroem, and Gaussian processes,
    which fit the bandwidth. It joins with kernels of scikit-learn by +, * and **. Matrices are those of `qconv.gram` in
    double precision.

    Args:
        kernel: any `qconv.Kernel`.
        params: its parameters, such as training gives them; None for those before any training.
        bandwidth: times each number of a point, before the kernel's own bandwidth; one number, or one for each column.
            A search over it compiles nothing anew, other than one over a field of the kernel.
        bandwidth_bounds: the smallest and the largest bandwidth that a fit may try, or "fixed", as a kernel of bits
            needs it.

    Raises (when called):
        InputError: the kernel cannot take the points, or the bandwidth is not a positive number for each column.
    """

    def __init__(
        self,
        kernel: Kernel,
        params: Params | None = None,
        bandwidth: Any = 1.0,
        bandwidth_bounds: tuple[float, float] | Literal["fixed"] = (1e-3, 1e2),
    ) -> None:
        self.kernel = kernel
        self.params = params
        self.bandwidth = bandwidth
        self.bandwidth_bounds = bandwidth_bounds

    @property
    def hyperparameter_bandwidth(self) -> Hyperparameter:
        """What Gaussian processes fit."""
        return Hyperparameter("bandwidth", "numeric", self.bandwidth_bounds, np.size(self.bandwidth))

    def __call__(self, X: Any, Y: Any = None, eval_gradient: bool = False) -> Any:
        """The matrix of the kernel, (points, others), in float64.

        Args:
            X: points, one in each row.
            Y: other points; None for the same.
            eval_gradient: whether the derivative by the logarithm of each bandwidth that is not fixed comes with it,
                (points, points, bandwidths).

        Raises:
            ValueError: the gradient for two sets of points.
        """
        x = np.atleast_2d(X)
        params = params_of(self.kernel, self.params, x.shape[1])
        if not eval_gradient:
            others = None if Y is None or Y is X else self._scaled(np.atleast_2d(Y))
            return double_gram(self.kernel, params, self._scaled(x), others)
        if Y is not None:
            raise ValueError("Gradient can only be evaluated when Y is None.")
        if self.hyperparameter_bandwidth.fixed:
            return double_gram(self.kernel, params, self._scaled(x)), np.empty((len(x), len(x), 0))
        with precision("float64"):
            logarithms = np.log(np.atleast_1d(self._checked_bandwidth(x.shape[1])))
            matrix, gradient = _with_gradient(self.kernel, params, logarithms, double(x))
        return np.array(matrix), np.array(gradient)

    def diag(self, X: Any) -> Float[np.ndarray, " points"]:
        """The kernel of each point with itself."""
        x = np.atleast_2d(X)
        return double_diagonal(self.kernel, params_of(self.kernel, self.params, x.shape[1]), self._scaled(x))

    def is_stationary(self) -> bool:
        """False: most are not functions of differences of points."""
        return False

    def __repr__(self) -> str:
        return f"QuantumKernel({self.kernel!r}, bandwidth={np.round(self.bandwidth, 4)})"

    def _scaled(self, points: Any) -> Float[np.ndarray, "points columns"]:
        return double(points) * self._checked_bandwidth(np.shape(points)[1])

    def _checked_bandwidth(self, columns: int) -> Float[np.ndarray, "..."]:
        found = np.asarray(self.bandwidth, np.float64)
        fits = found.shape in ((), (1,), (columns,)) and bool(np.all((found > 0) & np.isfinite(found)))
        require(self, "bandwidth", fits, f"a positive number, or {columns}, one for each column")
        return found


@partial(jax.jit, static_argnames="kernel")
def _with_gradient(
    kernel: Kernel,
    params: Params,
    logarithms: Float[Array, " bandwidths"],
    points: Float[Array, "points columns"],
) -> tuple[Float[Array, "points points"], Float[Array, "points points bandwidths"]]:
    """The matrix and its derivative by the logarithms of the bandwidths, of which there are few: forwards."""

    def matrix(logarithms: Array) -> Array:
        return kernel(params, points * jnp.exp(logarithms)[None])

    return matrix(logarithms), jax.jacfwd(matrix)(logarithms)
