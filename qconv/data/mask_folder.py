"""A folder of images and one of their masks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qconv.bounds import require
from qconv.data.dataset import Element
from qconv.data.decoded import Decoder, Rows
from qconv.data.folder import FolderOfImages, Item, visible
from qconv.data.image_files import Fit, read_pair
from qconv.errors import InputError


@dataclass(frozen=True)
class MaskFolder(FolderOfImages):
    """Images and masks of the same names: PATH/images/NAME.jpg and PATH/masks/NAME.png.

    Or with splits in front: PATH/train/images/NAME.jpg, PATH/train/masks/NAME.png and so on. A mask is a grey image
    whose values are classes, or one with a palette, whose entries are; of two classes also one in black and white. It
    is resized as its image is, but without mixing pixels.
    """

    fit: Fit = "stretch"
    """What becomes of images of other proportions: they are stretched, or their margins are cut off (crop)."""
    num_classes: int = 2
    """Classes of pixels, that of the background too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, "num_classes", 2 <= self.num_classes <= 256, "2 to 256")

    @property
    def element(self) -> Element:
        """Images of the given size, and a class for each pixel."""
        size = (self.height, self.width)
        return Element((*size, self.channels), size, self.num_classes)

    def found(self, root: Path) -> list[Item]:
        """The images, each with its mask."""
        images, masks = (_by_name(root / kind) for kind in ("images", "masks"))
        for ours, theirs, kind in ((images, masks, "masks"), (masks, images, "images")):
            if alone := [path for name, path in ours.items() if name not in theirs]:
                raise InputError(f"{alone[0]} has no file of its name in {root / kind}; allowed: a mask for each image")
        return [Item((path, masks[name])) for name, path in images.items()]

    def decoder(self) -> Decoder:
        """An image and a mask of each pair of files."""
        form, classes, element = self.form, self.num_classes, self.element
        shapes = {"images": element.inputs, "masks": element.targets}
        settings = {**form._asdict(), "num_classes": classes}
        return Decoder(lambda files: read_pair(*files, form, classes), shapes, settings)

    def targets(self, items: Sequence[Item], arrays: Mapping[str, Rows]) -> Rows:
        """The masks."""
        return arrays["masks"]


def _by_name(folder: Path) -> dict[str, Path]:
    """The files of a folder by their names without ending."""
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; allowed: the folders images and masks, side by side")
    folders, files = visible(folder)
    if deeper := [inner for inner in folders if visible(inner)[1]]:
        raise InputError(f"{deeper[0]} has images; allowed: images and masks in {folder} itself")
    found: dict[str, Path] = {}
    for path in files:
        if path.stem in found:
            raise InputError(f"{path} has the name of {found[path.stem]}; allowed: each name once, without its ending")
        found[path.stem] = path
    if not found:
        raise InputError(f"{folder} has no image")
    return found
