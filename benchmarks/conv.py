"""How fast a quantum convolution is: by engine, beside `nn.Conv` of the same shape, in one run.

    make bench

Prints ratios first, then rates: medians of interleaved repeats, so that a slow moment of the machine hits all alike.
Compilation is timed apart. All quantum paths must agree before anything is timed.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.layers.quantum_conv import QuantumConv

REPEATS = 15
BATCH = 64


@dataclass(frozen=True)
class Case:
    """Images of 28x28 pixels, windows of `kernel_size` with stride 2, two layers, Z on every qubit."""

    kernel_size: int

    def layers(self) -> dict[str, nn.Module]:
        """The paths, by name; the first is what the ratios are relative to."""
        circuit = Circuit(ansatz=HardwareEfficient(depth=2, rotations=("ry", "rz")))
        shared: dict[str, Any] = {"kernel_size": self.kernel_size, "strides": 2}
        quantum = {name: QuantumConv(circuit, engine=name, **shared) for name in ("unitary", "statevector")}
        size = (self.kernel_size,) * 2
        return {**quantum, "nn.Conv": nn.Conv(self.kernel_size**2, size, strides=(2, 2))}


@dataclass
class Path:
    """A layer, compiled, and the times of its repeats in seconds."""

    name: str
    functions: dict[str, Callable[[], Any]]
    compile_s: dict[str, float]
    times: dict[str, list[float]]


def compiled(name: str, layer: nn.Module, images: jax.Array) -> Path:
    """Compiles forward and gradient with respect to the parameters."""
    variables = layer.init(jax.random.key(0), images)

    def loss(variables: Any, images: jax.Array) -> jax.Array:
        outputs: Any = layer.apply(variables, images)
        return jnp.mean(jnp.square(outputs))

    sources = {"forward": jax.jit(layer.apply), "gradient": jax.jit(jax.grad(loss))}
    functions, seconds = {}, {}
    for kind, function in sources.items():
        start = time.perf_counter()
        executable = function.lower(variables, images).compile()
        seconds[kind] = time.perf_counter() - start
        functions[kind] = lambda executable=executable: jax.block_until_ready(executable(variables, images))
    return Path(name, functions, seconds, {kind: [] for kind in functions})


def measure(case: Case) -> tuple[list[Path], int]:
    """All paths of a case, and the number of windows of a call.

    Raises:
        AssertionError: the engines disagree.
    """
    images = jnp.asarray(np.random.default_rng(0).random((BATCH, 28, 28, 1), np.float32))
    paths = [compiled(name, layer, images) for name, layer in case.layers().items()]
    outputs = [np.asarray(path.functions["forward"]()) for path in paths[:2]]
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-5)
    for _ in track(range(REPEATS), description=f"{case.kernel_size**2} qubits", transient=True):
        for path in paths:
            for kind, function in path.functions.items():
                start = time.perf_counter()
                function()
                path.times[kind].append(time.perf_counter() - start)
    return paths, int(np.prod(outputs[0].shape[:-1]))


def table(case: Case, paths: list[Path], windows: int) -> Table:
    """Ratios, rates and compile times."""
    title = f"{case.kernel_size**2} qubits, {windows:,} windows of {BATCH} images"
    result = Table(title=title, title_justify="left")
    result.add_column("path")
    for column in ("forward", "gradient", "forward/s", "gradient/s", "compile s"):
        result.add_column(column, justify="right")
    medians = [{kind: statistics.median(times) for kind, times in path.times.items()} for path in paths]
    for path, median in zip(paths, medians, strict=True):
        ratios = [f"{median[kind] / medians[0][kind]:.2f}x" for kind in ("forward", "gradient")]
        rates = [f"{windows / median[kind]:.1e}" for kind in ("forward", "gradient")]
        compiling = " / ".join(f"{seconds:.1f}" for seconds in path.compile_s.values())
        result.add_row(path.name, *ratios, *rates, compiling)
    return result


def main() -> None:
    """Measures all cases and prints their tables."""
    console = Console()
    devices = f"{jax.device_count()} x {jax.devices()[0].device_kind}"
    console.print(f"jax {jax.__version__}, {devices}; times relative to unitary")
    for case in (Case(kernel_size=2), Case(kernel_size=3)):
        console.print(table(case, *measure(case)))


if __name__ == "__main__":
    main()
