"""Kernel-target alignment: how much of what a kernel says is what labels say, for any number of classes."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def alignment(left: Float[Array, "points points"], right: Float[Array, "points points"]) -> Float[Array, ""]:
    """The cosine of the angle between two matrices, <left, right> / (|left| |right|); 0 where one of them is 0.

    Source: Cristianini et al., "On kernel-target alignment", Advances in Neural Information Processing Systems 14
    (2001).
    """
    return (left * right).sum() / (_norm(left) * _norm(right))


def centred(matrix: Float[Array, "points points"]) -> Float[Array, "points points"]:
    """The matrix of the same kernel when the mean of all points is moved to 0 in the space of its features."""
    rows, columns = matrix.mean(1, keepdims=True), matrix.mean(0, keepdims=True)
    return matrix - rows - columns + matrix.mean(keepdims=True)


def target_kernel(labels: Int[Array, " points"]) -> Float[Array, "points points"]:
    """The kernel that labels ask for: 1 where two points are of one class, else 0, centred.

    Centred, that is half the product of labels -1 and 1 for two classes, whatever their shares. For more classes it
    prefers none, since it is the same whatever numbers or words the classes are called by.
    """
    return centred((labels[:, None] == labels[None]).astype(jnp.result_type(float)))


def centred_alignment(matrix: Float[Array, "points points"], labels: Int[Array, " points"]) -> Float[Array, ""]:
    """The alignment of the centred matrix of a kernel with `target_kernel`: 0 to 1, pure and differentiable.

    Without centring a kernel that calls all points alike seems to be right, and the more so the less classes are of
    one size. A matrix whose entries are all the same has 0, and so have labels that are all the same.

    Source: Cortes, Mohri and Rostamizadeh, "Algorithms for learning kernels based on centered alignment", Journal of
    Machine Learning Research 13, 795 (2012).

    Args:
        matrix: of the kernel, for the points.
        labels: number of the class of each point.
    """
    return alignment(centred(matrix), target_kernel(labels))


def _norm(matrix: Float[Array, "points points"]) -> Float[Array, ""]:
    """1 for a matrix of zeros, whose product with any other is 0 all the same: so its gradient is a number."""
    squares = jnp.square(matrix).sum()
    return jnp.sqrt(jnp.where(squares > 0, squares, 1))
