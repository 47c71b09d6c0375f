"""What is measured: one shape of images, windows and circuit each."""

from dataclasses import dataclass, replace
from typing import Literal

import jax.numpy as jnp
import numpy as np

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.gates.wiring import pairs
from qconv.patches import extract_patches

Kind = Literal["forward", "gradient", "gradient_input"]
"""Outputs; gradient with respect to the weights; with respect to weights and input."""

KINDS: tuple[Kind, ...] = ("forward", "gradient", "gradient_input")

_PEER_BYTES = 4 * 2**30
"""Peers keep the state after each gate for their gradient; with more than this they work in chunks."""


@dataclass(frozen=True)
class Case:
    """Windows of random images, each through RY(pi x), then `depth` layers of RY, RZ and a ring of CNOTs; <Z> of all.

    Windows do not reach over the border (VALID).
    """

    name: str
    """In tables and results."""
    kernel: tuple[int, int]
    """Height and width of a window."""
    depth: int = 2
    """Layers."""
    batch: int = 64
    """Images."""
    size: tuple[int, int] = (28, 28)
    """Height and width of the images."""
    channels: int = 1
    """Channels of the images."""
    apart: bool = False
    """Whether each channel has registers of its own; else all of a window share one."""
    features: int = 1
    """Filters: circuits of each register, with angles of their own."""
    strides: tuple[int, int] = (2, 2)
    """From one window to the next."""
    kinds: tuple[Kind, ...] = KINDS
    """What is measured."""
    paths: tuple[str, ...] | None = None
    """Which paths take part; None for all."""

    @property
    def num_qubits(self) -> int:
        """Of the register of one window."""
        return self.kernel[0] * self.kernel[1] * self.channels // self.registers

    @property
    def registers(self) -> int:
        """Of one window."""
        return self.channels if self.apart else 1

    @property
    def num_outputs(self) -> int:
        """Channels of the output."""
        return self.features * self.registers * self.num_qubits

    @property
    def num_circuits(self) -> int:
        """How many circuits run."""
        return self.num_patches * self.registers * self.features

    @property
    def num_patches(self) -> int:
        """Windows of all images."""
        positions = [(s - k) // d + 1 for s, k, d in zip(self.size, self.kernel, self.strides, strict=True)]
        return self.batch * positions[0] * positions[1]

    @property
    def circuit(self) -> Circuit:
        """The circuit in qconv."""
        return Circuit(ansatz=HardwareEfficient(depth=self.depth, rotations=("ry", "rz")))

    @property
    def ring(self) -> list[tuple[int, int]]:
        """Control and target of each CNOT of a layer."""
        return pairs("ring", self.num_qubits)

    @property
    def peer_chunk(self) -> int:
        """Windows that a peer evaluates at once: all, or the largest even share of them that fits into memory."""
        gates = self.num_qubits + self.depth * (2 * self.num_qubits + len(self.ring))
        most = max(1, _PEER_BYTES // (gates * 8 * 2**self.num_qubits))
        return next(n for n in range(min(most, self.num_patches), 0, -1) if self.num_patches % n == 0)

    def images(self) -> np.ndarray:
        """Noise in [0, 1)."""
        return np.random.default_rng(0).random((self.batch, *self.size, self.channels), np.float32)

    def patches(self) -> np.ndarray:
        """What registers encode (registers, patches, numbers), in qconv's order: peers get the windows already cut."""
        windows = extract_patches(jnp.asarray(self.images()), self.kernel, self.strides, "VALID")
        channels = np.asarray(windows).reshape(self.num_patches, -1, self.registers, self.channels // self.registers)
        return np.ascontiguousarray(np.moveaxis(channels, 2, 0)).reshape(self.registers, self.num_patches, -1)

    def weights(self) -> np.ndarray:
        """Angles (features, registers, depth, qubits, 2)."""
        shape = (self.features, self.registers, self.depth, self.num_qubits, 2)
        return np.random.default_rng(1).uniform(-np.pi, np.pi, shape).astype(np.float32)


# Compiling the deep ones takes peers minutes, so there they take part with their faster forms and in fewer functions.
_DEEP = ("qconv", "PennyLane jit(vmap(qnode))", "TensorCircuit vmap(state)")
_OTHERS = ("TensorCircuit vmap(expectation_ps)", "flax nn.Conv", "naive loop of the demos")

CASES = (
    Case("n=4, 2 layers", (2, 2)),
    Case("n=9, 2 layers", (3, 3), paths=(*_DEEP, *_OTHERS)),  # with 9 qubits broadcasting is slower than vmap
    Case("n=4, 16 layers", (2, 2), depth=16, kinds=("gradient",), paths=_DEEP),
    Case("n=9, 8 layers", (3, 3), depth=8, kinds=("forward", "gradient"), paths=_DEEP),
    Case("n=12, 2 layers", (2, 2), batch=4, size=(32, 32), channels=3, kinds=("forward", "gradient"), paths=_DEEP),
    Case(
        "n=12, 8 layers",
        (2, 2),
        depth=8,
        batch=4,
        size=(32, 32),
        channels=3,
        kinds=("forward", "gradient"),
        paths=_DEEP[:2],  # TensorCircuit compiles for many minutes; with 9 qubits and 8 layers it then lacks memory
    ),
    Case("n=4, 16 filters", (2, 2), features=16, paths=(*_DEEP, "flax nn.Conv")),
    Case("n=4, 64 filters", (2, 2), features=64, paths=(*_DEEP, "flax nn.Conv")),
    Case(
        "n=4, 8 filters a colour",
        (2, 2),
        size=(32, 32),
        channels=3,
        apart=True,
        features=8,
        paths=(*_DEEP, "flax nn.Conv"),
    ),
    Case("n=9, 4 filters", (3, 3), batch=16, strides=(1, 1), features=4, paths=(*_DEEP[:1], "flax nn.Conv")),
)

QUICK_CASES = (
    replace(CASES[0], kinds=("forward", "gradient"), paths=(*_DEEP, *_OTHERS)),
    replace(CASES[1], kinds=("forward", "gradient"), paths=(*_DEEP, "flax nn.Conv")),
    replace(CASES[6], paths=("qconv", "flax nn.Conv")),
)

MEMORY_CASE = Case("n=9, 100,048 windows", (3, 3), batch=592, kinds=("gradient",), paths=(_DEEP[0], _DEEP[2]))
