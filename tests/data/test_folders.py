"""Folders of images: what lies where, what is refused, what is kept, and how much memory that takes."""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from qconv.__main__ import main
from qconv.cache import CACHE, cache_folder, kept
from qconv.data import image_folder, mask_folder
from qconv.data.checked import checked_element, load_checked
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import Batch, Dataset, Element, Split
from qconv.data.file_digests import file_digests
from qconv.data.file_work import over_files
from qconv.data.image_folder import ImageFolder
from qconv.data.mask_folder import MaskFolder
from qconv.data.new_images import NewImages, pictures_in
from qconv.data.other_items import OtherItems
from qconv.data.pca import PCA
from qconv.data.reduced import Reduced
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.data.validation import WithValidation, with_validation
from qconv.errors import DataUnavailableError, InputError, RunError
from qconv.experiment.experiment import Experiment
from qconv.experiment.loading import load
from qconv.experiment.spec import items_id, run_id
from qconv.models.heads import LinearHead
from qconv.models.networks import ClassicalNet
from qconv.runs.evaluate import evaluate_run

Output = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(path: Path, level: int = 0, size: tuple[int, int] = (12, 10)) -> Path:
    """An image of one grey level."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, level).save(path)
    return path


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Ten cats and five dogs, and what else lies in a folder that a person has."""
    folder = tmp_path / "pets"
    for number in range(10):
        write(folder / "cats" / f"cat{number}.{'PNG' if number % 2 else 'jpg'}", 10 * number)
    for number in range(5):
        write(folder / "dogs" / f"dog{number}.bmp", 200 + 10 * number)
    for hidden in (".ipynb_checkpoints", "__MACOSX", "cats/.thumbnails"):
        write(folder / hidden / "copy.png")
    write(folder / "cats" / "._cat0.png")
    (folder / "dogs" / "README.txt").write_text("no image")
    (folder / "notes.txt").write_text("no image")
    return folder


def data_of(folder: Path, **fields: Any) -> ImageFolder:
    return replace(ImageFolder(str(folder), height=4, width=4, channels=1), **fields)


def everything(data: Dataset, split: Split) -> Batch:
    source = load_checked(data, split)
    return source[np.arange(len(source))]


def levels(data: Dataset, split: Split) -> list[int]:
    """The grey levels of a split, each of which stands for one image."""
    return np.rint(255 * everything(data, split).inputs[:, 0, 0, 0]).astype(int).tolist()


def test_what_lies_in_a_folder_is_divided_by_class(pets: Path) -> None:
    data = data_of(pets)
    assert data.element == checked_element(data) == Element((4, 4, 1), num_classes=2)
    assert data.class_names == ("cats", "dogs") and data.splits == ("train", "test")
    train, test = everything(data, "train"), everything(data, "test")
    assert train.targets.tolist() == [0] * 8 + [1] * 4 and test.targets.tolist() == [0] * 2 + [1]
    assert train.inputs.shape == (12, 4, 4, 1) and train.inputs.dtype == np.float32 and train.targets.dtype == np.int32
    assert sorted(levels(data, "train") + levels(data, "test")) == [*range(0, 100, 10), *range(200, 250, 10)]
    assert levels(data, "train") == levels(data, "train")
    others = [levels(data_of(pets, split_seed=seed), "test") for seed in range(5)]
    assert len(set(map(tuple, others))) > 1
    assert len(levels(data_of(pets, test_fraction=0.6), "test")) == 9


@pytest.mark.parametrize("number", [None, 30])
def test_images_for_validation_are_chosen_by_class(tmp_path: Path, number: int | None) -> None:
    """Of three owls to train on, chance would often leave none to be found."""
    for name, count in {"cats": 40, "dogs": 20, "owls": 4}.items():
        for image in range(count):
            write(tmp_path / "pets" / name / f"{image}.png", 6 * image)
    folder = data_of(tmp_path / "pets", test_fraction=0.25)
    data = Subset(folder, number, 10) if number else folder
    for seed in range(3):
        divided = WithValidation(data, 0.3, seed)
        train, kept = (np.bincount(everything(divided, half).targets, minlength=3) for half in ("train", "validation"))
        everyone = np.bincount(everything(data, "train").targets, minlength=3)
        np.testing.assert_array_equal(train + kept, everyone)
        np.testing.assert_array_equal(kept, np.rint(0.3 * everyone))
    assert folder.is_stratified and not Synthetic().is_stratified


def test_folders_of_splits_are_kept_and_classes_are_those_of_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The labels of a split do not shift where a class is missing there."""
    folder = tmp_path / "animals"
    for name, classes in {"Train": "abc", "val": "ac", "test": "bc"}.items():
        for name_of_class in classes:
            write(folder / name / name_of_class / "one.png", 10 * ord(name_of_class) - 900)
    write(folder / ".cache" / "copy.png")
    data = data_of(folder)
    assert data.class_names == ("a", "b", "c") and data.splits == ("train", "validation", "test")
    assert everything(data, "train").targets.tolist() == [0, 1, 2]
    with caplog.at_level(logging.WARNING):
        assert everything(data, "test").targets.tolist() == [1, 2]
        assert everything(data, "validation").targets.tolist() == [0, 2]
    assert [record.getMessage() for record in caplog.records] == [
        "the test split has no image of a",
        "the validation split has no image of b",
    ]
    assert levels(data, "test") == [80, 90]
    assert everything(with_validation(data), "validation").targets.tolist() == [0, 2]
    shutil.rmtree(folder / "test")
    with pytest.raises(InputError, match=r"^split = 'test'; allowed: 'train', 'validation'$"):
        data.load("test")


def test_names_of_classes_are_handed_on(pets: Path) -> None:
    write(pets / "birds" / "bird.png")
    data = data_of(pets)
    assert Resized(with_validation(Subset(data, 4, 2))).class_names == ("birds", "cats", "dogs")
    assert OnlyClasses(data, (2, 0)).class_names == ("dogs", "birds")
    assert Synthetic().class_names is None and OnlyClasses(Synthetic()).class_names is None


def a_damaged_file(pets: Path) -> None:
    (pets / "dogs" / "dog9.png").write_bytes(b"no image at all")


BAD: dict[str, tuple[Callable[[Path], object], dict[str, Any], str]] = {
    "not given": (lambda pets: None, {"path": ""}, r"path = ''; allowed: a folder of images, such as --data\.path pic"),
    "not there": (shutil.rmtree, {}, r"path = '.*pets': there is no such folder$"),
    "a file": (lambda pets: None, {"path": __file__}, r"path = '.*': it is a file; allowed: a folder of images$"),
    "no folders": (
        lambda pets: [shutil.rmtree(pets / name) for name in ("cats", "dogs")],
        {},
        r".*pets has no images and no folder; allowed: two folders of images or more, one for each class$",
    ),
    "images only": (
        lambda pets: [shutil.rmtree(pets / name) for name in ("cats", "dogs")] and write(pets / "a.png"),
        {},
        r".*pets has 1 images and no folder; allowed: two folders",
    ),
    "one class": (
        lambda pets: shutil.rmtree(pets / "dogs"),
        {},
        r".*pets has the folder cats; allowed: two folders of images or more, one for each class$",
    ),
    "too high": (
        lambda pets: [shutil.move(pets / name, pets / "all" / name) for name in ("cats", "dogs")],
        {},
        r".*pets has the folder all; allowed: .* each class; is .*pets/all meant\?$",
    ),
    "empty class": (
        lambda pets: (pets / "birds").mkdir(),
        {},
        r".*pets/birds has no image to train on; allowed: at least one of each class, in files of \.png, ",
    ),
    "nested": (
        lambda pets: write(pets / "cats" / "persian" / "cat.png"),
        {},
        r".*cats/persian has images; allowed: images of a class in .*/cats itself$",
    ),
    "too few": (
        lambda pets: write(pets / "birds" / "bird.png"),
        {"test_fraction": 0.9},
        r"test_fraction = 0\.9, which leaves none of the 1 images in .*birds to train on; allowed: a smaller one, or",
    ),
    "damaged": (
        a_damaged_file,
        {},
        r".*dogs/dog9\.png: it is no image; damaged = 'skip' leaves such files out$",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_used_is_said(pets: Path, what: str) -> None:
    change, fields, message = BAD[what]
    change(pets)
    with pytest.raises(InputError, match=f"^{message}") as error:
        _ = data_of(pets, **fields).element
        data_of(pets, **fields).load("train")
    assert "\n" not in str(error.value)
    assert isinstance(error.value, DataUnavailableError) == (what == "not there")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"height": 0}, "height = 0; allowed: at least 1"),
        ({"channels": 2}, "channels = 2; allowed: 1, 3"),
        ({"fit": "pad"}, "fit = 'pad'; allowed: 'crop', 'stretch'"),
        ({"background": 256}, "background = 256; allowed: 0 to 255"),
        ({"damaged": "mend"}, "damaged = 'mend'; allowed: 'refuse', 'skip'"),
        ({"test_fraction": 1.0}, "test_fraction = 1.0; allowed: more than 0 and less than 1"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("unchecked")
def test_fields_out_of_range_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        ImageFolder(**fields)


@pytest.mark.parametrize("names", [("train",), ("test", "val"), ("train", "val", "valid")], ids="-".join)
def test_splits_that_do_not_go_together_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        write(tmp_path / "odd" / name / "a" / "one.png")
    with pytest.raises(
        InputError, match=rf"odd has the folders {', '.join(sorted(names))}; allowed: train and, once each"
    ):
        _ = data_of(tmp_path / "odd").element


def test_training_and_testing_are_splits_too(tmp_path: Path) -> None:
    for name in ("Training/a", "Training/b", "Testing/a", "Testing/b"):
        write(tmp_path / "scans" / name / "one.png")
    data = data_of(tmp_path / "scans")
    assert data.class_names == ("a", "b") and data.splits == ("train", "test")
    assert (len(data.load("train")), len(data.load("test"))) == (2, 2)


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for name in ("car", "train"):
        write(tmp_path / "vehicles" / name / "one.png")
    assert data_of(tmp_path / "vehicles").class_names == ("car", "train")


def test_a_class_without_training_images_is_refused(tmp_path: Path) -> None:
    for name in ("train/a", "train/b", "test/a", "test/b", "test/c"):
        write(tmp_path / "odd" / name / "one.png")
    with pytest.raises(InputError, match=r"odd/train/c has no image to train on; allowed: at least one of each class"):
        data_of(tmp_path / "odd").load("train")


def test_damaged_files_are_skipped_and_counted(pets: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = {split: levels(data_of(pets), split) for split in ("train", "test")}
    bad = [pets / "cats" / f"cat{number}.PNG" for number in (1, 3, 5, 7)]
    for path in bad:
        path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(
        InputError, match=r"cat1\.PNG: it is .*, and 3 more of 15 files are damaged; damaged = 'skip' le"
    ):
        data_of(pets).load("train")
    data, found = data_of(pets, damaged="skip"), {}
    with caplog.at_level(logging.WARNING):
        for split in ("train", "test"):
            found[split] = levels(data, split)
    left_out = {10, 30, 50, 70}
    assert found == {split: [level for level in whole[split] if level not in left_out] for split in whole}
    counts = [re.match(r"(\d) of (\d+) images of the (\w+) split are damaged", r.getMessage()) for r in caplog.records]
    assert sum(int(match[1]) for match in counts if match) == 4
    for path in (pets / "dogs").glob("*.bmp"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"dogs has no image to train on; allowed: at least one of each class"):
        data.load("train")


def test_an_unreadable_file_is_not_taken_for_a_damaged_one(pets: Path) -> None:
    (pets / "cats" / "lost.png").symlink_to(pets / "nowhere.png")
    with pytest.raises(InputError, match=r"^cannot read .*cats/lost\.png: No such file or directory$"):
        data_of(pets, damaged="skip").load("train")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are decoded."""
    found: list[Path] = []

    def counted(read: Callable) -> Callable:
        def counting(path: Path, *args: object) -> object:
            found.append(path)
            return read(path, *args)

        return counting

    monkeypatch.setattr(image_folder, "read_image", counted(image_folder.read_image))
    monkeypatch.setattr(mask_folder, "read_pair", counted(mask_folder.read_pair))
    return found


def test_images_are_decoded_once(pets: Path, reads: list[Path], tmp_path: Path) -> None:
    data = data_of(pets)
    first = levels(data, "train") + levels(data, "test")
    assert len(reads) == 15
    assert levels(data, "train") + levels(data, "test") == first and len(reads) == 15
    levels(data_of(pets, split_seed=3, test_fraction=0.5, damaged="skip"), "test")
    shutil.copytree(pets, tmp_path / "moved")
    assert levels(data_of(tmp_path / "moved"), "train") + levels(data_of(tmp_path / "moved"), "test") == first
    assert len(reads) == 15  # other splits, and the same files elsewhere
    for changes in ({"height": 5}, {"width": 5}, {"channels": 3}, {"fit": "stretch"}, {"background": 0}):
        reads.clear()
        levels(data_of(pets, **changes), "test")
        assert len(reads) == 15, changes


def test_another_process_finds_what_is_decoded(pets: Path, reads: list[Path]) -> None:
    code = f"""
from qconv.data.image_folder import ImageFolder
print(len(ImageFolder({str(pets)!r}, height=4, width=4, channels=1).load("train")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert (done.stdout, done.stderr) == ("12\n", "")
    assert len(levels(data_of(pets), "train")) == 12 and not reads


def test_changed_files_are_decoded_anew(pets: Path, reads: list[Path]) -> None:
    """Also one of the same name, size and time."""
    data, path = data_of(pets), pets / "cats" / "cat1.PNG"
    before, state = levels(data, "train") + levels(data, "test"), path.stat()
    known = data.contents
    write(path, 99)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    after = levels(data, "train") + levels(data, "test")
    assert path.stat().st_mtime_ns == state.st_mtime_ns and data.contents != known
    assert sorted(after) == sorted([99 if level == 10 else level for level in before])


def test_only_changed_files_are_read_again(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qconv.data.file_digests._SETTLED", -(10**18))
    files = sorted((pets / "cats").glob("cat*"))
    first = file_digests(pets, files)
    hashed: list[Path] = []
    digest = "qconv.data.file_digests._digest"
    monkeypatch.setattr(digest, lambda path: hashed.append(path) or "new")
    assert file_digests(pets, files) == first and not hashed
    write(files[3], 77, size=(3, 3))
    assert file_digests(pets, files) == [*first[:3], "new", *first[4:]] and hashed == [files[3]]
    (index,) = (cache_folder() / "digests").glob("*.json")
    index.write_text("[1, 2")
    assert file_digests(pets, files) == ["new"] * 10


def test_what_was_found_in_files_is_found_anew_where_they_have_changed(pets: Path) -> None:
    """In the same process, too, in which the data are equal to what they were."""
    data = data_of(pets)
    chosen, scaled, reduced = OnlyClasses(data, (0, 1)), Scaled(data), Reduced(Resized(data, 2, 2), PCA(1))
    other = OtherItems(data, like=scaled)
    assert [len(everything(each, "train").inputs) for each in (chosen, scaled, reduced, other)] == [12] * 4
    for number in range(10):
        write(pets / "cats" / f"new{number}.png", 250)
    found = [everything(each, "train").inputs for each in (chosen, scaled, reduced, other)]
    assert list(map(len, found)) == [20] * 4
    for images in (found[1], found[3], scaled.change(found[0])):
        np.testing.assert_allclose(images.mean(0), 0, atol=1e-5)
        np.testing.assert_allclose(images.std(0), 1, atol=1e-5)
    assert (found[2].min(), found[2].max()) == (0, 1)


def test_files_that_were_written_just_now_are_not_trusted(pets: Path) -> None:
    data_of(pets).load("train")
    (index,) = (cache_folder() / "digests").glob("*.json")
    assert json.loads(index.read_text()) == {}


def test_what_is_half_made_is_never_taken(cache: Path) -> None:
    made: list[str] = []

    def make(folder: Path) -> None:
        made.append(folder.name)
        assert not list(folder.iterdir())
        (folder / "half").touch()
        if len(made) == 1:
            raise KeyboardInterrupt
        (folder / "whole").touch()

    with pytest.raises(KeyboardInterrupt):
        kept("things/a", make)
    assert not (cache / "things" / "a").exists()
    (cache / "things" / "a.partial").mkdir()
    (cache / "things" / "a.partial" / "left").touch()  # by a process that was killed
    assert sorted(path.name for path in kept("things/a", make).iterdir()) == ["half", "whole"]
    assert kept("things/a", make) == cache / "things" / "a" and len(made) == 2


def test_a_cache_that_cannot_be_written_is_named(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE, str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"^cannot write the cache in .*file: .*; QCONV_CACHE names another folder$"):
        data_of(pets).load("train")
    monkeypatch.setenv(CACHE, str(tmp_path / "small"))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(100, 0, 100))
    with pytest.raises(
        InputError, match=r"^15 images take 0\.0 GB, and .*small has 0\.0 GB left; allowed: fewer or sm"
    ):
        data_of(pets).load("train")


def test_no_more_memory_than_batches(tmp_path: Path) -> None:
    """Of 400 images of 224x224, 60 MB as bytes and 240 MB as float32; batches have 4 images."""
    for name in ("a", "b"):
        write(tmp_path / "many" / name / "0.png", 5, size=(30, 20))
        for number in range(1, 200):
            os.link(tmp_path / "many" / name / "0.png", tmp_path / "many" / name / f"{number}.png")
    code = f"""
import numpy as np
from pathlib import Path
from qconv.data.checked import load_checked
from qconv.data.image_folder import ImageFolder
status = lambda: int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024
data = ImageFolder({str(tmp_path / "many")!r}, height=224, width=224)
source, before = load_checked(data, "test"), status()
most, total = 0, 0
for split in ("train", "test"):
    source = load_checked(data, split)
    for first in range(0, len(source), 4):
        batch = source[np.arange(first, min(first + 4, len(source)))]
        total += len(batch.inputs)
        most = max(most, status() - before)
print(total, most)
"""
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is read from /proc")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    total, most = map(float, done.stdout.split())
    assert total == 400 and most < 20


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Ten images with masks: a bright part, and where it is."""
    folder = tmp_path / "cells"
    for number in range(10):
        pixels = np.zeros((20, 30), np.uint8)
        pixels[:, : 3 * number] = 200
        for kind, array, ending in (("images", pixels, "jpg"), ("masks", np.where(pixels > 0, 255, 0), "png")):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            image = Image.fromarray(array.astype(np.uint8))
            image.save(folder / kind / f"{number}.{ending}", quality=100)  # PNG has no such thing
    return folder


def test_masks_come_with_their_images(cells: Path, reads: list[Path]) -> None:
    data = MaskFolder(str(cells), height=4, width=10, channels=1)
    assert data.element == checked_element(data) == Element((4, 10, 1), (4, 10), 2) and data.class_names is None
    train, test = everything(data, "train"), everything(data, "test")
    assert train.inputs.shape == (8, 4, 10, 1) and train.targets.shape == (8, 4, 10) and len(test.targets) == 2
    for images, masks in (train, test):
        np.testing.assert_array_equal(images[..., 0] > 0.4, masks == 1)
    found = np.concatenate([train.targets, test.targets])[:, 0].sum(axis=1)
    assert sorted(found.tolist()) == list(range(10)) and len(reads) == 10


def test_masks_in_folders_of_splits(cells: Path) -> None:
    for split in ("train", "test"):
        shutil.copytree(cells / "images", cells / split / "images")
        shutil.copytree(cells / "masks", cells / split / "masks")
    shutil.rmtree(cells / "images")
    shutil.rmtree(cells / "masks")
    for path in (cells / "test").glob("*/0.*"):
        path.unlink()
    data = MaskFolder(str(cells), height=4, width=10)
    assert (len(data.load("train")), len(data.load("test"))) == (10, 9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda cells: (cells / "masks" / "3.png").unlink(),
            r".*images/3\.jpg has no file of its name in .*masks; allo",
        ),
        (
            lambda cells: (cells / "images" / "3.jpg").unlink(),
            r".*masks/3\.png has no file of its name in .*images; al",
        ),
        (
            lambda cells: write(cells / "masks" / "3.tif"),
            r".*masks/3\.tif has the name of .*3\.png; allowed: each name",
        ),
        (
            lambda cells: write(cells / "images" / "more" / "9.png"),
            r".*images/more has images; allowed: images and masks in .*images itself$",
        ),
        (
            lambda cells: shutil.rmtree(cells / "masks"),
            r"there is no folder .*masks; allowed: the folders images and m",
        ),
        (
            lambda cells: write(cells / "masks" / "3.png", 7, (30, 20)),
            r".*masks/3\.png: it has the values 7; allowed: 0",
        ),
        (lambda cells: write(cells / "masks" / "3.png", 0, (20, 30)), r".*masks/3\.png: it is 30 x 20 pixels, and its"),
    ],
    ids=["no mask", "no image", "twice", "nested", "no folder", "values", "size"],
)
def test_masks_that_do_not_fit_are_named(cells: Path, change: Callable[[Path], object], message: str) -> None:
    change(cells)
    with pytest.raises(InputError, match=f"^{message}") as error:
        MaskFolder(str(cells), height=4, width=4).load("train")
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match=r"^num_classes = 1; allowed: 2 to 256$"):
        MaskFolder(str(cells), num_classes=1)


def test_other_files_make_another_run(pets: Path, tmp_path: Path) -> None:
    def experiment(folder: Path) -> Experiment:
        return Experiment(data_of(folder), ClassicalNet(LinearHead(None)), rivals=())

    ours = experiment(pets)
    known, items = run_id(ours), items_id(ours.data, "test", 3)
    assert run_id(ours) == known == run_id(replace(ours, seed=1))
    assert run_id(experiment(Path(f"{pets}/"))) == known
    (pets / "notes.txt").write_text("is none of the images")
    assert run_id(ours) == known
    (pets / "cats" / "cat0.jpg").rename(pets / "dogs" / "cat0.jpg")
    assert run_id(ours) != known and items_id(ours.data, "test", 3) != items
    (pets / "dogs" / "cat0.jpg").rename(pets / "cats" / "cat0.jpg")
    assert run_id(ours) == known and items_id(ours.data, "test", 3) == items
    write(pets / "cats" / "cat0.jpg", 1)
    assert run_id(ours) != known and run_id(replace(ours, split="validation")) != run_id(ours)
    shutil.rmtree(pets)
    assert len(run_id(ours)) == 10  # what is wrong is said where the data are wanted


def test_networks_have_as_many_outputs_as_there_are_classes(pets: Path) -> None:
    experiment, _ = load("folder_images")
    write(pets / "birds" / "bird.png")
    mine = replace(experiment, data=data_of(pets, channels=3))
    assert mine.network.head.num_classes == 3 and mine.model.head.num_classes is None


SHORT = (
    "--num-steps",
    "2",
    "--batch-size",
    "4",
    "--data.height",
    "8",
    "--data.width",
    "8",
    "--model.head.features",
    "2",
)


def test_a_folder_is_trained_on_in_one_command(
    pets: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    a_damaged_file(pets)
    command = ["train", "folder_images", "--data.path", "pets/", *SHORT]
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("qconv: pets/dogs/dog9.png: it is no image; damaged = 'skip' ") and error.count("\n") == 1
    main([*command, "--data.damaged", "skip"])
    out, error = capsys.readouterr()
    assert "qconv: 1 of " in error and " split are damaged and left out: pets/dogs/dog9.png: it is no image" in error
    (folder,) = (tmp_path / "runs" / "folder_images").glob("*/seed0")
    assert (folder / "confusion.png").exists() and "classical twin" in out
    summary, spec = (json.loads((folder / f"{name}.json").read_text()) for name in ("summary", "spec"))
    assert summary["num_items"] == 3 and len(spec["contents"]) == 1
    main([*command, "--data.damaged", "skip"])
    assert "finished before" in capsys.readouterr().out
    main(["evaluate", str(folder)])
    # Another image makes it another run, and the old one is not evaluated on what it was perhaps trained on.
    write(pets / "cats" / "new.png")
    with pytest.raises(
        RunError, match=r"was trained on other files than there are now where its data lie; train again$"
    ):
        evaluate_run(folder)
    main([*command, "--data.damaged", "skip"])
    assert "finished before" not in capsys.readouterr().out
    assert len(list((tmp_path / "runs" / "folder_images").glob("*/seed0"))) == 2


def test_a_network_that_does_not_fit_is_refused_before_images_are_decoded(
    pets: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, reads: list[Path]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["train", "folder_images", "--data.path", "pets", *SHORT, "--model.conv.kernel-size", "9"])
    assert stop.value.code == 2 and capsys.readouterr().err.startswith("qconv: 81 qubits ")
    assert not reads


@pytest.mark.parametrize("command", ["train", "draw", "diagnose"])
def test_a_folder_has_to_be_given(
    command: str, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for given, message in (
        ((), "qconv: path = ''; allowed: a folder of images, such as --data.path pictures\n"),
        (("--data.path", "nowhere"), "qconv: path = 'nowhere': there is no such folder\n"),
    ):
        with pytest.raises(SystemExit) as stop:
            main([command, "folder_images", *given])
        assert stop.value.code == 2 and capsys.readouterr().err == message
    assert not (tmp_path / "runs").exists()


def test_a_file_is_read_as_for_training(pets: Path) -> None:
    source = NewImages(data_of(pets), pictures_in([pets / "dogs" / "dog2.bmp"]))
    np.testing.assert_array_equal(source[np.array([0])].inputs, np.float32(220) / np.float32(255))


def test_progress_is_shown_where_it_takes_a_while(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(over_files("squares", lambda number: number**2, range(100))) == [n**2 for n in range(100)]
    assert list(over_files("nothing", str, [])) == []
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("qconv.data.file_work._SECONDS_UNSEEN", 0)
    assert len(list(over_files("decoding", str, range(100)))) == 100
    out, error = capsys.readouterr()
    assert out == "" and re.search(r"^decoding  image 100/100  [\d,]+ images/s  0 s left$", error, re.MULTILINE)


def test_no_more_is_worked_on_ahead_than_threads_need() -> None:
    """Results wait for whoever takes them: of images they are large."""
    begun: list[int] = []
    results = over_files("squares", lambda number: begun.append(number), range(10**5))
    next(results)
    time.sleep(0.2)
    assert len(begun) < 10**4
    results.close()


def test_a_mistake_in_the_work_ends_it() -> None:
    with pytest.raises(ZeroDivisionError):
        list(over_files("quotients", lambda number: 1 // (5 - number), range(1000)))
