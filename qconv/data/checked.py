"""Sources of a user's own: what they give is looked at before it is used."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from qconv.data.dataset import LARGEST, ArraySource, Batch, Dataset, Source, Split
from qconv.errors import InputError


def load_checked(data: Dataset, split: Split) -> Source:
    """The images of a split, each batch of which is as `Batch` promises; all of the library loads them so.

    Raises:
        InputError: what `data` loads is no source of images, or `num_classes` no number of classes. Each batch raises
            it too: images of another shape or kind or with NaN, labels that are no integers or out of range.
        DataUnavailableError: see `Dataset.load`.
    """
    num_classes, name = data.num_classes, type(data).__name__
    try:
        source = data.load(split)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "RESOURCE_EXHAUSTED" not in str(error):  # JAX's word for no memory
            raise
        raise InputError(f"{name} has more images than there is memory for; allowed: fewer, or smaller ones") from error
    if not isinstance(source, Source):
        raise InputError(f"{name}.load gives {type(source).__name__}; allowed: a Source, such as ArraySource")
    if not isinstance(num_classes, int | np.integer) or num_classes < 1:
        raise InputError(f"{name}.num_classes = {num_classes!r}; allowed: at least 1")
    if type(source) is ArraySource and source.num_classes <= num_classes:  # it has looked at all of its images
        return source
    shape = source.image_shape
    if len(shape) != 3 or min(shape) < 1:
        raise InputError(f"{name} has images of shape {shape}; allowed: (height, width, channels), at least 1 each")
    return CheckedSource(source, num_classes)


@dataclass(frozen=True, eq=False)
class CheckedSource:
    """A source whose batches are looked at."""

    source: Source
    num_classes: int
    """Labels must be in 0 .. num_classes - 1: a loss would count -1 from the end."""

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width, channels) of every image."""
        return self.source.image_shape

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        batch = self.source[indices]
        if not isinstance(batch, tuple) or len(batch) != 2:
            raise InputError(f"a source gives {type(batch).__name__}; allowed: a Batch of images and labels")
        images, labels = map(np.asarray, batch)
        self._check_images(images, len(indices))
        if labels.shape != indices.shape or not np.issubdtype(labels.dtype, np.integer):
            raise InputError(
                f"labels are {labels.dtype} of shape {labels.shape}; allowed: {len(indices)} integers, one an image"
            )
        outside = labels[(labels < 0) | (labels >= self.num_classes)]
        if outside.size:
            raise InputError(f"label {outside[0]} is out of range; allowed: 0 .. {self.num_classes - 1}")
        return Batch(images, labels.astype(np.int32))

    def _check_images(self, images: np.ndarray, count: int) -> None:
        shape = (count, *self.image_shape)
        if images.shape != shape or not np.issubdtype(images.dtype, np.floating):
            raise InputError(
                f"images are {images.dtype} of shape {images.shape}; allowed: floating point of shape {shape}"
            )
        if bad := int((~(np.abs(images) <= np.float64(LARGEST))).sum()):
            raise InputError(f"{bad} pixels are NaN, infinite or beyond {LARGEST:.1e}; allowed: numbers of float32")
