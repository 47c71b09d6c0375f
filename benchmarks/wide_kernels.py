"""Kernels on registers that no state vector reaches, each in a process of its own: qconv alone.

Beside each stands, in words, what was published for the same task.
"""

import json
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from rich.progress import Progress

import qconv
from benchmarks.child import run
from benchmarks.results import Result

_SECONDS = 600

CHAIN = "parity chain, {:,} qubits, N = 1,000"
PRODUCT = "product map, 784 qubits, N = 5,000"
NEIGHBOURS = "ZZ on neighbours, 784 qubits, N = 500"
PROJECTED = "projected kernel, ZZ on neighbours, 784 qubits, N = 5,000"
LANDMARKS = "the same, N = 20,000 with 1,000 landmarks"

_CUTN = "published: {} (cuTN-QSVM, arXiv:2405.02630)"
PUBLISHED = {
    CHAIN.format(784): _CUTN.format("9,089 s on 8 H100"),
    CHAIN.format(4096): _CUTN.format("17,326 s for N = 800 on 16 H100"),
    PRODUCT: None,
    NEIGHBOURS: None,
    PROJECTED: None,
    LANDMARKS: None,
}
"""The cases."""


def measure_wide_kernels(progress: Progress) -> list[Result]:
    """Each case twice: the first call, and the one that is reported; peak memory is that of the process."""
    results = []
    for case, published in PUBLISHED.items():
        task = progress.add_task(case, total=None)
        result = Result(case, "qconv", unit="calls", repeats=1, note=published)
        answer = run("benchmarks.wide_kernels", [case], seconds=_SECONDS)
        if isinstance(answer, str):
            result.failed = answer
        else:
            for name, value in answer.items():
                setattr(result, name, value)
        progress.remove_task(task)
        results.append(result)
    return results


def _points(count: int, columns: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, columns), np.float32)


def _call(case: str) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
    """What is computed of points, and the points."""
    nothing, columns = qconv.Identity(), 784
    neighbours = qconv.Circuit(qconv.IQP(2, "chain", "complement", scale=1.0), nothing, qconv.PauliXYZ())
    if case in (CHAIN.format(784), CHAIN.format(4096)):
        columns = 784 if case == CHAIN.format(784) else 4096
        kernel = qconv.FidelityKernel(qconv.Circuit(qconv.ParityChain(scale=1.0), nothing))
        return lambda x: qconv.gram(kernel, x), _points(1000, columns)
    if case == PRODUCT:
        kernel = qconv.FidelityKernel(qconv.Circuit(qconv.Angle(scale=1.0), nothing))
        return lambda x: qconv.gram(kernel, x), _points(5000, columns)
    if case == NEIGHBOURS:
        kernel = qconv.FidelityKernel(neighbours)
        return lambda x: qconv.gram(kernel, x), _points(500, columns)
    projected = qconv.ProjectedKernel(neighbours)
    if case == PROJECTED:
        return lambda x: qconv.gram(projected, x), _points(5000, columns)
    points = _points(20_000, columns)
    landmarks, params = points[:1000], projected.init(columns)
    return lambda x: qconv.landmark_features(projected, params, landmarks, x), points


def main(case: str) -> dict[str, float]:
    """The first call, a second one by wall and CPU time, and the most memory that the process had."""
    call, points = _call(case)
    times = []
    for _ in range(2):
        wall, cpu = time.perf_counter(), time.process_time()
        found = call(points)
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
        assert np.isfinite(found).all()
    (first, _), (wall, cpu) = times
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)
    return {"compile_s": first, "forward_per_s": 1 / wall, "cpu_s": cpu, "process_peak_mib": peak, "peak_mib": peak}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1]), allow_nan=False))
