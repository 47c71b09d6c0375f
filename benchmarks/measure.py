"""Times all paths of a case in interleaved repeats, so that a slow moment of the machine hits all alike."""

import gc
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rich.progress import Progress

from benchmarks.cases import KINDS, Case, Kind
from benchmarks.paths.base import Path, Prepared
from benchmarks.results import Result

TOLERANCE = 1e-5
"""How far outputs may be from those of the first path."""

_MIN_REPEATS, _MAX_REPEATS = 3, 40
_SLOW_SECONDS = 10
"""What takes longer than this gets one repeat if there is no time for more."""
_MIN_SECONDS = 0.02
"""A repeat calls a quick function so often that it lasts this long: one call would time the scheduler."""


@dataclass
class Timed:
    """A compiled function, and the seconds of a call in each repeat."""

    call: Callable[[], Any]
    calls: int = 1
    """In a repeat. Where there are several, as many come before them that do not count."""
    least: int = _MIN_REPEATS
    """Repeats that it gets in any case."""
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    """Of all threads together."""

    def repeat(self) -> None:
        """Times one repeat."""
        if self.calls > 1:  # caches, and cores that another path let sleep, take milliseconds to be back
            self._run()
        before = time.process_time()
        self.seconds.append(self._run() / self.calls)
        self.cpu_seconds.append((time.process_time() - before) / self.calls)

    def warm_up(self) -> Any:
        """The first call, which counts for nothing; a quick one is called again, to find how many make a repeat."""
        start = time.perf_counter()
        outputs = self.call()
        first = time.perf_counter() - start
        if first > _SLOW_SECONDS:
            self.least = 1
        if first < 10 * _MIN_SECONDS:
            while (seconds := self._run()) < _MIN_SECONDS:
                self.calls = max(self.calls + 1, math.ceil(self.calls * _MIN_SECONDS / seconds))
        return outputs

    def _run(self) -> float:
        """The seconds of all calls of a repeat."""
        start = time.perf_counter()
        for _ in range(self.calls):
            self.call()
        return time.perf_counter() - start


def functions(prepared: Prepared) -> dict[Kind, Callable[[Any, Any], Any]]:
    """The functions to compile: all differentiate the same loss, the mean square of the outputs."""

    def loss(weights: Any, inputs: Any) -> jax.Array:
        return jnp.mean(jnp.square(prepared.forward(weights, inputs)))

    return {"forward": prepared.forward, "gradient": jax.grad(loss), "gradient_input": jax.grad(loss, argnums=(0, 1))}


def compiled(function: Callable, weights: Any, inputs: Any) -> tuple[Callable[[], Any], float]:
    """A function without arguments, and the seconds of tracing and compiling it."""
    gc.collect()  # what came before leaves nothing to collect meanwhile
    start = time.perf_counter()
    executable = jax.jit(function).lower(weights, inputs).compile()
    seconds = time.perf_counter() - start
    return lambda: jax.block_until_ready(executable(weights, inputs)), seconds


def warm_up_compiler() -> None:
    """The first compilation of a process sets up the compiler; no path shall pay for it.

    Nor for what others import: a collection of garbage that looks through all of it takes 0.1 s.
    """
    jax.block_until_ready(jax.jit(jax.grad(lambda x: jnp.sum(jnp.sin(x @ x))))(jnp.ones((8, 8))))
    gc.collect()
    gc.freeze()


def measure(case: Case, paths: Sequence[Path], seconds: float, progress: Progress) -> list[Result]:
    """All paths of a case; one that fails says so in its result.

    Args:
        case: what to evaluate.
        paths: the first one's outputs are what the others' must agree with.
        seconds: for timing; slow functions get fewer repeats, but at least three.
        progress: shows what is done at the moment.
    """
    task = progress.add_task(case.name, total=None)
    warm_up_compiler()
    results = [Result(case.name, path.name, unit="circuits") for path in paths]
    timed: list[dict[Kind, Timed]] = []
    scales: list[float] = []
    reference: dict[str, np.ndarray] = {}
    for path, result in zip(paths, results, strict=True):
        progress.update(task, description=f"{case.name}: compiling {path.name}")
        timed.append({})
        scales.append(1.0)
        try:
            timed[-1], scales[-1] = _start(case, path, result, reference)
        except Exception as error:  # whatever a peer raises belongs in its row, and the others go on
            result.failed = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            timed[-1] = {}

    everything = [function for functions in timed for function in functions.values()]
    interleave(
        everything,
        seconds,
        lambda part: progress.update(task, description=f"{case.name}: timing", total=1.0, completed=part),
    )
    for result, functions_, scale in zip(results, timed, scales, strict=True):
        for kind, function in functions_.items():
            setattr(result, f"{kind}_per_s", case.num_circuits / (statistics.median(function.seconds) * scale))
        if functions_:
            result.repeats = min(len(function.seconds) for function in functions_.values())
    progress.remove_task(task)
    return results


def _start(case: Case, path: Path, result: Result, reference: dict[str, np.ndarray]) -> tuple[dict[Kind, Timed], float]:
    """Compiles the functions of a path, the gradient first, and compares what they return.

    Returns:
        The functions, and by what their times are to be multiplied.

    Raises:
        AssertionError: outputs or gradients that differ from those of the first path.
    """
    jax.clear_caches()  # else a path would find parts traced by the one before it
    prepared = path.prepare(case)
    if not prepared.compiled:
        loop = Timed(lambda: prepared.forward(prepared.weights, prepared.inputs))
        _compare("outputs", loop.warm_up(), reference)
        result.note = f"{prepared.sample} patches, scaled"
        return {"forward": loop}, case.num_patches / (prepared.sample or case.num_patches)
    sources = functions(prepared)
    started: dict[Kind, Timed] = {}
    for kind in sorted(case.kinds, key=("gradient", "forward", "gradient_input").index):
        call, seconds = compiled(sources[kind], prepared.weights, prepared.inputs)
        if kind == "gradient":
            result.compile_s = seconds
        started[kind] = Timed(call)
        outputs = started[kind].warm_up()
        if prepared.comparable and kind != "gradient_input":  # those of images and of patches differ in shape
            name = "outputs" if kind == "forward" else "gradients"
            leaves = [np.ravel(leaf) for leaf in jax.tree.leaves(outputs)]
            _compare(name, outputs if kind == "forward" else np.concatenate(leaves), reference)
    return {kind: started[kind] for kind in KINDS if kind in started}, 1.0


def _compare(name: str, values: Any, reference: dict[str, np.ndarray]) -> None:
    values = np.asarray(values)
    expected = reference.setdefault(name, values)[: len(values)]
    difference = np.abs(values - expected).max()
    if not difference <= TOLERANCE:
        raise AssertionError(f"{name} differ by {difference:.1e} from those of the first path")


def interleave(everything: list[Timed], seconds: float, show: Callable[[float], None]) -> None:
    """Rounds over all functions; one that has used up its share of the time skips those after its least number."""
    share = seconds / max(1, len(everything))
    for number in range(_MAX_REPEATS):
        active = [f for f in everything if number < f.least or sum(f.seconds) * f.calls < share]
        if not active:
            return
        for function in active:
            function.repeat()
        show(min(1.0, sum(sum(f.seconds) * f.calls for f in everything) / seconds))
