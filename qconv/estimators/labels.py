"""Labels of any kind as numbers of classes."""

from typing import Any

import numpy as np
from jaxtyping import Int, Shaped
from sklearn.utils.multiclass import check_classification_targets


def checked_classes(y: Any) -> tuple[Shaped[np.ndarray, " classes"], Int[np.ndarray, " points"]]:
    """The classes in their order, and the number of the class of each label.

    Args:
        y: labels, one for each point: whole numbers, words, or truth values.

    Raises:
        ValueError: they are no labels but numbers, or all the same.
    """
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"The number of classes has to be greater than one; got {len(classes)} class")
    return classes, codes
