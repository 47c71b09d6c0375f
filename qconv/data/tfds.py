"""Labelled images from TensorFlow Datasets (TFDS), read with random access and without TensorFlow."""

import contextlib
import difflib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from qconv.data.dataset import Batch, Dataset, Element, Split, check_targets, unit_range
from qconv.errors import InputError, NotDownloadedError

_PREPARE = Path(__file__).with_name("tfds_prepare.py")
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's name for images of so many channels."""


@dataclass(frozen=True)
class Tfds(Dataset):
    """Labelled images of one size from the TFDS catalogue; by default downloaded and prepared at the first use.

    They are kept where TFDS keeps them: in the folder named by the environment variable TFDS_DATA_DIR, or else in
    ~/tensorflow_datasets.
    """

    name: str
    """Name in the TFDS catalogue, such as cifar10, cifar100, mnist, fashion_mnist or emnist/letters."""
    prepare: bool = True
    """Whether it is downloaded and prepared where it is not there yet."""

    @property
    def element(self) -> Element:
        """Size and classes as the catalogue has them; no images are needed to know them.

        Raises:
            InputError: there is no such dataset, or it is not one of labelled images of one size.
        """
        return _element(self.name, _builder(self.name))

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """What the catalogue calls the classes, which some datasets say only once they are prepared.

        None of those whose names are their numbers. Raises what `element` does.
        """
        builder = _builder(self.name)
        numbers = tuple(map(str, range(_element(self.name, builder).num_classes or 0)))
        names = tuple(builder.info.features["label"].names)
        return None if names == numbers else names

    @property
    def splits(self) -> tuple[Split, ...]:
        """Which of `train`, `validation` and `test` the prepared dataset has; raises what `load` does."""
        builder, _ = self._prepared("validation")
        return tuple(split for split in get_args(Split) if split in builder.info.splits)

    def load(self, split: Split) -> "TfdsSource":
        """The images of a split; only the rows that are asked for are decoded.

        Raises:
            InputError: there is no such dataset or split, or it is not one of labelled images of one size.
            NotDownloadedError: it is not on this machine, and preparing it failed or is not wanted.
        """
        if split not in get_args(Split):
            raise InputError(f"split {split!r} is unknown; allowed: {', '.join(get_args(Split))}")
        builder, element = self._prepared(split)
        if split not in builder.info.splits:
            raise InputError(f"name {self.name!r} has no split {split!r}; it has: {', '.join(builder.info.splits)}")
        import tensorflow_datasets as tfds

        try:
            rows = builder.as_data_source(split, decoders={"image": tfds.decode.SkipDecoding()})
        except NotImplementedError as error:  # what TFDS raises for files without random access
            raise InputError(
                f"name {self.name!r} is stored as {builder.info.file_format.value} in {builder.data_dir}; allowed: "
                f"array_record. Remove that folder or name another one in TFDS_DATA_DIR"
            ) from error
        return TfdsSource(rows, element)

    def _prepared(self, split: Split) -> tuple[Any, Element]:
        """The builder, of a dataset that is there by now, since a split of it is wanted; and what an item is."""
        builder = _builder(self.name)
        element = _element(self.name, builder)
        if not builder.info.splits:
            if not self.prepare:
                raise NotDownloadedError(
                    f"name {self.name!r} is not prepared in {_data_dir()}; "
                    f"python -m qconv.data.tfds_prepare {self.name} {_data_dir()} does so"
                )
            failure = _prepare(self.name)
            builder = _builder(self.name)  # a builder knows only what was there when it was made
            if not builder.info.splits:
                raise NotDownloadedError(
                    f"name {self.name!r}: split {split!r} of version {builder.version} is not in {_data_dir()}, "
                    f"and preparing it failed: {failure}"
                )
        return builder, element


@dataclass(frozen=True, eq=False)
class TfdsSource:
    """One split on disk.

    Attributes:
        rows: a data source of TFDS, with an encoded `image` and a `label`.
        element: size of every image, and number of classes.
    """

    rows: Any
    element: Element

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        """The images at `indices`, in that order.

        Raises:
            InputError: an image has another size than promised, or a label is out of range.
        """
        rows = self.rows.__getitems__(indices.tolist())
        images = np.empty((len(rows), *self.element.inputs), np.uint8)
        for image, row in zip(images, rows, strict=True):
            image[:] = self._decode(row["image"])
        labels = np.array([row["label"] for row in rows], np.int32)
        check_targets(labels, labels.shape, self.element.num_classes)
        return Batch(unit_range(images), labels)

    def read_targets(self, indices: Int[np.ndarray, " batch"]) -> Int[np.ndarray, " batch"]:
        """The labels at `indices`; no image is decoded."""
        return np.array([row["label"] for row in self.rows.__getitems__(indices.tolist())], np.int32)

    # Not TFDS's decoder, which warns where OpenCV is missing.
    def _decode(self, encoded: bytes) -> UInt8[np.ndarray, "height width channels"]:
        height, width, channels = self.element.inputs
        with Image.open(io.BytesIO(encoded)) as image:
            if image.size != (width, height):
                raise InputError(f"an image is {image.height} x {image.width}; allowed: {height} x {width}")
            return np.asarray(image.convert(_MODES[channels])).reshape(self.element.inputs)


def _data_dir() -> Path:
    # TFDS looks at the variable only when it is imported.
    return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser().absolute()


def _builder(name: str) -> Any:
    """The dataset's builder (`tensorflow_datasets.core.DatasetBuilder`).

    Raises:
        InputError: there is no such dataset, or its folder cannot be read.
    """
    import tensorflow_datasets as tfds  # takes a second
    from tensorflow_datasets.core.registered import DatasetNotFoundError

    try:
        with contextlib.redirect_stdout(None):  # TFDS prints banners about packages that some datasets need
            return tfds.builder(name, data_dir=_data_dir())
    except DatasetNotFoundError as error:
        near = difflib.get_close_matches(name, tfds.list_builders(with_community_datasets=False))
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise InputError(f"name {name!r} is not a dataset of TFDS {tfds.__version__}{hint}") from error
    except (ValueError, AssertionError, ImportError) as error:
        reason = (
            str(error).rpartition('}": ')[2].splitlines()[0].split(". ")[0].strip(" .")
        )  # the core of TFDS's message
        raise InputError(
            f"name {name!r}: {reason}; allowed: NAME, NAME/CONFIG or NAME:VERSION of the TFDS catalogue"
        ) from error
    except OSError as error:
        raise NotDownloadedError(f"name {name!r} cannot be read from TFDS_DATA_DIR {_data_dir()}: {error}") from error


def _element(name: str, builder: Any) -> Element:
    """Size of the images, and number of classes.

    Raises:
        InputError: not a dataset of labelled 8-bit images of one size.
    """
    import tensorflow_datasets as tfds

    features = dict(builder.info.features or {})
    image, label = features.get("image"), features.get("label")
    if not isinstance(image, tfds.features.Image) or not isinstance(label, tfds.features.ClassLabel):
        has = ", ".join(f"{key} ({type(feature).__name__})" for key, feature in features.items())
        raise InputError(f"name {name!r} has the features {has}; allowed: image (Image) and label (ClassLabel)")
    if None in image.shape or image.shape[-1] not in _MODES or image.np_dtype != np.uint8:
        raise InputError(
            f"name {name!r} has {np.dtype(image.np_dtype).name} images of shape {image.shape}; allowed: uint8, "
            f"(H, W, C) with C in {', '.join(map(str, _MODES))}, the same for all images"
        )
    return Element(image.shape, num_classes=label.num_classes)


def _prepare(name: str) -> str:
    """Prepares a dataset in a process of its own, with progress on standard error; why it failed, if it did."""
    command = [sys.executable, "-P", str(_PREPARE), name, str(_data_dir())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            message, _ = child.communicate()
        except BaseException:
            child.terminate()  # it tidies up
            raise
    return message.strip() or f"the process that prepares it ended with status {child.returncode}"
