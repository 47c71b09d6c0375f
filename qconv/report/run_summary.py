"""The tables that end a command."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from qconv.comparison import Comparison, Verdict
from qconv.runs.evaluate import EvaluatedArm
from qconv.runs.summary import ArmSummary, Summary, compare_arms, read_run_summary


def summary_table(folder: Path, seeds: Sequence[Path]) -> Group:
    """The networks side by side, what the difference means, the same over seeds, and what computed the run.

    Args:
        folder: of the run, which is finished.
        seeds: of all finished seeds of the same spec, this one's too.

    Raises:
        RunError: a summary, or the results of single items, cannot be read.
    """
    summary = read_run_summary(folder)
    own, *rivals = summary.arms
    table = Table(title=f"{summary.experiment}, seed {summary.seed}, {own.steps} steps", title_justify="left")
    table.add_column("network")
    names = _names(own.metrics, summary.headline)
    for column in (*(f"{summary.split} {name}" for name in names), "parameters", "quantum", "seconds"):
        # Where there is little room, names may be cut, but not figures.
        table.add_column(column, justify="right", min_width=6)
    for arm in summary.arms:
        parameters = "-" if arm.num_parameters is None else f"{arm.num_parameters:,}"
        numbers = (parameters, f"{arm.num_quantum_parameters:,}", f"{arm.wall_seconds:.1f}")
        table.add_row(arm.name, *(f"{arm.metrics[name]:.4f}" for name in names), *numbers)
    lines = []
    for rival in rivals:
        lines.append(_verdict_of([folder], summary, rival))
        if (rival.num_parameters or 0) > (own.num_parameters or 0):
            lines.append(f"The {rival.folder} has more parameters than the {own.name} network.")
    if len(seeds) > 1:
        lines += _over_seeds(seeds, summary)
    if own.step_seconds:
        told = [arm for arm in summary.arms if arm.step_seconds]
        lines.append("a step takes " + ", ".join(f"{arm.folder or arm.name} {arm.step_seconds:.2g} s" for arm in told))
    engines = ", ".join(dict.fromkeys(summary.engines)) or "none"
    computed = "; then ".join(map(str, summary.provenance))
    lines += [f"engine {engines}, {computed}", f"run {folder}"]
    return Group(table, *(Text(line, overflow="fold") for line in lines))


_VERDICTS: dict[Verdict, str] = {
    "ahead": "the {} is ahead",
    "behind": "the {} is behind",
    "no difference": "no difference that {} could show",
}


def verdict_sentence(found: Comparison, own: str, rival: str) -> str:
    """What the difference of a network and a rival tells: its standard error, and what is beyond chance.

    Args:
        found: the comparison.
        own: what the network is called, such as quantum.
        rival: what the rival is called, such as twin.
    """
    over = f"the same {found.num_images:,} images{f', {found.num_seeds} seeds' if found.num_seeds > 1 else ''}"
    verdict = found.verdict()
    runs = "these runs" if found.num_seeds > 1 else "this run"
    network = own if own == "network" else f"{own} network"  # of one without circuits, that is its name
    said = _VERDICTS[verdict].format(runs if verdict == "no difference" else network)
    return f"{own} - {rival} = {found} (standard error; {over}): {said}."


def _verdict_of(seeds: Sequence[Path], summary: Summary, rival: ArmSummary) -> str:
    found = compare_arms(seeds, rival.folder, summary.higher_is_better)
    return verdict_sentence(found, summary.arms[0].name, rival.folder)


def _over_seeds(seeds: Sequence[Path], summary: Summary) -> list[str]:
    summaries = [read_run_summary(seed) for seed in seeds]
    parts = []
    for arm in summary.arms:
        alike = [other for each in summaries for other in each.arms if other.folder == arm.folder]
        values = [other.metrics[summary.headline] for other in alike]
        parts.append(f"{arm.folder or arm.name} {np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}")
    lines = [f"mean ± std over seeds {', '.join(str(each.seed) for each in summaries)}: {', '.join(parts)}"]
    return lines + [_verdict_of(seeds, summary, rival) for rival in summary.arms[1:]]


def _names(metrics: dict[str, float], headline: str) -> list[str]:
    """Names of metrics, the headline first."""
    return [headline, *(name for name in metrics if name != headline)]


def evaluation_table(evaluated: Sequence[EvaluatedArm], split: str, headline: str) -> Table:
    """Loss and metrics of each network.

    Args:
        evaluated: by network.
        split: what they were evaluated on.
        headline: the metric that stands first.
    """
    table = Table()
    names = _names(evaluated[0].evaluation.metrics, headline)
    table.add_column("network")
    for column in ("step", *(f"{split} {name}" for name in names), "images"):
        table.add_column(column, justify="right")
    for network, step, evaluation in evaluated:
        values = (f"{evaluation.metrics[name]:.4f}" for name in names)
        table.add_row(network, str(step), *values, f"{len(evaluation.per_item):,}")
    return table
