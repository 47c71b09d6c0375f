"""The ways of evaluating a case: qconv, and each peer in the form that its users know as the fast one."""

from benchmarks.paths.base import Path
from benchmarks.paths.demo_loop import DemoLoop
from benchmarks.paths.flax_conv import FlaxConv
from benchmarks.paths.pennylane_broadcast import PennyLaneBroadcast
from benchmarks.paths.pennylane_vmap import PennyLaneVmap
from benchmarks.paths.qconv_layer import QconvLayer
from benchmarks.paths.tensorcircuit_expectation import TensorCircuitExpectation
from benchmarks.paths.tensorcircuit_state import TensorCircuitState

PATHS: tuple[Path, ...] = (
    QconvLayer(),
    PennyLaneVmap(),
    PennyLaneBroadcast(),
    TensorCircuitExpectation(),
    TensorCircuitState(),
    FlaxConv(),
    DemoLoop(),
)
"""The first is what ratios are relative to."""


def named(start: str) -> list[Path]:
    """The paths whose names start so; "qconv ENGINE" is qconv with an engine."""
    found = [path for path in PATHS if path.name.startswith(start)]
    return found or ([QconvLayer(start.removeprefix("qconv "))] if start.startswith("qconv ") else [])
