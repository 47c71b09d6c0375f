"""qconv's layer on whole images, cutting them into windows included."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.cases import Case
from benchmarks.paths.base import Path, Prepared
from qconv.layers.quantum_conv import QuantumConv
from qconv.simulate.device import Device


@dataclass(frozen=True)
class QconvLayer(Path):
    """`QuantumConv.apply`."""

    engine: Any = "auto"
    """Any engine of qconv."""

    @property
    def name(self) -> str:
        """With the engine, if one is named."""
        return "qconv" if self.engine == "auto" else f"qconv {self.engine}"

    def prepare(self, case: Case) -> Prepared:
        """All filters in one layer."""
        layer = QuantumConv(
            case.circuit,
            case.features,
            kernel_size=case.kernel,
            strides=case.strides,
            padding="VALID",
            channels="concatenate" if case.apart else "joint",
            device=Device(self.engine),
        )

        def forward(weights: Any, images: Any) -> jax.Array:
            outputs: Any = layer.apply(weights, images)
            return outputs.reshape(case.num_patches, -1)

        weights = {"params": {"theta": jnp.asarray(case.weights())}}
        return Prepared(forward, weights, jnp.asarray(case.images()))
