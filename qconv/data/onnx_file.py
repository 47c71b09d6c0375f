"""Any file of ONNX as a source of features."""

from dataclasses import dataclass
from typing import Any

from qconv.bounds import require, require_at_least
from qconv.data.onnx_network import Cut, OnnxNetwork, Preprocessing, cut_at
from qconv.digests import check_digest, find_file
from qconv.errors import InputError
from qconv.extras import import_extra


@dataclass(frozen=True)
class OnnxFile(OnnxNetwork):
    """The graph of an ONNX file up to one of its tensors, an inner one too.

    timm, torchvision, Hugging Face and Keras all export ONNX. The file is known by its SHA-256 and looked for in the
    folders that `QCONV_WEIGHTS` names, by default `weights`, and in the package that it comes with, if there is one.
    All of its weights are in it: one that has them in a file beside it, as newer exporters write, is refused.
    """

    weights: str
    """SHA-256 of the file, 64 hexadecimal digits."""
    tensor: str
    """The tensor that is read, usually the input of the last layer. A wrong name is refused with the nearest ones."""
    features: int
    """How many numbers the tensor has along `axis`."""
    axis: int = 1
    """The axis of the tensor whose numbers are the features; of all others but the first the mean is taken."""
    preprocessing: Preprocessing = Preprocessing()  # noqa: RUF009 - a frozen dataclass
    """What becomes of images before the network sees them."""
    package: str = ""
    """The package that the file comes with, as pip names it; empty for a file of one's own."""

    def __post_init__(self) -> None:
        check_digest(self.weights)
        require(self, "tensor", bool(self.tensor), "the name of a tensor of the graph")
        require_at_least(self, 1, "features", "axis")

    @property
    def num_features(self) -> int:
        """Numbers of an image, as the spec says."""
        return self.features

    def cut(self) -> Cut:
        """The graph up to the tensor."""
        onnx = import_extra("onnx", self.extra)
        path = find_file(self.weights, ("onnx",), self.package)
        try:
            model: Any = onnx.load(path, load_external_data=False)
        except Exception as error:  # protobuf has exceptions of its own
            raise InputError(f"{path} cannot be read as ONNX: {error}") from error
        if any(weight.data_location == onnx.TensorProto.EXTERNAL for weight in model.graph.initializer):
            raise InputError(
                f"{path} has weights in files of their own, which its SHA-256 does not cover; allowed: a file with all "
                f"of them, as onnx.save(onnx.load({path.name!r}), 'whole.onnx') writes it"
            )
        return Cut(cut_at(model, self.tensor), self.axis, self.preprocessing)
