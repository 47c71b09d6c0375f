"""How the time of the gradient grows with qubits, layers, windows and devices, as one picture."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from rich.progress import Progress

from benchmarks.cases import CASES, Case
from benchmarks.child import run
from benchmarks.measure import measure
from benchmarks.paths.qconv_layer import QconvLayer
from benchmarks.paths.tensorcircuit_state import TensorCircuitState
from benchmarks.results import Result
from qconv.figure import Figure

PREFIX = "growth"
"""Of the names of these cases, which are in the picture and not in the table."""

_PANELS = {
    "qubits": "512 windows, 2 layers",
    "layers": "4 qubits, 12,544 windows",
    "windows": "4 qubits, 2 layers",
    "virtual devices": "the cases of 2 layers",
}
_QUBITS = (2, 4, 6, 8, 10, 12, 14)
_LAYERS = (1, 2, 4, 8, 16, 32)
_OURS, _PEER = QconvLayer(), TensorCircuitState()
_DEVICE_CASES = CASES[:2]


def _points() -> Iterator[tuple[str, int, Case, bool]]:
    """Panel, where on its axis, the case, and whether the peer takes part: not where it compiles for minutes."""
    kinds = ("gradient",)
    for n in _QUBITS:
        size = (32, 16 * n)
        case = Case(f"{PREFIX}: qubits {n}", (1, n), batch=1, size=size, strides=(1, n), kinds=kinds)
        yield "qubits", n, case, n <= 10
    for depth in _LAYERS:
        yield "layers", depth, Case(f"{PREFIX}: layers {depth}", (2, 2), depth, kinds=kinds), depth <= 8
    for batch in (5, 51, 510, 5102):  # 196 windows an image
        windows = 196 * batch
        yield "windows", windows, Case(f"{PREFIX}: windows {windows}", (2, 2), batch=batch, kinds=kinds), batch < 1000


def measure_growth(seconds: float, progress: Progress) -> list[Result]:
    """The layer and, where feasible, the fastest peer.

    Args:
        seconds: for timing a point.
        progress: shows what is done at the moment.
    """
    results, start = [], time.perf_counter()
    for _, _, case, with_peer in _points():
        results += measure(case, (_OURS, _PEER) if with_peer else (_OURS,), seconds, progress)
        progress.console.print(f"{case.name}: done after {time.perf_counter() - start:.0f} s")
    for case in _DEVICE_CASES:
        for count in (1, 2):
            task = progress.add_task(f"{count} virtual devices, {case.name}", total=None)
            # What the caller gave XLA stays in force.
            flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={count}"
            environment = {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
            rate = run("benchmarks.devices", [case.name], seconds=120, environment=environment)
            result = Result(f"{PREFIX}: virtual devices {count}, {case.name}", _OURS.name, repeats=10)
            if isinstance(rate, str):
                result.failed = rate
            else:
                result.gradient_per_s = rate
            results.append(result)
            progress.remove_task(task)
    return results


def draw(results: list[Result], path: Path) -> None:
    """Seconds of a gradient, one panel for each quantity, both axes logarithmic."""
    rates = {(result.case, result.path): result.gradient_per_s for result in results}
    figure = Figure(figsize=(13, 3.4), layout="constrained")
    panels = dict(zip(_PANELS, figure.subplots(1, len(_PANELS), sharey=True), strict=True))
    lines: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for panel, position, case, _ in _points():
        for name in (_OURS.name, _PEER.name):
            if rate := rates.get((case.name, name)):
                lines.setdefault((panel, name), []).append((position, case.num_patches / rate))
    for case in _DEVICE_CASES:
        for count in (1, 2):
            if rate := rates.get((f"{PREFIX}: virtual devices {count}, {case.name}", _OURS.name)):
                lines.setdefault(("virtual devices", case.name), []).append((count, case.num_patches / rate))
    styles = {_OURS.name: ("#1f5fa8", "o"), _PEER.name: ("#c8641b", "s"), _DEVICE_CASES[1].name: ("#5a8f3c", "^")}
    for (panel, name), points in lines.items():
        color, marker = styles.get(name, styles[_OURS.name])
        panels[panel].plot(*zip(*points, strict=True), color=color, marker=marker, markersize=4, label=name)
    for name, ax in panels.items():
        ax.set(
            xlabel=name, title=_PANELS[name], yscale="log", xscale="log" if name in ("layers", "windows") else "linear"
        )
        ax.grid(alpha=0.3)
        if name == "virtual devices":
            ax.set_xticks([1, 2])
        if name == "layers":
            ax.set_xticks(_LAYERS, [str(depth) for depth in _LAYERS])
            ax.minorticks_off()
        if name == "qubits":
            ax.set_xticks(_QUBITS)
        if ax.get_legend_handles_labels()[0]:
            ax.legend(fontsize=8)
    panels["qubits"].set_ylabel("seconds of a gradient")
    figure.savefig(path, dpi=110)
