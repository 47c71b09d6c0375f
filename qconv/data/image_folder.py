"""A folder of images for each class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from qconv.data.dataset import Element, Split
from qconv.data.decoded import Decoder, Rows
from qconv.data.folder import FolderOfImages, Item, logger, visible
from qconv.data.image_files import ENDINGS, read_image
from qconv.errors import InputError


@dataclass(frozen=True)
class ImageFolder(FolderOfImages):
    """A folder with a folder for each class: PATH/CLASS/IMAGE, or PATH/train/CLASS/IMAGE and PATH/test/CLASS/IMAGE.

    Classes are numbered in the order of their names, whichever split has images of them.
    """

    @property
    def element(self) -> Element:
        """Images of the given size, and as many classes as there are folders."""
        return Element((self.height, self.width, self.channels), num_classes=len(self.class_names))

    @property
    def is_stratified(self) -> bool:
        """Yes: of a class with few images some are left to train on, and some to be found."""
        return True

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of their folders.

        Raises:
            DataUnavailableError: there is no such folder.
            InputError: it is not laid out as the class says.
        """
        folders = [folder for root in self.roots().values() for folder in visible(root)[0]]
        names = tuple(sorted({folder.name for folder in folders}))
        if len(names) < 2:
            has = f"the folder {names[0]}" if names else f"{len(visible(self.folder)[1]) or 'no'} images and no folder"
            deeper = f"; is {folders[0]} meant?" if names and visible(folders[0])[0] else ""
            raise InputError(
                f"{self.path} has {has}; allowed: two folders of images or more, one for each class{deeper}"
            )
        return names

    def found(self, root: Path) -> list[Item]:
        """The images of each class."""
        items = []
        for label, name in enumerate(self.class_names):
            if (root / name).is_dir():
                folders, files = visible(root / name)
                if deeper := [folder for folder in folders if visible(folder)[1]]:
                    raise InputError(f"{deeper[0]} has images; allowed: images of a class in {root / name} itself")
                items += [Item((path,), label) for path in files]
        return items

    def decoder(self) -> Decoder:
        """An image of each file."""
        form, shape = self.form, self.element.inputs
        return Decoder(lambda files: (read_image(files[0], form),), {"images": shape}, form._asdict())

    def targets(self, items: Sequence[Item], arrays: Mapping[str, Rows]) -> Int[np.ndarray, " items"]:
        """The classes."""
        return np.array([item.label for item in items], np.int32)

    def check_items(self, split: Split, items: Sequence[Item], everything: Sequence[Item]) -> None:
        """Refuses training images without one of a class, and says which classes other splits have no image of."""
        names, roots = self.class_names, self.roots()
        found = {item.label for item in items}
        missing = [label for label in range(len(names)) if label not in found]
        if split != "train" or not missing:
            if missing:
                logger.warning("the %s split has no image of %s", split, ", ".join(names[label] for label in missing))
            return
        name, count = names[missing[0]], sum(item.label == missing[0] for item in everything)
        place = roots.get("train", self.folder) / name
        if count and None in roots:
            raise InputError(
                f"test_fraction = {self.test_fraction}, which leaves none of the {count} images in {place} to train "
                "on; allowed: a smaller one, or more images"
            )
        endings = ", ".join(ENDINGS)
        raise InputError(
            f"{place} has no image to train on; allowed: at least one of each class, in files of {endings}"
        )
