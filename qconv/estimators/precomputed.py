"""Support vector machines on matrices of kernels."""

from abc import abstractmethod
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted, validate_data

from qconv.bounds import require
from qconv.estimators.labels import checked_classes
from qconv.estimators.nested import SpecParams

Own = TypeVar("Own", bound="PrecomputedSVC")


class PrecomputedSVC(SpecParams, ClassifierMixin, BaseEstimator):
    """A support vector classifier that is given the matrix of its kernel; of the points only support vectors are kept.

    A subclass has the parameters `C` and `class_weight` of scikit-learn's `SVC`, and says what the matrix is.
    """

    C: float
    class_weight: Any

    def fit(self: Own, X: Any, y: Any) -> Own:
        """Fits the classifier.

        Args:
            X: points, (points, columns).
            y: a label for each, of any kind.

        Raises:
            ValueError: points or labels that are none, a single class, or what the kernel refuses.
        """
        x, y = validate_data(self, X, y, dtype=np.float64)
        self.classes_, codes = checked_classes(y)
        require(self, "C", self.C > 0, "more than 0")
        matrix = self._training_matrix(x, codes)
        # Nothing in it is random, but without a seed it would draw from NumPy's global stream.
        machine = SVC(kernel="precomputed", C=self.C, class_weight=self.class_weight, break_ties=True, random_state=0)
        self.svc_ = machine.fit(matrix, y)
        self.support_vectors_ = x[self.svc_.support_]
        return self

    def predict(self, X: Any) -> Shaped[np.ndarray, " points"]:
        """The class of each point.

        Args:
            X: points, (points, columns).
        """
        check_is_fitted(self)
        return self.svc_.predict(self._matrix(X))

    def decision_function(self, X: Any) -> Float[np.ndarray, "points *classes"]:
        """How much speaks for each class; of two classes one number, which is positive for the second.

        Args:
            X: points, (points, columns).
        """
        check_is_fitted(self)
        return self.svc_.decision_function(self._matrix(X))

    @property
    def support_(self) -> Int[np.ndarray, " vectors"]:
        """Places of the support vectors among the training points."""
        return self.svc_.support_

    @abstractmethod
    def _training_matrix(
        self, x: Float[np.ndarray, "points columns"], codes: Int[np.ndarray, " points"]
    ) -> Float[np.ndarray, "points points"]:
        """The matrix of the training points; what of the kernel is fitted to them is kept."""

    @abstractmethod
    def _compared(
        self, x: Float[np.ndarray, "points columns"], vectors: Float[np.ndarray, "vectors columns"]
    ) -> Float[np.ndarray, "points vectors"]:
        """The kernel of new points with support vectors."""

    def _matrix(self, X: Any) -> Float[np.ndarray, "points training"]:
        """The kernel with the training points; 0 for those that are no support vectors, which are not looked at."""
        x = validate_data(self, X, reset=False, dtype=np.float64)
        found = np.zeros((len(x), *self.svc_.shape_fit_[:1]))
        found[:, self.svc_.support_] = self._compared(x, self.support_vectors_)
        return found
