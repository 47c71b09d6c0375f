"""The quantum tree: a convolutional network of one coherent circuit on a qubit a pixel."""

import math
from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least, require_choices
from qconv.circuit.circuit import Circuit
from qconv.circuit.tree import Tree, padding
from qconv.errors import InputError
from qconv.layers.classical_tree import ClassicalTree
from qconv.layers.quantum_layer import QuantumLayer, check_precision
from qconv.patches import extract_patches, flattened
from qconv.simulate.pauli_tree import Theta, check_read, maps


class QuantumTree(QuantumLayer):
    """A quantum convolutional network on the whole image: a qubit a pixel, joined block by block to a single site.

    `features` networks with angles of their own run side by side. The outputs are what the readout measures at the root
    and, with `read` above 1, on the sites of the last levels before it: of each of these levels the sites row by row,
    and at each site all channels of the first network, then of the second. A level is measured in an experiment of its
    own, which ends there. 28x28 pixels take 1,024 qubits; blocks of 2x2 join them in 5 levels:

        layer = QuantumTree(Tree(Angle(), StronglyEntangling(depth=3), PauliXYZ(), block=(2, 2)), features=16, read=2)
        variables = layer.init(jax.random.key(0), images)      # images (64, 28, 28, 1), in [0, 1]
        outputs = layer.apply(variables, images)               # (64, 4 * 16 * 3 + 16 * 3), in [-1, 1]

    The parameter `theta` is a dict with the angles of each level, from `level0` of the pixels to the root, (features,
    blocks, ...) as `Tree.param_shapes` says. They start
    uniform in [-angle_range, angle_range]: what is left of the signal at the root falls by orders of magnitude with
    the depth of the blocks and the range of the angles, as `qconv diagnose` shows level by level.

    Source: Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 1273 (2019), without the
    gates that join neighbouring blocks; this tree is that of Grant et al., "Hierarchical quantum classifiers", npj
    Quantum Information 4, 65 (2018), fig. 1.

    Raises (when called):
        InputError: images that the tree cannot take, or `read` more levels than there are.
    """

    tree: Tree = Tree()
    """Encoding of a pixel, ansatz of a block, readout of a site, and how blocks are joined."""
    features: int = 1
    """Number of networks side by side."""
    read: int = 1
    """How many levels are read: the root, and those before it."""
    angle_range: float = math.pi
    """Angles start uniform in [-angle_range, angle_range] radians."""
    param_dtype: Literal["float32", "float64"] = "float32"
    """Precision of the angles; float64 needs JAX's 64-bit mode."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "features", "read")
        require(self, "angle_range", 0 <= self.angle_range < math.inf, "0 or more radians")
        require_choices(self)
        if not self.tree.readout.is_differentiable:
            name = type(self.tree.readout).__name__
            raise InputError(f"readout = {name}; allowed: readouts with a gradient")

    @nn.compact
    def __call__(self, images: Float[Array, "batch height width channels"]) -> Float[Array, "batch out"]:
        """Runs the networks.

        Args:
            images: channels last.

        Returns:
            What is measured: real, bounded as the readout's observables are.
        """
        if images.ndim != 4:
            raise InputError(f"images have shape {images.shape}; allowed: (batch, height, width, channels)")
        check_precision(self.param_dtype)
        check_read(self.read, self.tree, images.shape[1:])
        shapes = self.tree.param_shapes(images.shape[1:])
        if any(0 in shape for shape in shapes):  # an ansatz without parameters
            theta = self.first_angles(jax.random.key(0), images.shape[1:], 0.0)
        else:
            names = [f"level{index}" for index in range(len(shapes))]

            def init(key: Any) -> dict[str, Array]:  # not a tuple, which Flax NNX cannot train
                return dict(zip(names, self.first_angles(key, images.shape[1:], self.angle_range), strict=True))

            by_level = self.param("theta", init)
            theta = tuple(by_level[name] for name in names)
        found = maps(self.tree, theta, images, self.read)
        return jnp.concatenate([flattened(of_level) for of_level in found], axis=1)

    @nn.nowrap
    def first_angles(self, key: Any, image_shape: tuple[int, ...], angle_range: float) -> Theta:
        """Angles of each level, uniform in [-angle_range, angle_range]."""
        shapes = self.tree.param_shapes(image_shape)
        return tuple(
            jax.random.uniform(own, (self.features, *shape), self.param_dtype, -angle_range, angle_range)
            for own, shape in zip(jax.random.split(key, len(shapes)), shapes, strict=True)
        )

    @property
    def circuit(self) -> Circuit:
        """A block of the first level with its pixels: what drawings and diagnostics show."""
        return self.tree.first_block

    @nn.nowrap
    def patches(
        self, images: Float[Array, "batch height width channels"]
    ) -> Float[Array, "registers batch rows columns pixels"]:
        """The pixels of each block of the first level; an axis of one register in front."""
        whole = jnp.pad(images, [(0, 0), *padding(images.shape[1:]), (0, 0)])
        windows = extract_patches(whole, self.tree.block, self.tree.block, "VALID")
        return windows.reshape(1, *windows.shape[:3], self.patch_size(images.shape[-1]))

    @nn.nowrap
    def in_features(self, shape: tuple[int, ...]) -> int:
        """Channels of images of this shape: what the sizes below depend on."""
        return shape[-1]

    @nn.nowrap
    def patch_size(self, in_features: int) -> int:
        """Numbers that a block of the first level encodes."""
        return math.prod(self.tree.block) * in_features

    @nn.nowrap
    def chosen_engine(self, in_features: int, num_patches: int) -> str:
        """The only engine there is for trees."""
        return "pauli_tree"

    @nn.nowrap
    def title(self, in_features: int) -> str:
        """What the layer is, in a line."""
        tree, circuit, patch_size = self.tree, self.circuit, self.patch_size(in_features)
        height, width = tree.block
        sharing = "shared in a level" if tree.shared else "for every block"
        return (
            f"{type(tree.encoding).__name__}, {type(tree.ansatz).__name__}, {type(tree.readout).__name__}: "
            f"tree of {height}x{width} blocks, the first of {circuit.num_qubits(patch_size)} qubits, {tree.kept} kept, "
            f"{self.features} network{'s' if self.features > 1 else ''}, "
            f"{math.prod(circuit.param_shape(patch_size))} angles {sharing}"
        )

    @nn.nowrap
    def twin(self) -> ClassicalTree:
        """The classical tree that stands in for this layer in a classical twin."""
        return ClassicalTree(like=self, parent=None)
