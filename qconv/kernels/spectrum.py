"""The spectrum of a kernel's matrix."""

import numpy as np
from jaxtyping import Float

from qconv.errors import InputError


def spectrum(matrix: Float[np.ndarray, "points points"]) -> Float[np.ndarray, " points"]:
    """The eigenvalues of a symmetric matrix, the largest first."""
    return np.linalg.eigvalsh(matrix.astype(float))[::-1]


def rounding(matrix: Float[np.ndarray, "points points"]) -> float:
    """What an eigenvalue may be off by, since each entry was rounded: one below the negative of it means no kernel."""
    dtype = matrix.dtype if matrix.dtype.kind == "f" else np.dtype(float)
    return float(len(matrix) * np.finfo(dtype).eps * np.abs(matrix.diagonal()).max())


def effective_rank(eigenvalues: Float[np.ndarray, " points"]) -> float:
    """How many eigenvalues share the sum of all, as (sum)^2 / (sum of squares): 1 to the number of points.

    1 is a kernel to which all points are one, and the number of points is one to which each is like itself alone.
    """
    return float(eigenvalues.sum() ** 2 / np.square(eigenvalues).sum())


def decomposed(
    name: str, matrix: Float[np.ndarray, "points points"]
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, "points points"]]:
    """Eigenvalues, those within rounding of 0 as 0, and eigenvectors in columns.

    Args:
        name: what the message calls the matrix.
        matrix: of a kernel.

    Raises:
        InputError: not the matrix of a kernel: not square, symmetric, finite and positive.
    """
    own = np.asarray(matrix)
    if own.ndim != 2 or own.shape[0] != own.shape[1] or not own.size:
        raise InputError(f"{name} has shape {own.shape}; allowed: (points, points)")
    if not np.isfinite(own).all():
        raise InputError(f"{name} has entries that are not finite; allowed: numbers")
    limit = rounding(own)
    own = own.astype(float)
    if (apart := float(np.abs(own - own.T).max())) > limit:
        raise InputError(f"{name} differs by {apart:.2g} from its transpose; allowed: a symmetric matrix")
    values, vectors = np.linalg.eigh(own)
    if values[0] < -limit:
        raise InputError(
            f"{name} has an eigenvalue of {values[0]:.2g}; allowed: none below {-limit:.2g}, what rounding explains"
        )
    return np.where(values > limit, values, 0), vectors
