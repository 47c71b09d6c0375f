"""The picture of a table: its figures against a number."""

from collections.abc import Sequence

from qconv.figure import Figure
from qconv.tables.results import RowResult
from qconv.tables.rows import Axis


def table_picture(axis: Axis, results: Sequence[RowResult]) -> Figure:
    """A curve for each section, ours as dots with their spread, published figures as crosses.

    Args:
        axis: names and scales.
        results: those with a place on the axis are drawn, if there are figures.
    """
    figure = Figure(figsize=(6, 4), layout="constrained")
    ax = figure.subplots()
    placed = [(result.row.at, result) for result in results if result.row.at is not None]
    for number, section in enumerate(dict.fromkeys(result.row.section for _, result in placed)):
        color = f"C{number}"
        ours = [(at, r.ours) for at, r in placed if r.row.section == section and r.ours.values]
        published = [(at, r.row.published) for at, r in placed if r.row.section == section and r.row.published]
        if ours:
            means, spreads = [figures.mean for _, figures in ours], [figures.std or 0.0 for _, figures in ours]
            ax.errorbar([at for at, _ in ours], means, spreads, color=color, marker="o", capsize=3, label=section)
        if published:
            ax.plot([at for at, _ in published], [p.value for _, p in published], "x", color=color, markersize=8)
    ax.set_xlabel(axis.x)
    ax.set_ylabel(axis.y)
    ax.set_xscale("log" if axis.log_x else "linear")
    ax.set_yscale("log" if axis.log_y else "linear")
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
    return figure
