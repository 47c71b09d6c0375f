"""The tables that end a command."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from qconv.training.evaluate import Evaluation


def summary_table(summary: dict[str, Any], seeds: Sequence[dict[str, Any]], folder: Path) -> Group:
    """Network and twin side by side, what the difference means, the mean over seeds, and where the run lies.

    Args:
        summary: of this run.
        seeds: summaries of all finished seeds of the same spec, this one's too.
        folder: of the run.
    """
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
        lines.append(_verdict(summary))
        if twin["num_parameters"] > summary["num_parameters"]:
            lines.append("The twin has more parameters than the quantum network.")
    if len(seeds) > 1:
        lines.append(_over_seeds(seeds))
    engines = ", ".join(dict.fromkeys(summary["engines"])) or "none"
    lines += [f"device {summary['device']}, engine {engines}", f"run {folder}"]
    return Group(table, *(Text(line, overflow="fold") for line in lines))


def _verdict(summary: dict[str, Any]) -> str:
    """What the difference of the accuracies of one seed tells, given how many images were counted."""
    ours, twins, images = summary["test_accuracy"], summary["twin"]["test_accuracy"], summary["num_test_images"]
    difference = ours - twins
    error = math.sqrt((ours * (1 - ours) + twins * (1 - twins)) / images)
    text = f"quantum - twin = {difference:+.4f} on {images:,} images (sampling error {error:.4f}): "
    if abs(difference) <= 2 * error:
        return text + "no difference that this run could show."
    return text + ("the quantum layer is ahead in this run." if difference > 0 else "the quantum layer does not help.")


def _over_seeds(seeds: Sequence[dict[str, Any]]) -> str:
    parts = []
    for label, values in (
        ("quantum", [s["test_accuracy"] for s in seeds if s["twin"]]),
        ("twin", [s["twin"]["test_accuracy"] for s in seeds if s["twin"]]),
        ("network", [s["test_accuracy"] for s in seeds if not s["twin"]]),
    ):
        if values:
            parts.append(f"{label} {np.mean(values):.4f} ± {np.std(values, ddof=1 if len(values) > 1 else 0):.4f}")
    return f"mean ± std over seeds {', '.join(str(s['seed']) for s in seeds)}: {', '.join(parts)}"


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
