"""The figures that qconv is meant to reach, and whether a run reached them."""

from dataclasses import dataclass
from typing import Literal

from benchmarks import henderson, kernels, qcnn, training_step, wide_kernels
from benchmarks.cases import MEMORY_CASE
from benchmarks.choice import choices
from benchmarks.results import Result

Quantity = Literal["forward_per_s", "gradient_per_s", "gradient_input_per_s", "cpu_s", "compile_s", "peak_mib"]

_WORDS = {
    "forward_per_s": "forward",
    "gradient_per_s": "gradient",
    "gradient_input_per_s": "gradient with input",
    "cpu_s": "in CPU time",
    "compile_s": "first call",
    "peak_mib": "peak memory",
}


@dataclass(frozen=True)
class Aim:
    """One figure: of qconv, relative to a path if one is named."""

    case: str
    quantity: Quantity
    path: str | None = None
    """Start of the name of the path it is relative to, of several the fastest; None for an absolute figure."""
    factor: float = 1.0
    """At least so many times as fast (below 1: at most so many times its time), or at most so many seconds or MiB."""

    @property
    def text(self) -> str:
        """What it says."""
        if self.path is None:
            return f"{self.case}: {_WORDS[self.quantity]} at most {self.factor:g} {self._unit}"
        name = self.path or "fastest peer"
        if self.factor < 1:
            return f"{self.case}: {_WORDS[self.quantity]} at most {1 / self.factor:g}x the time of {name}"
        return f"{self.case}: {_WORDS[self.quantity]} {self.factor:g}x as fast as {name}"

    @property
    def _unit(self) -> str:
        return "MiB" if self.quantity == "peak_mib" else "s"

    def reached(self, results: list[Result]) -> tuple[str, bool] | None:
        """What was measured, and whether it is enough; None if it was not measured."""
        ours = _value(results, self.case, "qconv", self.quantity)
        if ours is None:
            return None
        if self.path is None:
            ours = 1 / ours if self.quantity.endswith("_per_s") else ours
            return f"{ours:.3g} {self._unit}", ours <= self.factor
        names = [result.path for result in results if result.case == self.case and _is_peer(result.path, self.path)]
        values = [value for name in names if (value := _value(results, self.case, name, self.quantity))]
        if not values:
            return None
        ratio = ours / max(values) if self.quantity.endswith("_per_s") else min(values) / ours
        text = f"{1 / ratio:.2g}x its time" if self.factor < 1 else f"{ratio:.3g}x"
        return text, ratio >= self.factor


@dataclass(frozen=True)
class ChoiceAim:
    """The engine that the cost model chooses is about as fast as the fastest one, in every case."""

    factor: float
    """At most so many times the time of the fastest."""

    @property
    def text(self) -> str:
        """What it says."""
        return f"engine chosen: at most {self.factor:g}x the time of the fastest, in every case"

    def reached(self, results: list[Result]) -> tuple[str, bool] | None:
        """How many cases miss it, and by how much; None if none was measured."""
        ratios = [choice.ratio for choice in choices(results)]
        if not ratios:
            return None
        missed = sum(ratio > self.factor for ratio in ratios)
        return f"{missed} of {len(ratios)} cases miss it, at most {max(ratios):.2f}x", missed == 0


def _is_peer(name: str, start: str) -> bool:
    if start:
        return name.startswith(start)
    return not name.startswith(("qconv", "flax", "naive"))


def _value(results: list[Result], case: str, path: str, quantity: str) -> float | None:
    return next((getattr(r, quantity) for r in results if r.case == case and r.path == path), None)


_RATES: tuple[Quantity, ...] = ("forward_per_s", "gradient_per_s", "gradient_input_per_s")
_ALL = ("n=4, 2 layers", "n=4, 16 layers", "n=9, 2 layers", "n=9, 8 layers", "n=12, 2 layers", "n=12, 8 layers")

_FILTERS = (
    ("n=4, 16 filters", (8, 3.5, 3.5)),
    ("n=4, 64 filters", (10, 1.2, 1.5)),
    ("n=4, 8 filters a colour", (13, 7, 8)),
)
"""Times of nn.Conv with as many output channels: forward, gradient, gradient with input."""

_KERNELS = (
    (8, "Qiskit", 300),
    (8, "sQUlearn", 100),
    (8, "PennyLane", 2.5),
    (8, "TensorCircuit", 2.5),
    (10, "Qiskit", 120),
    (10, "sQUlearn", 30),
    (10, "PennyLane", 2.5),
    (10, "TensorCircuit", 2.5),
)
"""Qubits, peer, and how many times its CPU time ours should be in."""

_WIDE = (
    (wide_kernels.CHAIN.format(784), 3),
    (wide_kernels.CHAIN.format(4096), 15),
    (wide_kernels.PRODUCT, 30),
    (wide_kernels.NEIGHBOURS, 5),
    (wide_kernels.PROJECTED, 10),
    (wide_kernels.LANDMARKS, 60),
)
"""Seconds."""

CHOICE = ChoiceAim(1.3)

AIMS = (
    *(Aim(_ALL[0], rate, "PennyLane", 20) for rate in _RATES),
    *(Aim(_ALL[0], rate, "TensorCircuit vmap(expectation_ps)", 20) for rate in _RATES),
    *(Aim(_ALL[0], rate, "TensorCircuit vmap(state)", 6) for rate in _RATES),
    *(Aim(_ALL[0], rate, "flax nn.Conv", 0.4) for rate in _RATES),
    *(Aim(_ALL[2], rate, "PennyLane", 10) for rate in _RATES),
    *(Aim(case, rate, "", 4) for case in _ALL[3:] for rate in _RATES[:2]),
    *(Aim(case, "compile_s", "PennyLane", 4) for case in _ALL),
    Aim(_ALL[0], "compile_s", factor=2),
    Aim(_ALL[1], "compile_s", factor=6),
    Aim(MEMORY_CASE.name, "peak_mib", factor=1024),
    *(
        Aim(case, rate, "flax nn.Conv", 1 / times)
        for case, own in _FILTERS
        for rate, times in zip(_RATES, own, strict=True)
    ),
    Aim(training_step.CASE, "gradient_per_s", "classical twin", 0.5),
    Aim(training_step.WIDE_CASE, "gradient_per_s", "classical twin", 1 / 1.5),
    Aim(training_step.UNET_CASE, "gradient_per_s", "classical twin", 1 / 1.3),
    Aim(henderson.CASE, "forward_per_s", "PennyLane", 1000),
    Aim(qcnn.CASE, "gradient_per_s", "PennyLane", 10),
    *(Aim(kernels.gram_case(num_qubits, 2000), "cpu_s", name, factor) for num_qubits, name, factor in _KERNELS),
    *(Aim(kernels.gram_case(num_qubits, 2000), "compile_s", factor=3) for num_qubits in (8, 10)),
    Aim(kernels.ALIGNMENT, "gradient_per_s", factor=0.2),
    *(Aim(case, "forward_per_s", factor=seconds) for case, seconds in _WIDE),
    Aim(wide_kernels.LANDMARKS, "peak_mib", factor=2048),
    CHOICE,
)
