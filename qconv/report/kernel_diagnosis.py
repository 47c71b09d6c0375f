"""Diagnostics of kernels, as a table and as a picture."""

from typing import Any

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from qconv.diagnostics.kernel_diagnosis import REGULARISATION, KernelDiagnosis, MatrixDiagnosis
from qconv.figure import Figure
from qconv.kernels.concentration import Concentration

_OWN, _RBF = "#1f5fa8", "#c8641b"
_SMALLEST = 1e-12
"""Where logarithmic axes end: below are zeros with their rounding."""


def kernel_table(diagnosis: KernelDiagnosis, title: str) -> Group:
    """The figures of one kernel beside those of a Gaussian one, and below them the verdict and what they mean."""
    table = Table(title=title, title_justify="left")
    table.add_column("diagnostic")
    table.add_column("kernel", justify="right")
    table.add_column("RBF", justify="right")
    table.add_column("to compare")
    both, count = (diagnosis.own, diagnosis.rbf), diagnosis.num_points
    uniform, periodic = diagnosis.uniform, diagnosis.periodic
    table.add_row("mean of pairs", *(f"{of.concentration.mean:.2e}" for of in both), _closed(uniform, periodic, "mean"))
    table.add_row(
        "variance of pairs",
        *(f"{of.concentration.variance:.2e}" for of in both),
        _closed(uniform, periodic, "variance"),
    )
    table.add_row("shots an entry", f"{diagnosis.own.concentration.shots:,.0f}", "", "")
    table.add_row("effective rank", *(f"{of.effective_rank:.1f}" for of in both), f"1 to {count:,}")
    table.add_row(
        "smallest eigenvalue", *(f"{of.eigenvalues[-1]:.1e}" for of in both), f"±{both[0].rounding:.0e} rounding"
    )
    if both[0].alignment is not None:
        table.add_row("centred alignment", *(f"{of.alignment:.4f}" for of in both), "0 to 1")
        table.add_row("complexity / points", *map(_complexity, both), "1 knows each point alone")
    if diagnosis.geometric_difference is not None:
        table.add_row("geometric difference", f"{diagnosis.geometric_difference:.2f}", "", f"{count**0.5:.2f}, √points")
    lines = [
        f"verdict: {diagnosis.verdict}",
        f"{count:,} training points; the RBF has the gamma that suits them; pairs: of different points, 1 for each "
        "point with itself",
    ]
    if uniform is not None:
        lines.append(
            "to compare with mean and variance of pairs: columns uniform in their ranges and independent; angles "
            "uniform on a period"
        )
    lines.append("shots an entry: measurements with which their noise is as large as the spread of pairs")
    if diagnosis.geometric_difference is not None:
        lines.append(
            f"geometric difference of the RBF to the kernel (λ = {REGULARISATION:g}): much less than √points says that "
            "the RBF does as well for whatever labels, up to a small factor"
        )
    return Group(table, *(Text(line, overflow="fold") for line in lines))


def kernel_figure(diagnoses: dict[str, KernelDiagnosis]) -> Figure:
    """A row of three panels for each kernel, by its title: pairs of points, spectrum, and other bandwidths."""
    figure = Figure(figsize=(14, 4.1 * len(diagnoses)), layout="constrained")
    rows = figure.subfigures(len(diagnoses), 1, squeeze=False)[:, 0]
    for row, (title, diagnosis) in zip(rows, diagnoses.items(), strict=True):
        row.suptitle(title, fontsize=10)
        entries, spectrum, bandwidth = row.subplots(1, 3)
        _draw_pairs(entries, diagnosis)
        _draw_spectrum(spectrum, diagnosis)
        _draw_search(bandwidth, diagnosis)
    return figure


def _closed(uniform: Concentration | None, periodic: Concentration | None, name: str) -> str:
    """What is known in closed form."""
    if uniform is None or periodic is None:
        return ""
    return f"{getattr(uniform, name):.2e} uniform, {getattr(periodic, name):.2e} on a period"


def _complexity(of: MatrixDiagnosis) -> str:
    return "" if of.complexity is None else f"{of.complexity:.4f}"


def _draw_pairs(ax: Any, diagnosis: KernelDiagnosis) -> None:
    for of, color, label in _both(diagnosis):
        ax.hist(of.pairs, 50, range=(0, 1), density=True, histtype="step", color=color, label=label)
        ax.axvline(of.concentration.mean, color=color, linestyle="--", linewidth=1)
    ax.set_yscale("log")
    ax.set_xlabel("kernel of two points; dashed: mean")
    ax.set_ylabel("density")
    ax.set_title("concentration", fontsize=10)
    ax.legend(fontsize=8)


def _draw_spectrum(ax: Any, diagnosis: KernelDiagnosis) -> None:
    for of, color, label in _both(diagnosis):
        shares = of.eigenvalues / of.eigenvalues.sum()
        order = np.arange(1, len(shares) + 1)
        ax.plot(order, np.where(shares > _SMALLEST, shares, np.nan), color=color, linewidth=1, label=label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("number of the eigenvalue")
    ax.set_ylabel("part of the sum")
    rank = diagnosis.own.effective_rank
    ax.set_title(f"spectrum: effective rank {rank:.1f} of {diagnosis.num_points:,}", fontsize=10)
    ax.legend(fontsize=8)


def _draw_search(ax: Any, diagnosis: KernelDiagnosis) -> None:
    search, scales = diagnosis.search, list(diagnosis.scales.values())
    scale, label = (scales[0], "bandwidth") if list(diagnosis.scales) == ["bandwidth"] else (1, "times the bandwidth")
    ax.plot(search.factors * scale, search.worths, "o-", color=_OWN, markersize=3, linewidth=1)
    ax.axvline(scale, color="0.35", linestyle="--", linewidth=1, label="as it is")
    ax.axvline(search.best * scale, color=_RBF, linestyle="--", linewidth=1, label="best")
    ax.set_xscale("log")
    ax.set_xlabel(label)
    ax.set_ylabel("standard deviation of pairs" if diagnosis.own.alignment is None else "centred alignment")
    ax.set_title("other bandwidths", fontsize=10)
    ax.legend(fontsize=8)


def _both(diagnosis: KernelDiagnosis) -> list[tuple[MatrixDiagnosis, str, str]]:
    return [(diagnosis.own, _OWN, "kernel"), (diagnosis.rbf, _RBF, "RBF")]
