"""Landmarks: features of points from their kernel with a few of them (the Nyström method)."""

from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float
from rich.console import Console

from qconv.errors import InputError
from qconv.kernels.gram import gram
from qconv.kernels.kernel import Kernel, Params
from qconv.kernels.points import checked_points
from qconv.kernels.spectrum import decomposed

Choice = Literal["random", "k-means"]


def choose_landmarks(
    x: Any, count: int, seed: int = 0, by: Choice = "random"
) -> Float[np.ndarray, "landmarks columns"]:
    """Landmarks for points: some of them at random, each at most once, or the means that k-means finds.

    Source of the latter: Zhang, Tsang and Kwok, "Improved Nyström low-rank approximation and error analysis",
    International Conference on Machine Learning (2008).

    Args:
        x: training points, one in each row.
        count: number of landmarks.
        seed: fixes what is random.
        by: "random" or "k-means".

    Raises:
        InputError: points that are none, another way to choose, or more landmarks than points that differ.
    """
    points = checked_points("x", x)
    if by not in get_args(Choice):
        raise InputError(f"by = {by!r}; allowed: {', '.join(map(repr, get_args(Choice)))}")
    most = len(points) if by == "random" else len(np.unique(points, axis=0))
    if not 1 <= count <= most:
        raise InputError(f"count = {count}; allowed: 1 to {most}, the points{' that differ' if by != 'random' else ''}")
    if by == "random":
        return points[np.sort(np.random.default_rng(seed).permutation(len(points))[:count])]
    from sklearn.cluster import MiniBatchKMeans  # costs seconds, and not everyone needs it

    found = MiniBatchKMeans(count, random_state=seed, n_init=1).fit(points)
    return found.cluster_centers_.astype(points.dtype)


def landmark_features(
    kernel: Kernel,
    params: Params,
    landmarks: Any,
    x: Any,
    *,
    folder: Path | None = None,
    console: Console | None = None,
) -> Float[np.ndarray, "points landmarks"]:
    """Features whose products are about the kernel: K(x, landmarks) K(landmarks, landmarks)^(-1/2).

    They are as good as the landmarks: for points that are landmarks the products are the kernel, to rounding. What
    landmarks have in common beyond rounding, such as copies of each other, counts once. Memory is that of the features
    and of few blocks; training a linear classifier on them takes time linear in the number of points.

    Source: Williams and Seeger, "Using the Nyström method to speed up kernel machines", Advances in Neural Information
    Processing Systems 13 (2000).

    Args:
        kernel: of the points.
        params: of it, as `init` gives them.
        landmarks: points, one in each row.
        x: points, one in each row.
        folder: where blocks are kept, as in `gram`; None for nowhere.
        console: where progress is shown; None for nowhere.

    Raises:
        InputError: points or landmarks that are none, or a kernel that is not positive.
    """
    landmarks = checked_points("landmarks", landmarks)
    values, vectors = decomposed("the matrix of the landmarks", gram(kernel, landmarks, params=params))
    inverse = np.sqrt(np.divide(1, values, out=np.zeros_like(values), where=values > 0))
    found = gram(kernel, x, landmarks, params, folder=folder, console=console)
    return found @ (vectors * inverse @ vectors.T).astype(found.dtype)
