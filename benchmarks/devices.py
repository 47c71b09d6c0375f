"""The rate of qconv's gradient with the images split over all devices of this process; `growth.py` runs it."""

import json
import statistics
import sys

import jax

from benchmarks.cases import CASES
from benchmarks.measure import Timed, compiled, functions
from benchmarks.paths.qconv_layer import QconvLayer
from qconv.runs.mesh import batch_sharding, device_mesh, replicated

_REPEATS = 10


def main(case_name: str) -> float:
    """Windows per second."""
    case = next(case for case in CASES if case.name == case_name)
    mesh = device_mesh()
    prepared = QconvLayer().prepare(case)
    weights = jax.device_put(prepared.weights, replicated(mesh))
    images = jax.device_put(prepared.inputs, batch_sharding(mesh))
    timed = Timed(compiled(functions(prepared)["gradient"], weights, images)[0])
    timed.warm_up()
    for _ in range(_REPEATS):
        timed.repeat()
    return case.num_patches / statistics.median(timed.seconds)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1]), allow_nan=False))
