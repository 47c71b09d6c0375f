"""Points in an order in which each stretch has the classes in their shares."""

import numpy as np
from jaxtyping import Int


def stratified_order(labels: Int[np.ndarray, " points"], seed: int, epoch: int = 0) -> Int[np.ndarray, " points"]:
    """Every point once: those of a class in random order and evenly spread, from a place drawn for each class.

    Args:
        labels: number of the class of each point.
        seed: fixes the order.
        epoch: each has an order of its own.
    """
    rng = np.random.default_rng((seed, epoch))
    places = np.empty(len(labels))
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        places[own] = (np.arange(len(own)) + rng.uniform()) / len(own)
    return np.argsort(places, kind="stable")
