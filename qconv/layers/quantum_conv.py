"""The quantum convolution."""

import math
from collections.abc import Callable
from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, real_dtype
from qconv.circuit.expectations import Engine, EngineName, check_engine, choose_engine, expectations
from qconv.errors import InputError
from qconv.gates import x64_enabled
from qconv.layers.classical_conv import ClassicalConv
from qconv.patches import Padding, Size, check_padding, extract_patches, pair

Channels = Literal["joint", "sum", "concatenate"]


class QuantumConv(nn.Module):
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

    circuit: Circuit = Circuit()
    """Encoding, ansatz and readout of one window."""
    features: int = 1
    """Number of filters: circuits with angles of their own."""
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
    trainable: bool = True
    """Whether the parameters are trained; if not, a model computes this layer's output once, not in each epoch."""
    angle_range: float = math.pi
    """Angles start uniform in [-angle_range, angle_range] radians."""
    engine: Engine = "auto"
    """How circuits are evaluated: by name, or the fastest by the cost model (auto)."""
    param_dtype: Literal["float32", "float64"] = "float32"
    """Precision of the parameters; float64 (with complex128 states) needs JAX's 64-bit mode."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features < 1:
            raise InputError(f"features = {self.features}; allowed: at least 1 filter")
        if self.channels not in ("joint", "sum", "concatenate"):
            raise InputError(f"channels = {self.channels!r}; allowed: 'joint', 'sum', 'concatenate'")
        if not 0 <= self.angle_range < math.inf:
            raise InputError(f"angle_range = {self.angle_range}; allowed: 0 or more radians")
        if self.param_dtype not in ("float32", "float64"):
            raise InputError(f"param_dtype = {self.param_dtype!r}; allowed: 'float32', 'float64'")
        for name in ("kernel_size", "strides", "kernel_dilation"):
            pair(name, getattr(self, name))
        check_padding(self.padding)
        check_engine(self.engine)
        if self.trainable and not self.circuit.readout.is_differentiable:
            name = type(self.circuit.readout).__name__
            raise InputError(f"trainable = True; allowed: False with the readout {name}, which has no gradient")

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
        if self.param_dtype == "float64" and not x64_enabled():
            raise InputError(
                "param_dtype = 'float64' needs JAX's 64-bit mode; call the layer under jax.enable_x64(True)"
            )
        *batch, height, width, in_channels = images.shape
        windows = self.patches(images.reshape(math.prod(batch), height, width, in_channels))
        registers, count, rows, columns, patch_size = windows.shape
        patches = windows.reshape(registers, count * rows * columns, patch_size)
        params = [self._theta(registers, self.circuit.param_shape(patch_size))]
        if self.circuit.trainable_scaling:
            shape = (self.features, registers, *self.circuit.scaling_shape(patch_size))
            params.append(self._own("scaling", lambda key: jnp.ones(shape, self.param_dtype)))
        dtype = real_dtype(params[0], patches)

        def one_register(params: list[Array], own_patches: Array) -> Float[Array, "features patches observables"]:
            own_patches = own_patches.astype(dtype)

            def one_filter(own: list[Array]) -> Float[Array, "patches observables"]:
                theta, *scaling = (param.astype(dtype) for param in own)
                return expectations(self.circuit, theta, own_patches, self.engine, *scaling)

            return _one_by_one(one_filter, params)

        by_register = [jnp.swapaxes(param, 0, 1) for param in params]
        outputs = _one_by_one(lambda own: one_register(*own), (by_register, patches))
        outputs = jnp.moveaxis(outputs, 2, 0)  # (patches, registers, features, observables)
        if self.channels == "sum":
            outputs = outputs.sum(axis=1)
        return outputs.reshape(*batch, rows, columns, self.num_channels(in_channels))

    def _theta(self, registers: int, shape: tuple[int, ...]) -> Float[Array, "features registers ..."]:
        shape = (self.features, registers, *shape)
        if 0 in shape:  # an ansatz without parameters
            return jnp.zeros(shape, self.param_dtype)

        def init(key: Any) -> Array:
            return jax.random.uniform(key, shape, self.param_dtype, -self.angle_range, self.angle_range)

        return self._own("theta", init)

    def _own(self, name: str, init: Callable[[Any], Array]) -> Array:
        """A parameter, or where the layer is not trained, what would be one."""
        if self.trainable:
            return self.param(name, init)
        return self.variable("frozen", name, lambda: init(self.make_rng("params"))).value

    @nn.nowrap
    def patches(
        self, images: Float[Array, "batch height width channels"]
    ) -> Float[Array, "registers batch rows columns pixels"]:
        """What each register encodes at each position: all channels in one register, or each in its own."""
        windows = extract_patches(images, self.kernel_size, self.strides, self.padding, self.kernel_dilation)
        apart = windows[None] if self.channels == "joint" else jnp.moveaxis(windows, -1, 0)[..., None]
        return apart.reshape(*apart.shape[:4], self.patch_size(images.shape[-1]))

    @nn.nowrap
    def patch_size(self, in_channels: int) -> int:
        """Numbers that one register encodes, for images of `in_channels` channels."""
        height, width = pair("kernel_size", self.kernel_size)
        return height * width * (in_channels if self.channels == "joint" else 1)

    @nn.nowrap
    def num_channels(self, in_channels: int) -> int:
        """Output channels for images of `in_channels` channels."""
        readings = self.circuit.num_channels(self.patch_size(in_channels))
        return self.features * readings * (in_channels if self.channels == "concatenate" else 1)

    @nn.nowrap
    def chosen_engine(self, in_channels: int) -> EngineName:
        """The engine that images of `in_channels` channels use."""
        return choose_engine(self.circuit, self.patch_size(in_channels), self.engine)

    @nn.nowrap
    def twin(self) -> ClassicalConv:
        """The classical convolution that stands in for this layer in a classical twin."""
        return ClassicalConv(like=self, parent=None)


def _one_by_one(function: Callable[[Any], Array], inputs: Any) -> Array:
    """`function` of each row. As one batch, the long axis of patches would not stay where engines are quick with it."""
    if len(jax.tree.leaves(inputs)[0]) == 1:
        return function(jax.tree.map(lambda rows: rows[0], inputs))[None]
    return jax.lax.map(function, inputs)
