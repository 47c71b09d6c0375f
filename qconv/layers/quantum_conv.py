"""The quantum convolution."""

import math
from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.errors import InputError
from qconv.layers.circuit_layer import CircuitLayer
from qconv.layers.classical_conv import ClassicalConv
from qconv.patches import Padding, Size, check_padding, extract_patches, pair

Channels = Literal["joint", "sum", "concatenate"]


class QuantumConv(CircuitLayer):
    """A convolution whose filters are quantum circuits; geometry and output height and width are those of `nn.Conv`.

    Every window of the image is encoded into a register, runs through the circuit, and its expectations are the output
    channels at that position. The windows run all at once, with the same angles.

    How the C input channels map to qubits is `channels`:

    - `joint`: one register holds all kernel_height * kernel_width * C numbers of the window. The output has
      `features * r` channels, where r is the number of channels of the circuit's readout.
    - `sum`: one register, with angles of its own, for each input channel, and their outputs are added, as in `nn.Conv`:
      `features * r` channels.
    - `concatenate`: one register, with angles of its own, for each input channel, all outputs kept, as in a depthwise
      convolution: `C * features * r` channels, the input channel slowest.

    Angle encoding takes a qubit for each number, so `joint` needs 12 of them for 2x2 windows of an RGB image, and the
    others 4. Pixels outside the image are 0, as in `nn.Conv`; angle encoding leaves their qubits in |0> with <Z> = 1.

        layer = QuantumConv(Circuit(Angle(), HardwareEfficient(depth=2), PauliZ()), kernel_size=2, strides=2)
        variables = layer.init(jax.random.key(0), images)      # images (64, 28, 28, 1), in [0, 1]
        features = layer.apply(variables, images)              # (64, 14, 14, 4), in [-1, 1]

    The angles are the parameter `theta`, of shape (features, registers, *circuit.param_shape(patch_size)). Factors of
    the data, if the circuit has `trainable_scaling`, are the parameter `scaling`, with the same two axes first. Those
    of a layer that is not trainable are in the collection `frozen`, drawn from the same key. Leading axes of the images
    are batch axes, as many as there are. Differentiable with respect to parameters and images.

    Raises (when called):
        InputError: images without height, width and channels, a window larger than the image, or a register that does
            not fit the encoding, the ansatz or the memory.
    """

    kernel_size: Size = 2
    """Height and width of the window."""
    strides: Size = 1
    """Step from one window to the next."""
    padding: Padding = "SAME"
    """SAME, VALID, a number of pixels, or ((top, bottom), (left, right))."""
    kernel_dilation: Size = 1
    """Distance of neighbouring pixels of the window."""
    channels: Channels = "joint"
    """Input channels share a register (joint), or have their own and outputs are added (sum) or kept (concatenate)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("kernel_size", "strides", "kernel_dilation"):
            pair(name, getattr(self, name))
        check_padding(self.padding)

    @nn.compact
    def __call__(self, images: Float[Array, "*batch height width channels"]) -> Float[Array, "*batch rows columns out"]:
        """Filters the images.

        Args:
            images: channels last.

        Returns:
            The channels at each position: real, bounded as the readout's observables are (times C for `sum`).
        """
        if images.ndim < 3:
            raise InputError(f"images have shape {images.shape}; allowed: (..., height, width, channels)")
        *batch, _, _, in_channels = images.shape
        windows = self.patches(images)
        registers, count, rows, columns, patch_size = windows.shape
        patches = windows.reshape(registers, count * rows * columns, patch_size)
        outputs = self.run(patches, in_channels)
        if self.channels == "sum":
            outputs = outputs.sum(axis=1)
        return outputs.reshape(*batch, rows, columns, self.num_channels(in_channels))

    @nn.nowrap
    def patches(
        self, images: Float[Array, "*batch height width channels"]
    ) -> Float[Array, "registers images rows columns pixels"]:
        """What each register encodes at each position: all channels in one register, or each in its own."""
        flat = images.reshape(math.prod(images.shape[:-3]), *images.shape[-3:])
        windows = extract_patches(flat, self.kernel_size, self.strides, self.padding, self.kernel_dilation)
        apart = windows[None] if self.channels == "joint" else jnp.moveaxis(windows, -1, 0)[..., None]
        return apart.reshape(*apart.shape[:4], self.patch_size(images.shape[-1]))

    @nn.nowrap
    def in_features(self, shape: tuple[int, ...]) -> int:
        """Channels of images of this shape: what the sizes below depend on."""
        return shape[-1]

    @nn.nowrap
    def patch_size(self, in_features: int) -> int:
        """Numbers that one register encodes, for images of `in_features` channels."""
        height, width = pair("kernel_size", self.kernel_size)
        return height * width * (in_features if self.channels == "joint" else 1)

    @nn.nowrap
    def num_registers(self, in_features: int) -> int:
        """Registers of a filter, each with angles of its own."""
        return 1 if self.channels == "joint" else in_features

    @nn.nowrap
    def num_channels(self, in_features: int) -> int:
        """Output channels for images of `in_features` channels."""
        readings = self.circuit.num_channels(self.patch_size(in_features))
        return self.features * readings * (in_features if self.channels == "concatenate" else 1)

    @nn.nowrap
    def window(self, in_features: int) -> str:
        """Height and width of the window, in words."""
        height, width = pair("kernel_size", self.kernel_size)
        return f"{height}x{width} pixels"

    @nn.nowrap
    def twin(self) -> ClassicalConv:
        """The classical convolution that stands in for this layer in a classical twin."""
        return ClassicalConv(like=self, parent=None)
