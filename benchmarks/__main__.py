"""How fast qconv is, beside its peers.

make bench                    # all cases; writes benchmarks/results.json, docs/performance.md and its picture
make bench QUICK=1            # the cases with 4 and 9 qubits and 2 layers, and 500 points of kernels; writes nothing
make bench ARGS="--only conv --case 'n=9, 8 layers' --path qconv"
python -m benchmarks --only choice --output choice.json    # needs no peer; see `benchmarks.fit`
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, get_args

import tyro
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.cases import CASES, MEMORY_CASE, QUICK_CASES, Case
from benchmarks.child import ROOT
from benchmarks.choice import grid, measure_choice
from benchmarks.growth import draw, measure_growth
from benchmarks.henderson import measure_henderson
from benchmarks.kernels import measure_kernels
from benchmarks.measure import measure
from benchmarks.memory import measure_memory
from benchmarks.native import measure_native
from benchmarks.paths import PATHS, named
from benchmarks.paths.base import Path as BenchmarkPath
from benchmarks.qcnn import measure_qcnn
from benchmarks.report import markdown, print_tables, update_page
from benchmarks.results import Result, machine, write
from benchmarks.training_step import measure_training_step
from benchmarks.wide_kernels import measure_wide_kernels
from qconv.console import text_console

Part = Literal["conv", "memory", "henderson", "qcnn", "training", "native", "kernels", "wide", "growth", "choice"]
_PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True)
class Options:
    """How fast qconv is, beside its peers; a run with any of only, case, path writes page and results only if told."""

    quick: bool = False
    """The cases with 4 and 9 qubits and 2 layers, 500 points of kernels, and fewer repeats."""
    only: tuple[Part, ...] = ()
    """Some of the parts."""
    case: tuple[str, ...] = ()
    """Some of the cases of the part conv, by name."""
    path: tuple[str, ...] = ()
    """Some of the paths, by the start of their names; "qconv ENGINE" is qconv with an engine."""
    seconds: float | None = None
    """For timing a case, compilation apart; 20, or 5 with --quick."""
    save: Annotated[bool | None, tyro.conf.FlagConversionOff] = None
    """Whether to write results, page and picture; by default a complete run does."""
    output: Path | None = None
    """Where to write the results alone, of any run; after each part, so that one which is stopped keeps what it has."""


def main(options: Options) -> None:
    """Measures, prints, and writes."""
    console, start = text_console(), time.perf_counter()
    if not console.is_terminal:
        console.width = 140
    parts = options.only or (("conv", "kernels", "choice") if options.quick else _PARTS)
    if not options.only and (options.case or options.path):  # these parts have cases of their own, and no paths
        parts = tuple(part for part in parts if part not in ("choice", "kernels"))
    seconds = options.seconds or (5 if options.quick else 20)
    about, results = machine(), []
    unfinished = options.output or ROOT / "benchmarks" / "unfinished.json"
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        for name, found in _measured(options, parts, seconds, progress):
            results += found
            # It takes the better part of an hour: who stops it keeps what there is.
            write(results, about, unfinished)
            progress.console.print(f"{name}: done after {time.perf_counter() - start:.0f} s")
    print_tables(results, console)
    console.print(f"{time.perf_counter() - start:.0f} s in all")
    complete = not (options.quick or options.only or options.case or options.path)
    if options.save if options.save is not None else complete:
        _save(results, about, "growth" in parts)
    if not options.output:
        unfinished.unlink(missing_ok=True)


def _measured(
    options: Options, parts: tuple[Part, ...], seconds: float, progress: Progress
) -> Iterator[tuple[str, Iterable[Result]]]:
    """What is measured, part by part and of `conv` case by case, each with its name.

    Args:
        options: of the command.
        parts: which ones.
        seconds: for timing a case.
        progress: shows what is done at the moment.
    """
    if "conv" in parts:
        for case in QUICK_CASES if options.quick else CASES:
            if not options.case or case.name in options.case:
                yield case.name, measure(case, _paths(case, options.path), seconds, progress)
    measurements: dict[Part, Callable[[], Iterable[Result]]] = {
        "memory": lambda: measure_memory(MEMORY_CASE, _paths(MEMORY_CASE, options.path), progress),
        "henderson": lambda: measure_henderson(3 * seconds, progress),
        "qcnn": lambda: measure_qcnn(seconds / 2, progress),
        "training": lambda: measure_training_step(seconds / 2, progress),
        "native": lambda: measure_native(seconds, progress),
        "kernels": lambda: measure_kernels(options.quick, seconds, progress),
        "wide": lambda: measure_wide_kernels(progress),
        "growth": lambda: measure_growth(seconds / 10, progress),
        "choice": lambda: measure_choice(grid(options.quick), seconds / 100, progress),
    }
    for part, measurement in measurements.items():
        if part in parts:
            yield part, measurement()


def _paths(case: Case, names: tuple[str, ...]) -> list[BenchmarkPath]:
    """The paths of a case; named ones also where the case leaves them out."""
    if not names:
        return [path for path in PATHS if case.paths is None or path.name in case.paths]
    return list(dict.fromkeys(path for name in names for path in named(name)))


def _save(results: list[Result], about: dict, with_growth: bool) -> None:
    write([replace(result) for result in results], about, ROOT / "benchmarks" / "results.json")
    docs: Path = ROOT / "docs"
    update_page(docs / "performance.md", markdown(results, about))
    if with_growth:
        draw(results, docs / "performance.png")


if __name__ == "__main__":
    main(tyro.cli(Options))
