"""Noise of 25 grey levels taken off photographs: a small network with and without a quantum convolution, and filters.

Photographs of scikit-image: ten to train on, in crops of 32x32 pixels with new noise in each step, and 24 parts of
128x128 pixels of six others to test, with the same noise for all. Networks are those of the experiment denoise_photos:
five convolutions of 16 channels that find the noise. A quantum convolution sees the image, too, and the first
convolution sees its eight channels beside the image; the twin has a classical convolution there, and in the last
control there is nothing. Filters and their source: `qconv.GaussianFilter`, `TotalVariation` and `NonLocalMeans`, their
strength chosen by 20 training images. Settings of networks were chosen on photographs for validation. Figures are means
of the peak signal-to-noise ratio of each image, which is cut off at black and white first.

BSD68 is for those who have it: the folders train and test in data/bsd68, of grey images of 321x481 pixels, upright or
not, the 68 for testing in the latter. Published is the network of Zhang, Zuo, Chen, Meng and Zhang (IEEE Transactions
on Image Processing 26, 3142, 2017) with 17 convolutions of 64 channels, trained for one noise level on 400 images of
180x180 pixels: `--slow` trains it, which wants a GPU.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.denoise_photos import experiment as photos
from qconv import (
    Adam,
    ArraySource,
    Control,
    Dataset,
    DataUnavailableError,
    DnCNN,
    Element,
    InputError,
    Noisy,
    Published,
    RandomCrops,
    RandomFlips,
    Row,
    Supervised,
    Table,
    seeds,
)


@dataclass(frozen=True)
class GreyFolder(Dataset):
    """Images of one size, those that stand upright turned: all files of the folders train and test."""

    path: str
    """The folder of these two."""
    height: int = 321
    """Pixels from top to bottom of an image that lies."""
    width: int = 481
    """Pixels from left to right."""

    @property
    def element(self) -> Element:
        """A grey image, of no class in particular."""
        return Element((self.height, self.width, 1), num_classes=1)

    def load(self, split):
        from PIL import Image

        self.check_split(split)
        folder = Path(self.path) / split
        files = sorted(path for path in folder.glob("*") if path.suffix.lower() in (".png", ".jpg", ".bmp"))
        if not files:
            raise DataUnavailableError(f"no images in {folder}; allowed: PNG, JPEG or BMP files")
        images = [np.asarray(Image.open(path).convert("L")) for path in files]
        images = [np.rot90(image) if image.shape[0] > image.shape[1] else image for image in images]
        for path, image in zip(files, images, strict=True):
            if image.shape != (self.height, self.width):
                raise InputError(f"{path} has {image.shape} pixels; allowed: ({self.height}, {self.width}), or turned")
        return ArraySource(np.stack(images)[..., None], np.zeros(len(images), int), 1)


def rows() -> Iterator[Row]:
    """Photographs that come with scikit-image, then BSD68."""
    alone = dataclasses.replace(photos, model=DnCNN(), rivals=())
    yield Row(
        "quantum convolution beside the image",
        seeds(photos, range(5)),
        controls=(Control("the image alone", seeds(alone, range(5))),),
        section="photographs of scikit-image",
    )
    data = Noisy(RandomFlips(RandomCrops(GreyFolder("data/bsd68"), 40), turned=True), sigma=25 / 255)
    yield Row(
        "quantum convolution beside the image",
        seeds(dataclasses.replace(photos, data=data), range(5)),
        controls=(Control("the image alone", seeds(dataclasses.replace(alone, data=data), range(5))),),
        section="BSD68",
    )
    published = dataclasses.replace(
        alone,
        data=data,
        model=DnCNN(depth=17, features=64, normalised=True),
        procedure=Supervised(Adam(1e-3, schedule="cosine"), num_steps=80_000, batch_size=128),
        eval_every=20_000,
        checkpoint_every=5_000,
    )
    yield Row(
        "DnCNN-S, 17 convolutions of 64 channels",
        (published,),
        Published(
            29.23,
            "github.com/cszn/DnCNN, README.md, results of Gaussian denoising on BSD68 at noise level 25",
            tolerance=0.1,
            reason="one published network, whose spread is not known; as much as other training images may change",
        ),
        section="BSD68",
        analogue="other training images of the same kind, Adam and a cosine instead of steps of SGD",
        slow=True,
    )


table = Table(rows=tuple(rows()))
