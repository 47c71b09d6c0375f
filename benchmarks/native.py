"""Trees on a qubit a pixel, of 256, 1,024 and 4,096 qubits: images a second, and how the time grows with the pixels."""

import math
import statistics

import jax
import jax.numpy as jnp
import numpy as np
from rich.progress import Progress

from benchmarks.measure import Timed, compiled, interleave
from benchmarks.results import Result
from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.circuit.tree import Tree
from qconv.layers.quantum_tree import QuantumTree

CASE = "QCNN at native resolution: 16 networks, 2x2 blocks"

_SIDES = (16, 32, 64)
_BATCH = 64


def measure_native(seconds: float, progress: Progress) -> list[Result]:
    """Outputs, and the gradient of their mean square with respect to the angles; the largest last, with the exponent.

    Args:
        seconds: for timing all of it.
        progress: shows what is done at the moment.
    """
    task = progress.add_task(CASE, total=None)
    layer = QuantumTree(Tree(ansatz=StronglyEntangling(depth=3)), features=16)
    results, timed = [], []
    for side in _SIDES:
        progress.update(task, description=f"{CASE}: compiling {side}x{side}")
        jax.clear_caches()
        images = np.random.default_rng(0).random((_BATCH, side, side, 1), np.float32)
        variables = layer.init(jax.random.key(0), images[:1])
        gradient = jax.grad(lambda v, x: jnp.mean(jnp.square(jnp.asarray(layer.apply(v, x)))))
        result = Result(CASE, f"qconv, {side * side:,} qubits", unit="images")
        call, result.compile_s = compiled(gradient, variables, images)
        timed.append((Timed(compiled(layer.apply, variables, images)[0]), Timed(call)))
        for function in timed[-1]:
            function.warm_up()
        results.append(result)
    interleave(
        [function for pair in timed for function in pair],
        seconds,
        lambda part: progress.update(task, description=f"{CASE}: timing", total=1.0, completed=part),
    )
    for result, (forward, gradient) in zip(results, timed, strict=True):
        result.forward_per_s, result.gradient_per_s = (
            _BATCH / statistics.median(function.seconds) for function in (forward, gradient)
        )
        result.repeats = min(len(forward.seconds), len(gradient.seconds))
    slopes = (_exponent([pair[kind] for pair in timed]) for kind in (0, 1))
    results[-1].note = "time grows as qubits^{:.2f} forward, ^{:.2f} gradient".format(*slopes)
    progress.remove_task(task)
    return results


def _exponent(functions: list[Timed]) -> float:
    """The slope of log time by log qubits, by least squares."""
    qubits = [2 * math.log(side) for side in _SIDES]
    return float(np.polyfit(qubits, [math.log(statistics.median(f.seconds)) for f in functions], 1)[0])
