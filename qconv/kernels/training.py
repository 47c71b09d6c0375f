"""Alignment training: the parameters of a kernel follow the gradient of its alignment with labels."""

from collections.abc import Collection
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from qconv.errors import InputError
from qconv.kernels.alignment import centred_alignment
from qconv.kernels.kernel import POSITIVE, Kernel, Params
from qconv.kernels.points import checked_labels, checked_points
from qconv.kernels.stratified import stratified_order


class TrainedKernel(NamedTuple):
    """What training has made of a kernel."""

    params: Params
    """After the last step."""
    alignments: Float[np.ndarray, " steps"]
    """Centred alignment of each batch, before its step."""


def train_kernel(
    kernel: Kernel,
    params: Params,
    x: Any,
    y: Any,
    optimizer: optax.GradientTransformation,
    *,
    num_steps: int = 200,
    batch_size: int = 100,
    seed: int = 0,
    trained: Collection[str] | None = None,
) -> TrainedKernel:
    """Raises the centred alignment of a kernel with the labels of training points, batch by batch.

    Each epoch has every point at most once, in an order in which batches have the classes in their shares. What must
    stay positive, bandwidths and gammas, is trained by its logarithm: a learning rate of 0.1 changes it by about a
    tenth at a step of Adam.

    Source: Hubregtsen et al., "Training quantum embedding kernels on near-term quantum computers", Physical Review A
    106, 042431 (2022), there uncentred and for two classes.

    Args:
        kernel: whose parameters are trained.
        params: where training starts, as `Kernel.init` gives them.
        x: training points, one in each row.
        y: a label for each.
        optimizer: of Optax.
        num_steps: batches.
        batch_size: points of a batch; all points, where there are fewer.
        seed: fixes the batches.
        trained: last names of the parameters that are trained, such as "bandwidth", in whichever part of the kernel;
            None for all.

    Raises:
        InputError: points or labels that are none, a name that no parameter has, fewer than one step, a batch of
            fewer than two points, or training that diverges.
    """
    x = checked_points("x", x)
    labels = checked_labels(y, len(x))
    if num_steps < 1:
        raise InputError(f"num_steps = {num_steps}; allowed: at least 1")
    if batch_size < 2:
        raise InputError(f"batch_size = {batch_size}; allowed: at least 2")
    points, classes = jnp.asarray(x), jnp.asarray(labels)
    transformation = optax.partition({True: optimizer, False: optax.set_to_zero()}, _chosen(params, trained))

    def loss(free: Params, rows: Int[Array, " batch"]) -> Float[Array, ""]:
        return -centred_alignment(kernel(_positive(free), points[rows]), classes[rows])

    @jax.jit
    def step(free: Params, state: Any, rows: Int[Array, " batch"]) -> tuple[Params, Any, Array]:
        found, gradients = jax.value_and_grad(loss)(free, rows)
        updates, state = transformation.update(gradients, state, free)
        updated: Any = optax.apply_updates(free, updates)
        return updated, state, -found

    free = _free(params)
    state, alignments = transformation.init(free), []
    for number in range(num_steps):
        free, state, found = step(free, state, jnp.asarray(_batch(labels, number, batch_size, seed)))
        alignments.append(found)
    course = np.asarray(jnp.stack(alignments))
    if not all(np.isfinite(leaf).all() for leaf in [course, *map(np.asarray, jax.tree.leaves(free))]):
        steps = np.isfinite(course).argmin() if not np.isfinite(course).all() else num_steps
        raise InputError(f"the alignment is not finite after {steps} steps; allowed: a smaller learning rate")
    return TrainedKernel(_positive(free), course)


def _batch(labels: Int[np.ndarray, " points"], step: int, size: int, seed: int) -> Int[np.ndarray, " batch"]:
    """The points of a step; the ragged rest of an epoch is left out."""
    size = min(size, len(labels))
    epoch, place = divmod(step, len(labels) // size)
    return stratified_order(labels, seed, epoch)[place * size : (place + 1) * size]


def _chosen(params: Params, names: Collection[str] | None) -> Any:
    """Of each parameter, whether it is trained."""
    found = {_name(path) for path, _ in jax.tree_util.tree_leaves_with_path(params)}
    if unknown := sorted(set(names or ()) - found):
        raise InputError(f"trained = {unknown[0]!r}; allowed: {', '.join(map(repr, sorted(found)))}")
    return jax.tree_util.tree_map_with_path(lambda path, leaf: names is None or _name(path) in names, params)


def _name(path: tuple[Any, ...]) -> str:
    """The last name on the way to a parameter; a place in a list is none."""
    return next(str(entry.key) for entry in reversed(path) if isinstance(entry, jax.tree_util.DictKey))


def _free(params: Params) -> Params:
    """What the optimiser sees: logarithms of what must be positive."""
    return _where_positive(jnp.log, params)


def _positive(free: Params) -> Params:
    return _where_positive(jnp.exp, free)


def _where_positive(change: Any, params: Params) -> Params:
    return jax.tree_util.tree_map_with_path(
        lambda path, leaf: change(leaf) if _name(path) in POSITIVE else leaf, params
    )
