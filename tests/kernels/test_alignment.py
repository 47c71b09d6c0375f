"""Alignment: exact values, learned weights, and training."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import qconv as q
from qconv.errors import InputError
from qconv.kernels.alignment import alignment, centred, target_kernel
from qconv.kernels.stratified import stratified_order
from tests.oracle import assert_close

BALANCED = jnp.array([0, 0, 1, 1])
RNG = np.random.default_rng(0)
CLASSES = np.repeat([0, 1, 2], [30, 20, 10])
CENTRES = np.array([[0.0, 0.0], [2.0, 0.5], [-0.5, 2.0]])
X = np.concatenate([CENTRES[CLASSES] + 0.4 * RNG.normal(size=(60, 2)), 2 * RNG.normal(size=(60, 2))], axis=1)
"""Two columns that tell the classes, two that do not."""
PRODUCT = q.Circuit(q.Angle(scale=1.0), q.Identity())


def test_alignment_has_its_exact_values(x64):
    target = target_kernel(BALANCED)
    assert_close(target, np.kron(np.eye(2), np.ones((2, 2))) - 0.5, atol=1e-15)
    assert_close(alignment(jnp.eye(4), target), 1 / np.sqrt(4), atol=1e-15)
    assert_close(q.centred_alignment(jnp.eye(4), BALANCED), 1 / np.sqrt(3), atol=1e-15)
    assert_close(q.centred_alignment(3 * target + 7, BALANCED), 1, atol=1e-15)


def test_what_says_nothing_has_no_alignment_and_a_gradient(x64):
    value, gradient = jax.value_and_grad(q.centred_alignment)(jnp.ones((4, 4)), BALANCED)
    assert value == 0 and jnp.isfinite(gradient).all()
    value, gradient = jax.value_and_grad(q.centred_alignment)(jnp.eye(4), jnp.zeros(4, int))
    assert value == 0 and jnp.isfinite(gradient).all()


def test_two_classes_are_aligned_as_their_signs_are(x64):
    """Of Cortes et al., whose target is y y', also where one class is larger."""
    signs = np.where(CLASSES == 0, 1.0, -1.0)
    kernel = q.RBF(0.3)
    matrix = np.asarray(kernel(kernel.init(4), jnp.asarray(X)))
    centring = np.eye(60) - 1 / 60
    own, wanted = centring @ matrix @ centring, centring @ np.outer(signs, signs) @ centring
    expected = (own * wanted).sum() / np.linalg.norm(own) / np.linalg.norm(wanted)
    assert_close(q.centred_alignment(jnp.asarray(matrix), jnp.asarray(signs > 0, int)), expected, atol=1e-12)
    assert_close(centred(jnp.asarray(matrix)), own, atol=1e-12)


def test_the_gradient_is_that_of_differences(x64):
    kernel, points, labels = q.FidelityKernel(PRODUCT), jnp.asarray(X), jnp.asarray(CLASSES)

    def aligned(bandwidth):
        return q.centred_alignment(kernel({"bandwidth": bandwidth}, points), labels)

    found = jax.grad(aligned)(jnp.asarray(0.5))
    assert_close(found, (aligned(jnp.asarray(0.5 + 1e-5)) - aligned(jnp.asarray(0.5 - 1e-5))) / 2e-5, atol=1e-8)


def test_weights_leave_out_what_says_nothing_and_align_best(x64):
    telling, silent, broad = q.View(q.RBF(1.0), 0, 2), q.View(q.RBF(1.0), 2, 4), q.View(q.Linear(), 0, 2)
    kernel = q.KernelSum((telling, silent, broad))
    params = q.fit_weights(kernel, kernel.init(4), X, CLASSES)
    weights = np.asarray(params["weights"])
    assert weights.sum() == pytest.approx(1) and weights[1] < 0.05 * weights[0]
    points, labels = jnp.asarray(X), jnp.asarray(CLASSES)
    best = q.centred_alignment(kernel(params, points), labels)
    for other in RNG.dirichlet(np.ones(3), 200):
        assert q.centred_alignment(kernel({**params, "weights": jnp.asarray(other)}, points), labels) <= best + 1e-12
    assert params["parts"] == kernel.init(4)["parts"]


def test_weights_of_one_kernel_twice_are_those_of_it():
    matrix = q.gram(q.RBF(1.0), X)
    assert_close(q.aligned_weights([matrix, np.ones_like(matrix)], CLASSES), [1, 0], atol=1e-6)
    assert q.aligned_weights([matrix, matrix], CLASSES).sum() == pytest.approx(1)


def test_labels_may_have_any_names():
    matrices = [q.gram(q.RBF(gamma), X) for gamma in (0.1, 1.0)]
    words = np.array(["cat", "dog", "eel"])[CLASSES]
    assert np.array_equal(q.aligned_weights(matrices, words), q.aligned_weights(matrices, 7 - CLASSES))


KERNEL = q.FidelityKernel(q.Circuit(q.Angle(scale=1.0), q.HardwareEfficient(1), reuploads=1), bandwidth=2.0)


def aligned(kernel, params):
    return float(q.centred_alignment(jnp.asarray(q.gram(kernel, X, params=params)), jnp.asarray(CLASSES)))


def test_training_aligns_and_is_the_same_again():
    params = KERNEL.init(4, seed=1)
    trained = [q.train_kernel(KERNEL, params, X, CLASSES, optax.adam(0.1), num_steps=30, batch_size=30)] * 2
    assert aligned(KERNEL, trained[0].params) > aligned(KERNEL, params) + 0.1
    assert trained[0].alignments.shape == (30,)
    again = q.train_kernel(KERNEL, params, X, CLASSES, optax.adam(0.1), num_steps=30, batch_size=30)
    assert np.array_equal(again.alignments, trained[0].alignments)


def test_only_what_is_named_is_trained():
    kernel = q.KernelSum((q.View(KERNEL, 0, 2), q.View(q.ProjectedKernel(PRODUCT, q.RBF(0.01)), 2, 4)))
    params = kernel.init(4)
    found = q.train_kernel(
        kernel, params, X, CLASSES, optax.adamw(0.1, weight_decay=0.1), num_steps=3, trained=("gamma",)
    )
    before, after = jax.tree_util.tree_leaves_with_path(params), jax.tree.leaves(found.params)
    changed = {str(path[-1].key) for (path, old), new in zip(before, after, strict=True) if not np.allclose(old, new)}
    assert changed == {"gamma"}
    kept = q.train_kernel(kernel, params, X, CLASSES, optax.adam(0.1), num_steps=3, trained=("bandwidth", "weights"))
    assert np.array_equal(kept.params["parts"][0]["theta"], params["parts"][0]["theta"])


def test_a_small_gamma_stays_positive():
    kernel = q.RBF(1e-3)
    found = q.train_kernel(kernel, kernel.init(4), X, CLASSES, optax.adam(0.3), num_steps=40)
    assert 1e-3 < found.params["gamma"] < 10


def test_batches_have_the_classes_in_their_shares():
    order = stratified_order(CLASSES, seed=3)
    assert sorted(order) == list(range(60))
    for start in range(0, 60, 12):
        counts = np.bincount(CLASSES[order[start : start + 12]], minlength=3)
        assert np.abs(counts - [6, 4, 2]).max() <= 1
    assert not np.array_equal(order, stratified_order(CLASSES, seed=3, epoch=1))


def train(**changes):
    wanted: dict[str, Any] = {"x": X, "y": CLASSES, "optimizer": optax.adam(0.1), "num_steps": 2} | changes
    return q.train_kernel(KERNEL, KERNEL.init(4), **wanted)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train(y=CLASSES[:5]), r"y has shape \(5,\); allowed: \(60,\), a label for each point"),
        (lambda: train(y=np.zeros(60, int)), "y has only 0; allowed: two classes or more"),
        (lambda: train(y=CLASSES + 0.5), "y of dtype float64; allowed: labels"),
        (lambda: train(x=X * np.nan), "x has NaN or infinite numbers in row 0"),
        (lambda: train(trained=("gamma",)), "trained = 'gamma'; allowed: 'bandwidth', 'theta'"),
        (lambda: train(num_steps=0), "num_steps = 0; allowed: at least 1"),
        (lambda: train(batch_size=1), "batch_size = 1; allowed: at least 2"),
        (lambda: train(optimizer=optax.sgd(np.inf)), "is not finite after . steps; allowed: a smaller learning rate"),
        (lambda: q.fit_weights(q.RBF(), {}, X, CLASSES), "kernel = RBF; allowed: a KernelSum"),
        (lambda: q.aligned_weights([], CLASSES), "allowed: one or more"),
        (lambda: q.aligned_weights([np.eye(60), np.eye(3)], CLASSES), "allowed: one or more, all"),
        (lambda: q.aligned_weights([np.ones((60, 60))], CLASSES), "no kernel tells any two points apart"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
