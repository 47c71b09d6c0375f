"""Networks that make numbers of images and are not trained: graphs of ONNX."""

import difflib
import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from qconv.bounds import require, require_at_least, require_choices
from qconv.data.resized import resized
from qconv.errors import InputError
from qconv.extras import import_extra

_AT_ONCE = 16
"""Images that a graph sees at once, where it does not say how many."""


@dataclass(frozen=True)
class Preprocessing:
    """What becomes of images before a network sees them: another size, then (pixel - mean) / std of each channel.

    Images are numbers in [0, 1], RGB or grey; grey ones become three equal channels where the network wants three. The
    defaults are those of most networks that were trained on ImageNet with PyTorch.
    """

    height: int = 224
    """Pixels from top to bottom, by bilinear interpolation with antialiasing."""
    width: int = 224
    """Pixels from left to right."""
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    """What is 0 to the network, for each of its channels in their order; a tuple of one for grey images."""
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    """How far from it is 1."""
    order: Literal["RGB", "BGR"] = "RGB"
    """Which channel the network has first."""
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    """Whether channels come before the pixels of an image or after them."""

    def __post_init__(self) -> None:
        require_choices(self)
        require_at_least(self, 1, "height", "width")
        require(self, "mean", len(self.mean) in (1, 3), "a number for each channel, of which there are 1 or 3")
        channels = len(self.mean)
        require(self, "std", len(self.std) == channels, f"a number for each channel, of which mean has {channels}")
        require(self, "std", min(self.std) > 0, "more than 0")

    @property
    def shape(self) -> tuple[int, int, int]:
        """What the network gets of one image."""
        channels = len(self.mean)
        size = (self.height, self.width)
        return (channels, *size) if self.layout == "NCHW" else (*size, channels)

    def __call__(self, images: Float[np.ndarray, "batch height width channels"]) -> Float[np.ndarray, "batch _ _ _"]:
        """The input of the network for some images.

        Raises:
            InputError: images of another number of channels.
        """
        found, wanted = images.shape[-1], len(self.mean)
        if found not in (1, wanted):
            raise InputError(f"images have {found} channels; allowed for a network of {wanted}: 1 or {wanted}")
        sized = np.broadcast_to(resized(images, self.height, self.width), (len(images), *self._sizes))
        ordered = sized[..., ::-1] if self.order == "BGR" else sized
        inputs = ((ordered - self.mean) / self.std).astype(np.float32)
        return np.ascontiguousarray(inputs.transpose(0, 3, 1, 2) if self.layout == "NCHW" else inputs)

    @property
    def _sizes(self) -> tuple[int, int, int]:
        return (self.height, self.width, len(self.mean))


class Cut(NamedTuple):
    """A graph up to the tensor that is read."""

    model: Any
    """An `onnx.ModelProto`, whose only output is the tensor."""
    axis: int
    """The axis of the tensor whose numbers are features. Over others, such as positions, the mean is taken."""
    preprocessing: Preprocessing


class OnnxNetwork(ABC):
    """A network as a graph of ONNX, which `OnnxFeatures` runs. Subclasses are frozen dataclasses."""

    extra: ClassVar[str] = "onnx"
    """The extra of qconv that installs all that it needs: `onnx`, `onnxruntime`, and weights where they are in one."""

    @property
    @abstractmethod
    def num_features(self) -> int:
        """How many numbers it makes of an image; the file is not read to know it."""

    @abstractmethod
    def cut(self) -> Cut:
        """The graph.

        Raises:
            InputError: there is no such tensor in it, or no file with this digest.
            DataUnavailableError: the package that it comes with, or one that reads it, is not installed.
        """


class Runner:
    """A network, ready to make numbers of images.

    Args:
        network: the network.

    Attributes:
        digest: what identifies the numbers, beside the images: a SHA-256 of the graph, its weights and pre-processing.
        batch_size: images that it takes at once.

    Raises:
        InputError: see `OnnxNetwork.cut`; or the graph does not take the images, or makes another number of features.
        DataUnavailableError: see `OnnxNetwork.cut`.
    """

    def __init__(self, network: OnnxNetwork) -> None:
        runtime = import_extra("onnxruntime", network.extra)
        model, self._axis, self._preprocessing = network.cut()
        graph = model.SerializeToString(deterministic=True)
        said = f"{self._axis} {self._preprocessing}"
        self.digest = hashlib.sha256(hashlib.sha256(graph).digest() + said.encode()).hexdigest()
        options = runtime.SessionOptions()
        options.log_severity_level = 4  # what goes wrong is raised
        # As many as this process may use, which is not what ONNX Runtime counts where cores are shared.
        options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        self._name = f"the graph of {type(network).__name__}"
        try:
            self._session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has an exception of its own for each kind of failure
            raise InputError(f"{self._name} cannot be run: {_line(error)}") from error
        self._input, self.batch_size = self._checked_input()
        self._check_features(network.num_features)

    def __call__(self, images: Float[np.ndarray, "batch height width channels"]) -> Float[np.ndarray, "batch features"]:
        """The features of at most `batch_size` images, float32.

        Raises:
            InputError: images of another number of channels than the network's.
        """
        # Always as many, so that nothing is compiled twice: the last one stands for those that are missing.
        rows = np.minimum(np.arange(self.batch_size), len(images) - 1)
        return self._run(self._preprocessing(images[rows]))[: len(images)]

    def _run(self, inputs: np.ndarray) -> np.ndarray:
        try:
            (found,) = self._session.run(None, {self._input: inputs})
        except Exception as error:  # as above
            raise InputError(f"{self._name} refuses images of shape {inputs.shape}: {_line(error)}") from error
        if found.ndim < 2 or len(found) != len(inputs) or not 1 <= self._axis < found.ndim:
            raise InputError(
                f"axis = {self._axis} of a tensor of shape {found.shape} for {len(inputs)} images; allowed: 1 to "
                "its last one, of a tensor whose first axis counts images"
            )
        others = tuple(axis for axis in range(1, found.ndim) if axis != self._axis)
        return found.astype(np.float32).mean(others)

    def _checked_input(self) -> tuple[str, int]:
        """The name of the input, and how many images it takes at once."""
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
            found = ", ".join(f"{each.name} ({each.type} of shape {each.shape})" for each in inputs) or "none"
            raise InputError(f"{self._name} has the inputs {found}; allowed: one, float32 of rank 4")
        count, *sizes = inputs[0].shape
        wanted = self._preprocessing.shape
        if any(isinstance(size, int) and size > 0 and size != own for size, own in zip(sizes, wanted, strict=True)):
            raise InputError(
                f"{self._name} takes images of shape {tuple(sizes)}, and preprocessing makes {wanted}; allowed: "
                "height, width, channels and layout of the graph"
            )
        return inputs[0].name, count if isinstance(count, int) and count > 0 else _AT_ONCE

    def _check_features(self, wanted: int) -> None:
        empty = np.zeros((self.batch_size, *self._preprocessing.shape), np.float32)
        if (found := self._run(empty).shape[1]) != wanted:
            raise InputError(f"features = {wanted}; allowed: {found}, which {self._name} makes")


def cut_at(model: Any, tensor: str) -> Any:
    """The part of a graph that makes one of its tensors, which becomes the only output.

    Args:
        model: an `onnx.ModelProto`, which is not changed.
        tensor: name of an output, or of what any node of the graph makes.

    Raises:
        InputError: the graph has no such tensor; the message has the nearest names.
    """
    onnx = import_extra("onnx", OnnxNetwork.extra)
    part = onnx.ModelProto()
    part.CopyFrom(model)
    graph = part.graph
    maker = {name: number for number, node in enumerate(graph.node) for name in node.output if name}
    if tensor not in maker:
        near = difflib.get_close_matches(tensor, maker, n=5, cutoff=0.4) or list(maker)[-5:]
        raise InputError(
            f"tensor = {tensor!r} is none of the {len(maker)} of this graph; the nearest: {', '.join(near)}"
        )
    kept, used, waiting = set[int](), {tensor}, [tensor]
    while waiting:
        number = maker.get(waiting.pop())
        if number is None or number in kept:  # an input or a weight; or looked at before
            continue
        kept.add(number)
        names = set(_used(graph.node[number]))
        used |= names
        waiting += names
    for number in reversed(range(len(graph.node))):
        if number not in kept:
            del graph.node[number]
    for values in (graph.initializer, graph.input):
        for number in reversed(range(len(values))):
            if values[number].name not in used:
                del values[number]
    weights = {value.name for value in graph.initializer}
    for number in reversed(range(len(graph.input))):  # in old files weights are inputs, too
        if graph.input[number].name in weights:
            del graph.input[number]
    del graph.output[:]
    graph.output.append(onnx.ValueInfoProto(name=tensor))
    return part


def _used(node: Any) -> Iterator[str]:
    """Names of what a node reads, in the branches and loops that it holds, too."""
    yield from filter(None, node.input)
    for attribute in node.attribute:
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            for inner in graph.node:
                yield from _used(inner)
            yield from (value.name for value in graph.output)


def _line(error: Exception) -> str:
    """What an exception of ONNX Runtime says, in one line."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
