"""Quantum kernels beside other libraries: the ZZ feature map on all pairs, two repetitions.

All paths of a case run in one process and take turns; before that, their matrices agree with qconv's. The first call,
with whatever is traced and compiled in it, is counted apart.
"""

import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rich.progress import Progress

from benchmarks.kernel_paths import ALIGNED, FIDELITIES, PROJECTIONS, Start
from benchmarks.measure import TOLERANCE, Timed, interleave, warm_up_compiler
from benchmarks.results import Result

PROJECTED = "projected kernel, ZZ map, 8 qubits, N = 100"
ALIGNMENT = "alignment and its gradient, ZZ map, 10 qubits, N = 500"


def gram_case(num_qubits: int, points: int) -> str:
    """The name of a case."""
    return f"Gram matrix, ZZ map, {num_qubits} qubits, N = {points:,}"


def measure_kernels(quick: bool, seconds: float, progress: Progress) -> list[Result]:
    """Matrices, the projected kernel, and the alignment with its gradient.

    Args:
        quick: 500 points instead of as many and 2,000.
        seconds: for timing a case.
        progress: shows what is done at the moment.
    """
    warnings.filterwarnings("ignore")  # of peers, which say much about their next versions
    warm_up_compiler()
    results = []
    for count in (500,) if quick else (500, 2000):
        for num_qubits in (8, 10):
            results += measured(gram_case(num_qubits, count), FIDELITIES, _points(count, num_qubits), seconds, progress)
    results += measured(PROJECTED, PROJECTIONS, _points(100, 8), seconds, progress)
    paths = {name: _gradient(matrix) for name, matrix in ALIGNED.items()}
    return [*results, *measured(ALIGNMENT, paths, _points(500, 10), seconds, progress, "gradient_per_s")]


def _points(count: int, num_qubits: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, num_qubits), np.float32)


def _gradient(matrix: Callable[[Any, Any], Any]) -> Start:
    """The alignment with labels, and its derivative by the bandwidth."""

    def start(points: np.ndarray) -> Callable[[], np.ndarray]:
        signs = jnp.asarray(np.where(np.arange(len(points)) % 2, 1.0, -1.0), jnp.float32)

        def alignment(bandwidth: Any) -> Any:
            found = matrix(jnp.asarray(points), bandwidth)
            return (signs @ found @ signs) / (len(signs) * jnp.sqrt(jnp.square(found).sum()))

        both = jax.jit(jax.value_and_grad(alignment))
        return lambda: np.asarray(both(jnp.float32(0.3)))

    return start


def measured(
    case: str,
    paths: Mapping[str, Start],
    points: np.ndarray,
    seconds: float,
    progress: Progress,
    quantity: str = "forward_per_s",
) -> list[Result]:
    """All paths of a case; one that fails says so in its result.

    Args:
        case: its name.
        paths: from points to a function without arguments, the first one's results what the others' must agree with.
        points: what they are given.
        seconds: for timing.
        progress: shows what is done at the moment.
        quantity: which rate of the results it is.
    """
    task = progress.add_task(case, total=None)
    results = [Result(case, name, unit="calls") for name in paths]
    timed, expected = [], None
    for result, start in zip(results, paths.values(), strict=True):
        progress.update(task, description=f"{case}: first call of {result.path}")
        try:
            jax.clear_caches()  # else a path would find parts traced by the one before it
            call = start(points)
            began = time.perf_counter()
            found = call()
            result.compile_s = time.perf_counter() - began
            expected = found if expected is None else expected
            difference = np.abs(found - expected).max()
            if not difference <= TOLERANCE:
                raise AssertionError(f"differs by {difference:.1e} from qconv")
            timed.append((result, Timed(call)))
            timed[-1][1].warm_up()
        except Exception as error:  # whatever a peer raises belongs in its row
            result.failed = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    interleave(
        [own for _, own in timed],
        seconds,
        lambda part: progress.update(task, description=f"{case}: timing", total=1.0, completed=part),
    )
    for result, own in timed:
        setattr(result, quantity, 1 / statistics.median(own.seconds))
        result.cpu_s = min(own.cpu_seconds)
        result.repeats = len(own.seconds)
    progress.remove_task(task)
    return results
