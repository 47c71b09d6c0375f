"""EfficientNet-Lite0 with its weights: what it sees in photographs."""

from dataclasses import dataclass

import numpy as np
import pytest

from qconv.data.efficientnet import PACKAGE, WEIGHTS, EfficientNetLite0, graph
from qconv.data.onnx_network import Cut, OnnxNetwork, Runner, cut_at
from qconv.data.torch_file import read_torch
from qconv.digests import find_file
from qconv.errors import DataUnavailableError

for module in ("onnx", "onnxruntime"):
    pytest.importorskip(module, reason="needs the extra imagenet")
try:
    FILE = find_file(WEIGHTS, ("pth",), PACKAGE)
except DataUnavailableError:
    pytest.skip("needs the extra imagenet", allow_module_level=True)


@dataclass(frozen=True)
class Logits(OnnxNetwork):
    """The same network up to its classes."""

    @property
    def num_features(self) -> int:
        return 1000

    def cut(self) -> Cut:
        return Cut(cut_at(graph(read_torch(FILE)), "logits"), 1, EfficientNetLite0().cut().preprocessing)


def photograph(name: str) -> np.ndarray:
    """The middle square of a photograph that comes with scikit-image."""
    from skimage import data

    image = getattr(data, name)().astype(np.float32) / 255
    height, width, _ = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[None, top : top + side, left : left + side]


def test_it_knows_what_photographs_show() -> None:
    runner = Runner(Logits())
    for name, classes, least in (
        ("chelsea", {281, 282, 285}, 0.8),  # tabby, tiger cat, Egyptian cat
        ("coffee", {967}, 0.9),  # espresso
        ("rocket", {657, 744, 812}, 0.35),  # missile, projectile, space shuttle
    ):
        (logits,) = runner(photograph(name))
        chances = np.exp(logits - logits.max())
        chances /= chances.sum()
        assert int(chances.argmax()) in classes and chances[list(classes)].sum() > least


def test_features_are_what_its_last_layer_sees() -> None:
    weights = read_torch(FILE)
    (features,), (logits,) = (Runner(network)(photograph("coffee")) for network in (EfficientNetLite0(), Logits()))
    assert features.shape == (1280,) and features.min() >= 0 and features.max() <= 6
    np.testing.assert_allclose(weights["_fc.weight"] @ features + weights["_fc.bias"], logits, atol=1e-4)


def test_all_weights_are_used() -> None:
    made = graph(weights := read_torch(FILE))
    named = {value.name for value in made.graph.initializer}
    assert {name for name in weights if not name.endswith("num_batches_tracked")} == named - {"zero", "six"}
