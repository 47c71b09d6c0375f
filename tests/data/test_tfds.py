"""TFDS datasets: prepared by TFDS's own builders without TensorFlow, and read back row by row."""

import functools
import hashlib
import http.server
import io
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast, get_args

import numpy as np
import pytest
from PIL import Image

from qconv.data import tfds, tfds_prepare
from qconv.data.binarised import Binarised
from qconv.data.checked import load_checked
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import Element, Split
from qconv.data.resized import Resized
from qconv.data.tfds import Tfds, TfdsSource
from qconv.data.validation import WithValidation, with_validation
from qconv.errors import DataUnavailableError, InputError

ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN_FILES = [f"data_batch_{i}.bin" for i in range(1, 6)]
ROWS_PER_FILE = 4

DRIVER = """
import importlib.util, os, signal
from tensorflow_datasets.core.download.checksums import UrlInfo
from tensorflow_datasets.core.utils import Size
from tensorflow_datasets.image_classification.cifar import Cifar10

spec = importlib.util.spec_from_file_location("tfds_prepare", {script!r})
prepare = importlib.util.module_from_spec(spec)
spec.loader.exec_module(prepare)

def register(url, checksum, size):
    original = Cifar10._cifar_info
    Cifar10._cifar_info = property(lambda self: original.fget(self)._replace(url=url))
    Cifar10.url_infos[url] = UrlInfo(size=Size(size), checksum=checksum, filename={archive!r})

{patch}
prepare.main()
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny archive in CIFAR-10's own binary format."""
    path = tmp_path_factory.mktemp("archive") / ARCHIVE
    rng = np.random.default_rng(0)
    with tarfile.open(path, "w:gz") as tar:

        def add(name: str, content: bytes) -> None:
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))

        for name in [*TRAIN_FILES, "test_batch.bin"]:
            labels = rng.integers(0, 10, (ROWS_PER_FILE, 1))
            pixels = rng.integers(0, 256, (ROWS_PER_FILE, 3 * 32 * 32))
            add(name, np.concatenate([labels, pixels], axis=1).astype(np.uint8).tobytes())
        add("batches.meta.txt", "\n".join("abcdefghij").encode())
    return path


@pytest.fixture(scope="module")
def server(archive: Path) -> Iterator[str]:
    """Address of the archive on a local server."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(archive.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/{ARCHIVE}"
        httpd.shutdown()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request is refused at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free.getsockname()[1]}")


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that does not exist yet, in a folder that does not exist yet."""
    path = tmp_path / "not" / "yet"
    monkeypatch.setenv("TFDS_DATA_DIR", str(path))
    return path


def drive(monkeypatch: pytest.MonkeyPatch, folder: Path, patch: str) -> None:
    """Runs the preparation with another address or checksum in TFDS's stock builder."""
    driver = folder / "driver.py"
    driver.write_text(DRIVER.format(script=tfds_prepare.__file__, archive=ARCHIVE, patch=patch))
    monkeypatch.setattr(tfds, "_PREPARE", driver)


def register(url: str, archive: Path) -> str:
    content = archive.read_bytes()
    return f"register({url!r}, {hashlib.sha256(content).hexdigest()!r}, {len(content)})"


def put_by_hand(archive: Path, data_dir: Path) -> None:
    by_hand = data_dir / "downloads" / "manual" / "cifar10" / ARCHIVE
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(archive.read_bytes())


def written(archive: Path, names: list[str]) -> list[tuple[int, bytes]]:
    """Label and pixels, rows first and channels last, of each image in some files of the archive."""
    with tarfile.open(archive) as tar:
        content = b"".join(cast(IO[bytes], tar.extractfile(f"cifar-10-batches-bin/{name}")).read() for name in names)
    rows = np.frombuffer(content, np.uint8).reshape(-1, 1 + 3 * 32 * 32)
    return sorted((int(row[0]), row[1:].reshape(3, 32, 32).transpose(1, 2, 0).tobytes()) for row in rows)


def read(source: TfdsSource) -> list[tuple[int, bytes]]:
    batch = source[np.arange(len(source))]
    assert batch.inputs.dtype == np.float32
    assert batch.targets.dtype == np.int32
    pixels = batch.inputs * np.float32(255)
    assert np.abs(pixels - pixels.round()).max() < 1e-3
    return sorted((int(y), x.round().astype(np.uint8).tobytes()) for x, y in zip(pixels, batch.targets, strict=True))


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_stock_builder_gives_back_what_the_archive_holds(
    archive: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", "../relative")
    drive(monkeypatch, tmp_path, register(server, archive))

    train = Tfds("cifar10").load("train")
    data_dir = tmp_path.parent / "relative"
    before = files(data_dir)
    monkeypatch.setattr(tfds, "_prepare", lambda name: pytest.fail("prepared twice"))
    test = Tfds("cifar10").load("test")

    assert Tfds("cifar10").element == train.element == test.element == Element((32, 32, 3), num_classes=10)
    assert read(train) == written(archive, TRAIN_FILES)
    assert read(test) == written(archive, ["test_batch.bin"])
    every, some = train[np.arange(len(train))], train[np.array([7, 0, 7])]
    assert every.inputs.shape == (20, *train.element.inputs) and every.targets.shape == (20, *train.element.targets)
    np.testing.assert_array_equal(some.inputs, every.inputs[[7, 0, 7]])
    np.testing.assert_array_equal(some.targets, every.targets[[7, 0, 7]])
    assert train[np.array([], int)].inputs.shape == (0, 32, 32, 3)
    assert files(data_dir) == before, "reading must not need a writable folder"
    assert "tensorflow" not in sys.modules


def test_archive_with_another_checksum_is_refused(
    archive: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch, server: str, tmp_path: Path
) -> None:
    drive(monkeypatch, tmp_path, register(server, Path(__file__)))
    with pytest.raises(DataUnavailableError, match=f"{server}.* has wrong checksum"):
        Tfds("cifar10").load("train")
    assert not data_dir.parent.exists()

    put_by_hand(archive, data_dir)
    monkeypatch.setattr(tfds, "_PREPARE", Path(tfds_prepare.__file__))
    with pytest.raises(DataUnavailableError, match=f"{ARCHIVE}.* has wrong checksum"):
        Tfds("cifar10").load("train")
    assert [path.name for path in files(data_dir)] == [ARCHIVE]


@pytest.mark.usefixtures("no_network")
def test_interrupted_preparation_is_done_again_from_archives_put_by_hand(
    archive: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put_by_hand(archive, data_dir)
    by_hand = register("https://example.invalid/", archive)
    die = """
def die(self, prefix, paths):
    if prefix == "test_":
        os.kill(os.getpid(), signal.SIGKILL)
    return original_generate(self, prefix, paths)
original_generate, Cifar10._generate_examples = Cifar10._generate_examples, die
"""
    drive(monkeypatch, tmp_path, by_hand + die)
    with pytest.raises(DataUnavailableError, match="ended with status -9"):
        Tfds("cifar10").load("train")
    assert not list(data_dir.glob("cifar10/3*"))

    drive(monkeypatch, tmp_path, by_hand)
    assert read(Tfds("cifar10").load("test")) == written(archive, ["test_batch.bin"])
    assert not list(data_dir.rglob("incomplete.*"))
    # TFDS would take what is extracted there for the archive of the same name of another dataset.
    assert not (data_dir / "downloads" / "extracted").exists()


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(("name", "host"), [("cifar10", "www.cs.toronto.edu"), ("mnist", "storage.googleapis.com")])
def test_without_a_network_it_fails_soon_and_says_what_helps(name: str, host: str, data_dir: Path) -> None:
    start = time.monotonic()
    with pytest.raises(DataUnavailableError) as error:
        Tfds(name).load("train")
    assert time.monotonic() - start < 15
    for part in (f"'{name}'", "'train'", "version 3.0", str(data_dir), host, str(data_dir / "downloads/manual" / name)):
        assert part in str(error.value)
    assert "\n" not in str(error.value)
    assert not data_dir.parent.exists()


def test_a_server_that_never_answers_is_given_up(
    archive: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{ARCHIVE}"
        drive(monkeypatch, tmp_path, register(url, archive) + "; prepare.ANSWER_S = 0.5")
        with pytest.raises(DataUnavailableError, match=r"no download from 127\.0\.0\.1"):
            Tfds("cifar10").load("train")
    assert not data_dir.parent.exists()
    assert tfds_prepare.ANSWER_S <= 15


def test_an_interrupted_download_leaves_nothing(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        command = [sys.executable, tfds_prepare.__file__, "cifar10", str(data_dir)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            silent.settimeout(20)
            silent.accept()[0].close()
            child.terminate()
            assert child.communicate(timeout=60) == (b"", None)
    assert not data_dir.parent.exists()


@pytest.mark.parametrize("below", [".", "sub"])
def test_a_data_folder_that_cannot_be_made_is_named(
    below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "file" / below))
    with pytest.raises(DataUnavailableError, match=r"not in .*/file.* this folder cannot be created"):
        Tfds("cifar10").load("train")


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cifa10", "name 'cifa10' is not a dataset of TFDS .* did you mean cifar10 or"),
        ("", "name '': .*; allowed: NAME, NAME/CONFIG"),
        ("../cifar10", r"name '../cifar10': .*; allowed: NAME, NAME/CONFIG"),
        ("cifar10:9.9.9", "cannot be loaded at version 9.9.9, only: "),
        ("emnist/digit", "BuilderConfig digit not found"),
        ("coco", "name 'coco': No module named 'tensorflow'"),
        ("imdb_reviews", r"has the features text \(Text\), label \(ClassLabel\); allowed: image"),
        ("imagenet2012", r"uint8 images of shape \(None, None, 3\); allowed: .* the same for all images"),
    ],
)
def test_a_name_that_does_not_stand_for_labelled_images_is_refused(
    name: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for ask in (lambda: Tfds(name).element, lambda: Tfds(name).load("train")):
        with pytest.raises(InputError, match=message) as error:
            ask()
        assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("data_dir")
def test_shapes_and_classes_are_known_without_data() -> None:
    found = [Tfds(name).element for name in ("cifar10", "cifar100", "mnist", "emnist/letters")]
    assert [element.num_classes for element in found] == [10, 100, 10, 37]
    assert [element.inputs for element in found] == [(32, 32, 3), (32, 32, 3), (28, 28, 1), (28, 28, 1)]
    assert [element.targets for element in found] == [()] * 4
    assert Tfds("mnist").class_names is None


@pytest.fixture(scope="module")
def own_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of grey images with a train split only; the last image is too wide, the one before has no label."""
    import tensorflow_datasets

    class QconvGrey(tensorflow_datasets.core.GeneratorBasedBuilder):
        VERSION = tensorflow_datasets.core.Version("1.0.0")

        def _info(self) -> tensorflow_datasets.core.DatasetInfo:
            features = {
                "image": tensorflow_datasets.features.Image(shape=(2, 3, 1)),
                "label": tensorflow_datasets.features.ClassLabel(names=["dot", "bar", "ring"]),
            }
            return tensorflow_datasets.core.DatasetInfo(
                builder=self, features=tensorflow_datasets.features.FeaturesDict(features), disable_shuffling=True
            )

        def _split_generators(self, dl_manager: object) -> dict:
            return {"train": self._generate_examples()}

        def _generate_examples(self) -> Iterator:
            for row, label, width in ((0, 2, 3), (1, -1, 3), (2, 0, 4)):
                image = np.full((2, width, 1), 100 + row, np.uint8)
                yield row, {"image": tfds_prepare._encode_png(image), "label": label}

    path = tmp_path_factory.mktemp("own")
    QconvGrey(data_dir=path).download_and_prepare(file_format="array_record")
    return path


def test_grey_images_have_one_channel(own_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(own_data_dir))
    source = Tfds("qconv_grey").load("train")
    images, labels = source[np.array([0])]
    np.testing.assert_array_equal(images, np.full((1, 2, 3, 1), 100 / 255, np.float32))
    assert labels.tolist() == [2]
    with pytest.raises(InputError, match=r"label -1 is out of range; allowed: 0 \.\. 2"):
        source[np.array([0, 1])]
    with pytest.raises(InputError, match="an image is 2 x 4; allowed: 2 x 3"):
        source[np.array([2])]


def test_an_item_is_what_it_is_said_to_be(own_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(own_data_dir))
    data = Tfds("qconv_grey")
    assert data.element == data.load("train").element == Element((2, 3, 1), num_classes=3)
    assert data.class_names == Resized(data, 5, 4).class_names == ("dot", "bar", "ring")
    for made, shape in ((data, (2, 3, 1)), (Resized(data, 5, 4), (5, 4, 1)), (Binarised(data), (2, 3, 1))):
        source = load_checked(made, "train")
        images, labels = source[np.array([0])]
        assert images.shape == (1, *made.element.inputs) == (1, *shape) and images.dtype == np.float32
        assert labels.shape == (1, *made.element.targets) and labels.dtype == np.int32
        assert not getattr(source, "in_memory", False)  # nothing else has been read: the other images are broken
    parts = [load_checked(WithValidation(data), split) for split in get_args(Split)[:2]]
    assert sorted(map(len, parts)) == [1, 2]


def test_a_split_that_does_not_exist_is_refused(
    own_data_dir: Path, monkeypatch: pytest.MonkeyPatch, unchecked: None
) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(own_data_dir))
    with pytest.raises(InputError, match="name 'qconv_grey' has no split 'test'; it has: train"):
        Tfds("qconv_grey").load("test")
    with pytest.raises(InputError, match=r"^split 'val' is unknown; allowed: train, validation, test$"):
        Tfds("qconv_grey").load(cast(Split, "val"))


@pytest.fixture(scope="module")
def divided_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of grey images with three splits; what stands for images of class 1 is none."""
    import tensorflow_datasets

    class QconvParts(tensorflow_datasets.core.GeneratorBasedBuilder):
        VERSION = tensorflow_datasets.core.Version("1.0.0")

        def _info(self) -> tensorflow_datasets.core.DatasetInfo:
            features = {
                "image": tensorflow_datasets.features.Image(shape=(2, 3, 1)),
                "label": tensorflow_datasets.features.ClassLabel(num_classes=3),
            }
            return tensorflow_datasets.core.DatasetInfo(
                builder=self, features=tensorflow_datasets.features.FeaturesDict(features), disable_shuffling=True
            )

        def _split_generators(self, dl_manager: object) -> dict:
            return {name: self._generate_examples(count) for name, count in SIZES.items()}

        def _generate_examples(self, count: int) -> Iterator:
            for row in range(count):
                image = np.full((2, 4 if row % 3 == 1 else 3, 1), 10 * count + row, np.uint8)
                yield row, {"image": tfds_prepare._encode_png(image), "label": row % 3}

    path = tmp_path_factory.mktemp("divided")
    QconvParts(data_dir=path).download_and_prepare(file_format="array_record")
    return path


SIZES: dict[Split, int] = {"train": 12, "validation": 6, "test": 3}


def test_a_validation_split_of_the_catalogue_is_taken_and_no_training_image_cut(
    divided_data_dir: Path, own_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(divided_data_dir))
    data = with_validation(OnlyClasses(Tfds("qconv_parts"), (2, 0)))
    assert Tfds("qconv_parts").splits == data.splits == ("train", "validation", "test")
    assert data == OnlyClasses(WithValidation(Tfds("qconv_parts")), (2, 0))
    for split, count in SIZES.items():
        source = load_checked(data, split)
        images, labels = source[np.arange(len(source))]  # those of class 1 could not be decoded
        rows = [row for row in range(count) if row % 3 != 1]
        np.testing.assert_array_equal(images[:, 0, 0, 0], np.float32(10 * count + np.array(rows)) / np.float32(255))
        assert labels.tolist() == [(row % 3 == 0) * 1 for row in rows]
    with pytest.raises(InputError, match="an image is 2 x 4; allowed: 2 x 3"):
        load_checked(Tfds("qconv_parts"), "train")[np.array([0, 1])]
    monkeypatch.setenv("TFDS_DATA_DIR", str(own_data_dir))
    assert Tfds("qconv_grey").splits == ("train",)


def test_which_splits_there_are_is_not_known_where_the_data_are_not(data_dir: Path) -> None:
    with pytest.raises(DataUnavailableError, match="name 'mnist' is not prepared in"):
        _ = Tfds("mnist", prepare=False).splits
    assert not data_dir.exists()


def test_data_in_another_file_format_are_refused(
    own_data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = own_data_dir / "qconv_grey" / "1.0.0" / "dataset_info.json"
    for path in info.parent.glob("*.json"):
        copy = tmp_path / "qconv_grey" / "1.0.0" / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text().replace("array_record", "tfrecord"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(InputError, match=r"stored as tfrecord in .*; allowed: array_record"):
        Tfds("qconv_grey").load("train")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_are_encoded_without_loss(channels: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    with Image.open(io.BytesIO(tfds_prepare._encode_png(image))) as decoded:
        np.testing.assert_array_equal(np.asarray(decoded).reshape(image.shape), image)


def test_importing_the_module_does_not_import_tfds() -> None:
    code = "import sys, qconv.data.tfds; sys.exit('tensorflow_datasets' in sys.modules)"
    root = Path(tfds.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_what_is_not_prepared_stays_so_if_it_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(DataUnavailableError, match=r"name 'mnist' is not prepared in .*tfds_prepare mnist"):
        Tfds("mnist", prepare=False).load("train")
    assert not list(tmp_path.iterdir())
