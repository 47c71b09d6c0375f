"""What a quantum layer is."""

from abc import ABC, abstractmethod

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.errors import InputError
from qconv.gates.tape import x64_enabled


class QuantumLayer(nn.Module, ABC):
    """A layer that runs quantum circuits: what reports, diagnostics and classical twins ask of it.

    Layers are known by this class, wherever a network makes them, and what they own in the collection `params` counts
    as quantum. `in_features` is everywhere what `in_features` says of the shape of a layer's inputs.
    """

    @property
    @abstractmethod
    def circuit(self) -> Circuit:
        """What happens to one patch."""

    @nn.nowrap
    @abstractmethod
    def in_features(self, shape: tuple[int, ...]) -> int:
        """What the layer's sizes depend on, of inputs of this shape: input channels, or all numbers of an image."""

    @nn.nowrap
    @abstractmethod
    def patch_size(self, in_features: int) -> int:
        """Numbers that one register encodes."""

    @nn.nowrap
    @abstractmethod
    def patches(self, inputs: Float[Array, "..."], /) -> Float[Array, "registers ... pixels"]:
        """What each register encodes."""

    @nn.nowrap
    @abstractmethod
    def chosen_engine(self, in_features: int, num_patches: int) -> str:
        """The engine that is used for so many patches of each register, those of all images of a batch."""

    @nn.nowrap
    @abstractmethod
    def title(self, in_features: int) -> str:
        """What the layer is, in a line."""

    @nn.nowrap
    @abstractmethod
    def twin(self) -> nn.Module:
        """The classical layer that stands in for this one in a classical twin, with outputs of the same shape."""


def check_precision(param_dtype: str) -> None:
    """Refuses parameters of a precision that JAX would lower without a word.

    Raises:
        InputError: float64 without JAX's 64-bit mode.
    """
    if param_dtype == "float64" and not x64_enabled():
        raise InputError("param_dtype = 'float64' needs JAX's 64-bit mode; call the layer under jax.enable_x64(True)")
