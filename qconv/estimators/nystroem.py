"""Features of a quantum kernel by landmarks."""

from typing import Any, Literal, TypeVar

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from qconv.bounds import require, require_at_least
from qconv.estimators.double import double_gram, params_of
from qconv.estimators.kernel_parameter import require_kernel
from qconv.estimators.nested import SpecParams
from qconv.experiment.precision import precision
from qconv.kernels.kernel import Kernel, Params
from qconv.kernels.landmarks import choose_landmarks, inverse_root

Own = TypeVar("Own", bound="QuantumNystroem")


class QuantumNystroem(ClassNamePrefixFeaturesOutMixin, SpecParams, TransformerMixin, BaseEstimator):
    """Features whose products are about a kernel of qconv, from a few landmarks (the Nyström method).

        make_pipeline(QuantumNystroem(FidelityKernel(), n_components=300), LinearSVC())

    A linear classifier on them takes time linear in the number of points, where one on the whole matrix takes the
    square and more.

    Args:
        kernel: any `qconv.Kernel`.
        n_components: landmarks, and so features, at most: as many as there are points to choose from.
        landmarks: training points at random, or the means that k-means finds.
        params: parameters of the kernel, such as training gives them; None for those before any training.
        random_state: fixes the landmarks.

    Attributes:
        components_: the landmarks, (landmarks, columns).
        normalization_: the inverse of the root of their matrix, (landmarks, landmarks).
        params_: the parameters of the kernel.

    See `qconv.kernels.landmarks` for the sources.
    """

    def __init__(
        self,
        kernel: Kernel,
        n_components: int = 100,
        landmarks: Literal["random", "k-means"] = "random",
        params: Params | None = None,
        random_state: Any = None,
    ) -> None:
        self.kernel = kernel
        self.n_components = n_components
        self.landmarks = landmarks
        self.params = params
        self.random_state = random_state

    def fit(self: Own, X: Any, y: Any = None) -> Own:
        """Chooses the landmarks.

        Args:
            X: points, (points, columns).
            y: not looked at.

        Raises:
            ValueError: points that are none, or what the kernel refuses.
        """
        x = validate_data(self, X, dtype=np.float64)
        require_kernel(self)
        require_at_least(self, 1, "n_components")
        require(self, "landmarks", self.landmarks in ("random", "k-means"), "'random', 'k-means'")
        most = len(x) if self.landmarks == "random" else len(np.unique(x, axis=0))
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.kernel_ = self.kernel
        self.params_ = params_of(self.kernel, self.params, x.shape[1])
        with precision("float64"):
            self.components_ = choose_landmarks(x, min(self.n_components, most), seed, self.landmarks)
            self.normalization_ = inverse_root(self.kernel_, self.params_, self.components_)
        return self

    def transform(self, X: Any) -> Float[np.ndarray, "points landmarks"]:
        """The features of points.

        Args:
            X: points, (points, columns).
        """
        check_is_fitted(self)
        x = validate_data(self, X, reset=False, dtype=np.float64)
        return double_gram(self.kernel_, self.params_, x, self.components_) @ self.normalization_

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)
