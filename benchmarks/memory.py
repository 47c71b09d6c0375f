"""Peak memory of the gradient of a path, in a process of its own.

The kernel's record of the most memory that a process had is reset after compiling, which can take more than running;
what compiling freed is given back to the system first. `peak_mib` is the record after a call of the gradient, less what
the process had before the call (code, weights and images). Where the kernel has no such record, `ru_maxrss` stands in
for it, which counts compiling too.
"""

import ctypes
import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path as File
from typing import Any

from rich.progress import Progress

from benchmarks.cases import Case
from benchmarks.child import run
from benchmarks.measure import compiled, functions, warm_up_compiler
from benchmarks.paths import named
from benchmarks.paths.base import Path
from benchmarks.results import Result

_SECONDS = 400


def measure_memory(case: Case, paths: Sequence[Path], progress: Progress) -> list[Result]:
    """Each path of a case in its own process; one that fails, or is killed for its memory, says so."""
    results = []
    for path in paths:
        task = progress.add_task(f"{case.name}: memory of {path.name}", total=None)
        result = Result(case.name, path.name, note="one call")
        answer = run("benchmarks.memory", [json.dumps(asdict(case), allow_nan=False), path.name], seconds=_SECONDS)
        if isinstance(answer, str):
            result.failed = answer
        else:
            for name, value in answer.items():
                setattr(result, name, value)
        progress.remove_task(task)
        results.append(result)
    return results


def _status(name: str) -> float | None:
    """A line of the kernel's status of this process, in MiB."""
    try:
        lines = File("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:")), None)


def _reset_record() -> None:
    try:
        ctypes.CDLL(None).malloc_trim(0)
        File("/proc/self/clear_refs").write_text("5")
    except (AttributeError, OSError):
        pass


def _maxrss() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def main(case: Case, name: str) -> dict[str, float]:
    """Peak memory, compile time, and the rate of one call, in this process."""
    (path,) = named(name)
    warm_up_compiler()
    prepared = path.prepare(case)
    call, compile_s = compiled(functions(prepared)["gradient"], prepared.weights, prepared.inputs)
    _reset_record()
    before = _status("VmRSS") or _maxrss()
    start = time.perf_counter()
    call()
    seconds = time.perf_counter() - start
    peak = _status("VmHWM") or _maxrss()
    return {
        "peak_mib": peak - before,
        "process_peak_mib": peak,
        "compile_s": compile_s,
        "gradient_per_s": case.num_patches / seconds,
        "repeats": 1,
    }


if __name__ == "__main__":
    fields: dict[str, Any] = json.loads(sys.argv[1])
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    print(json.dumps(main(Case(**fields), sys.argv[2]), allow_nan=False))
