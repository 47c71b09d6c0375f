"""Sources of a user's own: what they give is looked at before it is used."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from jaxtyping import Int, Shaped

from qconv.data.dataset import (
    LARGEST,
    ArraySource,
    Batch,
    Dataset,
    Element,
    Generators,
    Source,
    Split,
    beyond_float32,
    check_targets,
    target_kind,
)
from qconv.errors import InputError


def checked_element(data: Dataset) -> Element:
    """What one item of a dataset is; all of the library asks so.

    Raises:
        InputError: it is none, such as images without channels, or no class at all.
    """
    return _checked_element(data.element, type(data).__name__)


def checked_drawn_element(data: Dataset) -> Element | None:
    """What training draws of an item of a dataset, if it does; all of the library asks so.

    Raises:
        InputError: it is no element, or one of another kind than the items.
    """
    drawn, element, name = data.drawn_element, checked_element(data), type(data).__name__
    if drawn is None:
        return None
    _checked_element(drawn, f"{name}, as it is drawn,")
    if drawn.num_classes != element.num_classes or drawn.inputs[2:] != element.inputs[2:]:
        raise InputError(f"{name} draws {drawn} of {element}; allowed: other heights and widths only")
    return drawn


def _checked_element(element: Any, name: str) -> Element:
    if not isinstance(element, Element):
        raise InputError(f"{name}.element is {type(element).__name__}; allowed: an Element")
    if not _is_shape(element.inputs) or len(element.inputs) != 3:
        raise InputError(
            f"{name} has images of shape {element.inputs}; allowed: (height, width, channels), at least 1 each"
        )
    if not _is_shape(element.targets):
        raise InputError(f"{name} has targets of shape {element.targets}; allowed: a tuple of sizes, at least 1 each")
    if element.num_classes is not None and (
        not isinstance(element.num_classes, int | np.integer) or element.num_classes < 1
    ):
        raise InputError(f"{name} has num_classes = {element.num_classes!r}; allowed: at least 1, or None")
    return element


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, tuple) and all(isinstance(size, int | np.integer) and size >= 1 for size in shape)


def load_checked(data: Dataset, split: Split) -> "ArraySource | CheckedSource":
    """The items of a split, each batch of which is as `Dataset.element` promises; all of the library loads them so.

    Raises:
        InputError: what `data` loads is no source. Each batch raises it too: images of another shape or kind or with
            NaN, labels that are no integers or out of range.
        DataUnavailableError: see `Dataset.load`.
    """
    element, drawn, name = checked_element(data), checked_drawn_element(data), type(data).__name__
    try:
        source = data.load(split)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "RESOURCE_EXHAUSTED" not in str(error):  # JAX's word for no memory
            raise
        raise InputError(f"{name} has more images than there is memory for; allowed: fewer, or smaller ones") from error
    if not isinstance(source, Source):
        raise InputError(f"{name}.load gives {type(source).__name__}; allowed: a Source, such as ArraySource")
    if type(source) is ArraySource:  # it has looked at all of its images
        found = Element(source.inputs.shape[1:], source.targets.shape[1:], source.num_classes)
        if found == element:
            return source
    return CheckedSource(source, element, drawn)


@dataclass(frozen=True, eq=False)
class CheckedSource:
    """A source whose batches are looked at."""

    source: Source
    element: Element
    """What each item must be."""
    drawn_element: Element | None = None
    """What an item must be as training draws it, if it does."""

    @property
    def in_memory(self) -> bool:
        """Whether the source is."""
        return getattr(self.source, "in_memory", False)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        return self._checked_batch(self.source[indices], self.element, len(indices))

    def drawn(self, indices: Int[np.ndarray, " batch"], rngs: Generators) -> Batch:
        """The items at `indices` as training draws them; as they are read, if it draws none."""
        if self.drawn_element is None:
            return self[indices]
        if not hasattr(self.source, "drawn"):
            raise InputError(
                f"a {type(self.source).__name__} has no `drawn`; allowed: one, since the dataset has a drawn_element"
            )
        return self._checked_batch(cast(Any, self.source).drawn(indices, rngs), self.drawn_element, len(indices))

    def read_targets(self, indices: Int[np.ndarray, " batch"]) -> Shaped[np.ndarray, "batch ..."]:
        """The targets of the items at `indices`, without their inputs where the source can."""
        if not hasattr(self.source, "read_targets"):
            return self[indices].targets
        return _checked(np.asarray(cast(Any, self.source).read_targets(indices)), self.element, len(indices))

    def _checked_batch(self, batch: Any, element: Element, count: int) -> Batch:
        if not isinstance(batch, tuple) or len(batch) != 2:
            raise InputError(f"a source gives {type(batch).__name__}; allowed: a Batch of images and targets")
        images, targets = map(np.asarray, batch)
        shape = (count, *element.inputs)
        if images.shape != shape or not np.issubdtype(images.dtype, np.floating):
            raise InputError(
                f"images are {images.dtype} of shape {images.shape}; allowed: floating point of shape {shape}"
            )
        if bad := beyond_float32(images):
            raise InputError(f"{bad} pixels are NaN, infinite or beyond {LARGEST:.1e}; allowed: numbers of float32")
        return Batch(images, _checked(targets, element, count))


def _checked(targets: np.ndarray, element: Element, count: int) -> np.ndarray:
    check_targets(targets, (count, *element.targets), element.num_classes)
    return targets.astype(target_kind(element.num_classes))
