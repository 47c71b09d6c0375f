"""The tables that end a command."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from qconv.comparison import Comparison, Verdict
from qconv.training.evaluate import Evaluation
from qconv.training.provenance import of_run
from qconv.training.run_directory import read_json
from qconv.training.scores import compare_with_twin


def summary_table(folder: Path, seeds: Sequence[Path]) -> Group:
    """Network and twin side by side, what the difference means, the same over seeds, and what computed the run.

    Args:
        folder: of the run, which is finished.
        seeds: of all finished seeds of the same spec, this one's too.

    Raises:
        RunError: a summary, or the results of single images, cannot be read.
    """
    summary = read_json(folder / "summary.json")
    twin = summary["twin"]
    table = Table(
        title=f"{summary['experiment']}, seed {summary['seed']}, {summary['steps']} steps", title_justify="left"
    )
    table.add_column("network")
    for column in ("test accuracy", "test loss", "parameters", "quantum", "seconds"):
        table.add_column(column, justify="right")
    rows = [("quantum" if twin else "network", summary)]
    rows += [("classical twin", twin)] if twin else []
    for label, row in rows:
        numbers = (f"{row['num_parameters']:,}", f"{row['num_quantum_parameters']:,}", f"{row['wall_seconds']:.1f}")
        table.add_row(label, f"{row['test_accuracy']:.4f}", f"{row['test_loss']:.4f}", *numbers)
    lines = []
    if twin:
        lines.append(verdict_sentence(compare_with_twin([folder])))
        if twin["num_parameters"] > summary["num_parameters"]:
            lines.append("The twin has more parameters than the quantum network.")
    if len(seeds) > 1:
        lines += _over_seeds(seeds)
    engines = ", ".join(dict.fromkeys(summary["engines"])) or "none"
    computed = "; then ".join(map(str, of_run(summary)))
    lines += [f"engine {engines}, {computed}", f"run {folder}"]
    return Group(table, *(Text(line, overflow="fold") for line in lines))


_VERDICTS: dict[Verdict, str] = {
    "ahead": "the quantum network is ahead",
    "behind": "the quantum network is behind",
    "no difference": "no difference that {} could show",
}


def verdict_sentence(found: Comparison) -> str:
    """What the difference of a network and its twin tells: its standard error, and what is beyond chance."""
    over = f"the same {found.num_images:,} images{f', {found.num_seeds} seeds' if found.num_seeds > 1 else ''}"
    verdict = _VERDICTS[found.verdict()].format("these runs" if found.num_seeds > 1 else "this run")
    return f"quantum - twin = {found} (standard error; {over}): {verdict}."


def _over_seeds(seeds: Sequence[Path]) -> list[str]:
    summaries = [read_json(seed / "summary.json") for seed in seeds]
    parts = []
    for label, values in (
        ("quantum", [s["test_accuracy"] for s in summaries if s["twin"]]),
        ("twin", [s["twin"]["test_accuracy"] for s in summaries if s["twin"]]),
        ("network", [s["test_accuracy"] for s in summaries if not s["twin"]]),
    ):
        if values:
            parts.append(f"{label} {np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}")
    lines = [f"mean ± std over seeds {', '.join(str(s['seed']) for s in summaries)}: {', '.join(parts)}"]
    return lines + ([verdict_sentence(compare_with_twin(seeds))] if all(s["twin"] for s in summaries) else [])


def evaluation_table(evaluations: Sequence[Evaluation]) -> Table:
    """Loss and accuracy of each network."""
    table = Table()
    table.add_column("network")
    for column in ("step", "test accuracy", "test loss", "right"):
        table.add_column(column, justify="right")
    for network, step, loss, accuracy, confusion in evaluations:
        right = f"{np.trace(confusion):.0f} of {confusion.sum():.0f}"
        table.add_row(network, str(step), f"{accuracy:.4f}", f"{loss:.4f}", right)
    return table
