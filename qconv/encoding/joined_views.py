"""Several views of a thing on one register, joined by the products of their numbers."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least
from qconv.encoding.base import Encoding
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import Pattern, pairs


@dataclass(frozen=True)
class JoinedViews(Encoding):
    """IQP encodings of several views, each on qubits of its own, and RZZ(coupling * z_q z_r) between the views.

    The patch is the views one after the other, with as many numbers each, and z_q = `scale * patch[q]`. Each of the
    `repetitions` is H on every qubit, RZ(z_q), RZZ(z_q z_r) on the pairs of `pattern` within each view, and
    RZZ(coupling * z_q z_r) for the numbers of two views that have the same place in them, of all pairs of views.

    With coupling 0 the register is a product, and a fidelity kernel on it the product of those of the views, with
    `IQP` as their encoding: only with another coupling is it no function of the kernels of the single views. Numbers of
    the same place are joined, and not each with each: with all pairs and a coupling of 1 this would be `IQP` of
    all numbers, which makes no difference between within and between.

    Source of the single views' part: Havlíček et al., "Supervised learning with quantum-enhanced feature spaces",
    Nature 567, 209 (2019), with the phases of PennyLane's IQPEmbedding.
    """

    views: int = 2
    """How many views a patch has, with as many numbers each."""
    coupling: float = 1.0
    """Factor of the products of two views' numbers; 0 for views that know nothing of each other."""
    repetitions: int = 2
    """How often the layer is applied."""
    pattern: Pattern = "all"
    """Pairs with a product within a view: neighbours and the last with the first, neighbours, or all."""
    scale: float = math.pi
    """What a pixel of value 1 becomes before the products, in radians."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "views", "repetitions")
        require(self, "coupling", math.isfinite(self.coupling), "any finite number")
        require(self, "scale", math.isfinite(self.scale), "any finite number of radians")

    def num_qubits(self, patch_size: int) -> int:
        """One qubit a number.

        Raises:
            InputError: the numbers cannot be shared out evenly among the views.
        """
        if patch_size % self.views:
            raise InputError(f"views = {self.views} of {patch_size} numbers; allowed: as many numbers for each view")
        return patch_size

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """H, RZ, and RZZ within and between views, layer by layer."""
        z = self.scale * patch
        qubits, size = range(len(patch)), len(patch) // self.views
        starts = range(0, len(patch), size)
        within = [(start + a, start + b) for start in starts for a, b in pairs(self.pattern, size)]
        between = [(one + q, two + q) for one in starts for two in starts if one < two for q in range(size)]
        firsts, seconds = np.array(within + between, int).reshape(-1, 2).T
        factors = np.repeat([1.0, self.coupling], [len(within), len(between)])
        for _ in range(self.repetitions):
            circuit.h(qubits)
            circuit.rz(qubits, theta=z)
            if len(firsts):
                products = factors.astype(patch.dtype) * z[firsts] * z[seconds]
                circuit.rzz(firsts.tolist(), seconds.tolist(), theta=products)
