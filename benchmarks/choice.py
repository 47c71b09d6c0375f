"""Whether the engine that the cost model chooses is the fastest one: every engine that can be chosen, on a grid."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from rich.progress import Progress

from benchmarks.measure import compiled, warm_up_compiler
from benchmarks.results import Result
from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.identity import Identity
from qconv.ansatz.qcnn import QCNN
from qconv.ansatz.random_layers import RandomLayers
from qconv.circuit.circuit import Circuit
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.basis import Basis
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.higher_order import HigherOrderAngle
from qconv.encoding.iqp import IQP
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import pairs
from qconv.readout.pauli import PauliStrings, PauliXYZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate.choose import choose_engine, costs
from qconv.simulate.expectations import expectations

PREFIX = "choice"
"""Of the names of these cases, which have a table of their own."""

_MOST_NUMBERS = 2**24
"""Windows times amplitudes: beyond, a call takes seconds, and twice as many windows take twice as long."""
_WINDOWS = (16, 64, 256, 1_000, 10_000, 50_000)
_QUICK_WINDOWS = (64, 10_000)
_TURN_SECONDS = 0.01
"""What an engine gets in a round: several calls of a quick one, as the first finds the caches filled by others."""


@dataclass(frozen=True)
class CnotRing(Ansatz):
    """CNOTs between neighbours and from the last qubit to the first, and nothing to train."""

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(0,)."""
        return (0,)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "0"]) -> None:
        """One ring."""
        for control, target in pairs("ring", circuit.num_qubits):
            circuit.cnot(control, target)


_ONE, _TWO, _EIGHT = (HardwareEfficient(depth, ("ry", "rz")) for depth in (1, 2, 8))
_RING, _RANDOM = CnotRing(), RandomLayers(rotations=8)


@dataclass(frozen=True)
class Case:
    """A circuit, for so many windows at once."""

    circuit: Circuit
    pixels: int
    """Numbers of a window."""
    windows: int

    @property
    def circuit_name(self) -> str:
        """Encoding, ansatz and readout, in short."""
        circuit, ansatz = self.circuit, self.circuit.ansatz
        size = getattr(ansatz, "depth", None)
        blocks = f", {circuit.reuploads} re-uploads" if circuit.reuploads else ""
        return (
            f"n={circuit.num_qubits(self.pixels)}, {type(circuit.encoding).__name__}, "
            f"{type(ansatz).__name__}{f'({size})' if size else ''}, "
            f"{type(circuit.readout).__name__}{blocks}"
        )

    @property
    def name(self) -> str:
        """In results."""
        return f"{PREFIX}: {self.circuit_name}: {self.windows}"

    @property
    def engines(self) -> list[str]:
        """Those that can be chosen."""
        return list(costs(self.circuit, self.pixels, self.windows))

    @property
    def chosen(self) -> str:
        """The one that is."""
        return choose_engine(self.circuit, self.pixels, patches=self.windows)


def _circuits() -> Iterator[tuple[Circuit, int]]:
    """Circuits and the numbers of a window; QUICK=1 takes every fifth."""
    for ansatz, sizes in (
        (_TWO, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)),
        (_EIGHT, (4, 6, 7, 8, 9, 10, 12)),
        (_ONE, (4, 6, 8, 9, 12)),
        (_RING, (3, 4, 6, 8, 10, 12)),
        (Identity(), (1, 2, 4, 6, 8)),
        (_RANDOM, (4, 9)),
    ):
        yield from ((Circuit(Angle(), ansatz), size) for size in sizes)
    yield from ((Circuit(DenseAngle(), ansatz), 2 * size) for ansatz in (_ONE, _TWO) for size in (2, 4, 6, 8, 10))
    yield from ((Circuit(DenseAngle(), _RING), 2 * size) for size in (4, 6))
    yield from ((Circuit(Amplitude(), ansatz), 2**size) for ansatz in (_TWO, QCNN()) for size in (4, 8, 10))
    yield from ((Circuit(Basis(), ansatz), size) for ansatz in (_TWO, _RANDOM) for size in (4, 9))
    yield from ((Circuit(encoding, _TWO), size) for encoding in (HigherOrderAngle(), IQP()) for size in (4, 8))
    yield from ((Circuit(Angle(), QCNN(), Probabilities()), size) for size in (4, 8))
    for size in (4, 6, 8):
        for readout in (PauliStrings(("Z" * size,)), PauliXYZ(), Probabilities()):
            yield Circuit(Angle(), _TWO, readout), size
    yield from ((Circuit(Angle(), ansatz, reuploads=2), size) for ansatz in (_ONE, _TWO) for size in (2, 4, 8))


@dataclass(frozen=True)
class Choice:
    """What was measured of a case."""

    circuit: str
    windows: int
    chosen: str
    """The engine that the cost model chooses."""
    fastest: str
    """The one that took least time."""
    ratio: float
    """The time of the one by that of the other; 1 where they are the same."""


def choices(results: Sequence[Result]) -> list[Choice]:
    """The choice in each case of this part that was measured with the engine chosen."""
    cases: dict[str, list[Result]] = {}
    for result in results:
        if result.case.startswith(PREFIX) and result.gradient_per_s:
            cases.setdefault(result.case, []).append(result)
    found = []
    for case, engines in cases.items():
        _, circuit, windows = case.split(": ")
        fastest = max(engines, key=lambda result: result.gradient_per_s or 0)
        for own in engines:
            if own.chosen and own.gradient_per_s and fastest.gradient_per_s:
                ratio = fastest.gradient_per_s / own.gradient_per_s
                found.append(Choice(circuit, int(windows), own.path, fastest.path, ratio))
    return found


def grid(quick: bool = False) -> list[Case]:
    """All cases, or a few."""
    circuits = list(_circuits())[:: 5 if quick else 1]
    return [
        Case(circuit, pixels, windows)
        for circuit, pixels in circuits
        for windows in (_QUICK_WINDOWS if quick else _WINDOWS)
        if windows * 2 ** circuit.num_qubits(pixels) <= _MOST_NUMBERS
    ]


def measure_choice(cases: Iterable[Case], seconds: float, progress: Progress) -> Iterator[Result]:
    """Outputs and gradient of their mean square with respect to the angles, with each engine; the smallest time.

    Args:
        cases: what to evaluate.
        seconds: for timing an engine in a case; a slow one gets one call in any case.
        progress: shows what is done at the moment.
    """
    cases = list(cases)
    task = progress.add_task(PREFIX, total=len(cases))
    warm_up_compiler()
    for case in cases:
        progress.update(task, description=case.name)
        yield from _measured(case, seconds)
        progress.advance(task)
    progress.remove_task(task)


def _measured(case: Case, seconds: float) -> Iterator[Result]:
    rng = np.random.default_rng(0)
    theta = rng.uniform(-np.pi, np.pi, case.circuit.param_shape(case.pixels)).astype(np.float32)
    patches = rng.random((case.windows, case.pixels), np.float32)
    chosen, results, calls = case.chosen, [], []
    for engine in case.engines:

        def loss(theta: Any, patches: Any, engine: Any = engine) -> jax.Array:
            return jnp.mean(jnp.square(expectations(case.circuit, theta, patches, engine)))

        call, compile_s = compiled(jax.value_and_grad(loss), jnp.asarray(theta), jnp.asarray(patches))
        results.append(Result(case.name, engine, chosen=engine == chosen, compile_s=compile_s))
        calls.append(call)
    for result, times in zip(results, _timed(calls, seconds), strict=True):
        result.gradient_per_s, result.repeats = case.windows / min(times), len(times)
        yield result


def _timed(calls: Sequence[Callable[[], Any]], seconds: float) -> list[list[float]]:
    """The seconds of single calls of each function, in turns."""
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    active = list(range(len(calls)))
    while active:
        for index in active:
            turn = time.perf_counter() + _TURN_SECONDS
            while True:
                start = time.perf_counter()
                calls[index]()
                times[index].append(time.perf_counter() - start)
                if time.perf_counter() > turn:
                    break
        active = [index for index in active if sum(times[index]) < seconds]
    return times
