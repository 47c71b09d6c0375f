"""IQP encoding: numbers and their products as phases; Qiskit's ZZFeatureMap is one of its forms."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least, require_choices
from qconv.encoding.base import Encoding
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import Pattern, pairs


@dataclass(frozen=True)
class IQP(Encoding):
    """`repetitions` times: H on every qubit, RZ(a_q) on every qubit, RZZ(b_qr) on the pairs of `pattern`.

    With z_q = `scale * patch[q]` the angles are, by `phases`,

        product:     a_q = z_q,    b_qr = z_q z_r,
        complement:  a_q = 2 z_q,  b_qr = 2 (pi - z_q) (pi - z_r).

    Source: Havlíček et al., "Supervised learning with quantum-enhanced feature spaces", Nature 567, 209 (2019), with
    2 repetitions. `complement` has their phases as Qiskit's ZZFeatureMap has them, to which it is equal but for a
    global phase; `product` is PennyLane's IQPEmbedding. Both have scale 1 and all pairs.
    """

    repetitions: int = 2
    """How often the layer is applied. Measured in Z right away, one layer would give 0."""
    pattern: Pattern = "all"
    """Pairs with a product: neighbours and the last with the first, neighbours, or all."""
    phases: Literal["product", "complement"] = "product"
    """The angles: `product` as in PennyLane's IQPEmbedding, `complement` as in Qiskit's ZZFeatureMap."""
    scale: float = math.pi
    """What a pixel of value 1 becomes before the products, in radians."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "repetitions")
        require_choices(self)
        require(self, "scale", math.isfinite(self.scale), "any finite number of radians")

    def num_qubits(self, patch_size: int) -> int:
        """One qubit a number."""
        return patch_size

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """H, RZ and RZZ, layer by layer."""
        z = self.scale * patch
        weight, factors = (1, z) if self.phases == "product" else (2, math.pi - z)
        qubits = range(patch.shape[0])
        firsts, seconds = np.array(pairs(self.pattern, patch.shape[0]), int).reshape(-1, 2).T
        for _ in range(self.repetitions):
            circuit.h(qubits)
            circuit.rz(qubits, theta=weight * z)
            if len(firsts):
                products = factors[firsts] * factors[seconds]
                circuit.rzz(firsts.tolist(), seconds.tolist(), theta=weight * products)
