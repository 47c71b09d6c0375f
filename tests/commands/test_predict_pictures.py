"""Masks and clean images that `qconv predict` writes, and what `qconv explain` draws of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flax.linen as nn
import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

import qconv
from qconv.__main__ import main
from qconv.data.image_folder import ImageFolder
from qconv.data.mask_folder import MaskFolder
from qconv.data.noisy import Noisy
from qconv.experiment.experiment import Experiment
from qconv.models.networks import QuanvNet
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised
from qconv.tasks.restoration import Restoration
from qconv.tasks.segmentation import Segmentation
from tests.runs.trained import CONV, trained

Output = pytest.CaptureFixture[str]

SIZE = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey images of two classes, and masks of three classes and of two."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for place in ("classes/dark", "classes/bright", "masks/images", "masks/masks", "two/images", "two/masks"):
        (folder / place).mkdir(parents=True)
    for number in range(10):
        labels = rng.integers(0, 3, (3, 3)).repeat(4, 0).repeat(4, 1)
        pixels = (100 * labels + rng.integers(0, 40, labels.shape)).astype(np.uint8)
        for place in (f"classes/{('dark', 'bright')[number % 2]}", "masks/images", "two/images"):
            Image.fromarray(pixels).save(folder / place / f"{number}.png")
        Image.fromarray(labels.astype(np.uint8)).save(folder / "masks" / "masks" / f"{number}.png")
        Image.fromarray(np.uint8(255) * (labels > 1)).save(folder / "two" / "masks" / f"{number}.png")
    return folder


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def run_of(task: Any, data: Any, channels: int, runs: Path) -> Path:
    model = QuanvNet(CONV.clone(strides=1), nn.Conv(channels, (3, 3)))
    return trained(Experiment(data, model, Supervised(Adam(3e-2), num_steps=20, batch_size=4), task), runs)


@pytest.fixture(scope="module")
def runs(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    size: Any = {"height": SIZE, "width": SIZE, "channels": 1}
    place = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QCONV_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield {
            "three": run_of(Segmentation(), MaskFolder(str(folder / "masks"), num_classes=3, **size), 3, place / "a"),
            "two": run_of(Segmentation(), MaskFolder(str(folder / "two"), **size), 2, place / "b"),
            "clean": run_of(Restoration(), Noisy(ImageFolder(str(folder / "classes"), **size)), 1, place / "c"),
        }


def outputs_of(run: Path, path: Path) -> np.ndarray:
    return np.asarray(qconv.load(run)(np.asarray(Image.open(path))[..., None]))


def test_masks_are_written_as_the_network_says(runs: dict[str, Path], folder: Path, tmp_path: Path) -> None:
    for name, white in (("three", 1), ("two", 255)):
        main(["predict", str(runs[name]), str(folder / "masks"), "--output", str(tmp_path / name)])
        written = sorted(tmp_path.glob(f"{name}/images/*.png"))
        assert len(written) == 10
        for path in written:
            wanted = outputs_of(runs[name], folder / "masks" / "images" / path.name).argmax(-1)
            with Image.open(path) as mask:
                np.testing.assert_array_equal(np.asarray(mask), white * wanted)
    assert len(np.unique(np.asarray(Image.open(tmp_path / "three" / "images" / "0.png")))) == 3


def test_restored_images_are_written(runs: dict[str, Path], folder: Path, tmp_path: Path, capsys: Output) -> None:
    image = folder / "classes" / "dark" / "0.png"
    main(["predict", str(runs["clean"]), str(image), "--output", str(tmp_path / "clean")])
    assert f"1 image in {tmp_path / 'clean'}" in capsys.readouterr().out
    wanted = np.rint(outputs_of(runs["clean"], image)[..., 0].clip(0, 1) * 255)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "clean" / "0.png")), wanted)


def test_images_in_their_own_size(runs: dict[str, Path], tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (14, 17), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    main(["predict", str(runs["clean"]), str(tmp_path / "turned.png"), "--own-size", "--output", str(tmp_path / "out")])
    network = qconv.load(runs["clean"])
    upright = np.rot90(pixels, -1)[None, ..., None]
    wanted = np.rint(np.asarray(network.of_any_size(upright))[0, ..., 0].clip(0, 1) * 255)
    written = np.asarray(Image.open(tmp_path / "out" / "turned.png"))
    assert written.shape == (17, 14)
    np.testing.assert_array_equal(written, wanted)


def test_a_table_of_masks(runs: dict[str, Path], folder: Path, tmp_path: Path, capsys: Output) -> None:
    main(["predict", str(runs["three"]), str(folder / "masks" / "images"), "--output", str(tmp_path / "all.csv")])
    assert (tmp_path / "all.csv").read_text().splitlines()[0] == "image,part of 0,part of 1,part of 2"
    assert "found" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["three", "clean"])
def test_masks_and_clean_images_are_explained(
    name: str, runs: dict[str, Path], folder: Path, tmp_path: Path, capsys: Output
) -> None:
    image = str(folder / "masks" / "images" / "0.png")
    main(["explain", str(runs[name]), image, "--output", str(tmp_path / "why.png")])
    out = " ".join(capsys.readouterr().out.split())
    assert ("the outputs of the foreground" if name == "three" else "the squared change of the image") in out
    assert imread(tmp_path / "why.png").std() > 0.01
