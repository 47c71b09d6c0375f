"""What a kernel could gain over another one, and what it costs it to say what labels say."""

import numpy as np
from jaxtyping import Float

from qconv.errors import InputError
from qconv.kernels.spectrum import decomposed


def geometric_difference(
    first: Float[np.ndarray, "points points"],
    second: Float[np.ndarray, "points points"],
    regularisation: float = 0.0,
) -> float:
    """g(first || second) = sqrt |sqrt(K2) (K1 + regularisation)^-1 sqrt(K2)|, with traces of the number of points.

    If it is much less than sqrt(points), the first kernel, a classical one, is as good as the second for whatever
    labels, up to a small factor. If it is about sqrt(points), there are labels for which the second is better; whether
    the ones at hand are such says `model_complexity`.

    Source: Huang et al., "Power of data in quantum machine learning", Nature Communications 12, 2631 (2021).

    Args:
        first: matrix of a kernel.
        second: that of another one, for the same points.
        regularisation: is added to the eigenvalues of the first one.

    Raises:
        InputError: what are no matrices of kernels for the same points, or a first one that is singular where nothing
            is added.
    """
    if first.shape != second.shape:
        raise InputError(f"first has shape {first.shape} and second {second.shape}; allowed: the same points")
    decomposed("second", second)
    whitening = _whitening("first", first, regularisation)
    return float(np.sqrt(np.linalg.eigvalsh(whitening.T @ _normalised(second) @ whitening)[-1]))


def model_complexity(
    matrix: Float[np.ndarray, "points points"],
    targets: Float[np.ndarray, "points *outputs"],
    regularisation: float = 0.0,
) -> float:
    """The number y' (K + regularisation)^-1 y, with a trace of the number of points; summed over outputs.

    The square of the length of the weights that make y of the features of a kernel. The error on new points is, up to a
    factor, at most sqrt(it / points); of a kernel that knows each point alone, it is the sum of squares of y.

    Source: Huang et al., "Power of data in quantum machine learning", Nature Communications 12, 2631 (2021).

    Args:
        matrix: of the kernel.
        targets: real numbers, such as -1 and 1 for two classes.
        regularisation: is added to the eigenvalues.

    Raises:
        InputError: no matrix of a kernel, targets of other points, or a matrix that is singular where nothing is added.
    """
    if len(targets) != len(matrix):
        raise InputError(f"{len(targets)} targets and a matrix of {len(matrix)} points; allowed: as many")
    return float(np.square(_whitening("matrix", matrix, regularisation).T @ targets.astype(float)).sum())


def _normalised(matrix: Float[np.ndarray, "points points"]) -> Float[np.ndarray, "points points"]:
    """With a trace of the number of points."""
    return matrix.astype(float) * (len(matrix) / matrix.trace(dtype=float))


def _whitening(
    name: str, matrix: Float[np.ndarray, "points points"], regularisation: float
) -> Float[np.ndarray, "points points"]:
    """W with W W' = (K + regularisation)^-1, of the normalised matrix."""
    if not 0 <= regularisation < np.inf:
        raise InputError(f"regularisation = {regularisation}; allowed: 0 or more")
    values, vectors = decomposed(name, matrix)
    values = values * (len(matrix) / values.sum()) + regularisation
    if not values[0] > 0:
        raise InputError(f"regularisation = {regularisation}, and {name} is singular; allowed: more than 0")
    return vectors / np.sqrt(values)
