"""scikit-learn's own checks of estimators, all of them and none expected to fail."""

from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import qconv as q

pytestmark = pytest.mark.usefixtures("unchecked")  # they give what annotations do not allow, and look at the error

IQP = q.FidelityKernel(q.Circuit(q.IQP(1, "chain", scale=1.0), q.Identity()))
QUICK: Any = {"max_iter": 12, "learning_rate": 0.1, "batch_size": 32}
"""Enough for the accuracy that the checks ask for."""


@parametrize_with_checks(
    [
        q.QuantumKernelSVC(q.FidelityKernel()),
        q.QuantumNystroem(q.FidelityKernel(), n_components=5),
        q.QuantumNystroem(q.ProjectedKernel(), n_components=5, landmarks="k-means"),
        q.KernelFusionClassifier([("all", IQP, slice(None)), ("first", q.RBF(), [0])], combine="learned"),
        q.KernelFusionClassifier([("all", IQP, slice(None)), ("last", q.RBF(), [-1])], combine="product"),
    ]
)
def test_kernels_pass(estimator, check):
    check(estimator)


@parametrize_with_checks([q.QuantumVectorClassifier(**QUICK)])
def test_the_vector_classifier_passes(estimator, check):
    check(estimator)


@parametrize_with_checks([q.QuantumConvClassifier(features=1, image_shape=(1, -1), kernel_size=(1, 2), **QUICK)])
def test_the_convolution_passes(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (q.QuantumKernelSVC(q.FidelityKernel()), "The number of classes has to be greater than one; got 1 class"),
        (q.QuantumVectorClassifier(), "The number of classes has to be greater than one; got 1 class"),
    ],
)
def test_one_class_has_scikit_learns_error(estimator, message):
    with pytest.raises(ValueError, match=message):
        estimator.fit(np.eye(3), ["a", "a", "a"])
