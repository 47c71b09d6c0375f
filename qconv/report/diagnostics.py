"""Diagnostics of circuits, as a table and as a picture."""

from typing import Any

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from qconv.diagnostics.diagnosis import Diagnosis
from qconv.diagnostics.expressibility import haar_log_probabilities
from qconv.diagnostics.signal import Signal
from qconv.figure import Figure, MaxNLocator

_ANSATZ, _WHOLE, _HAAR = "#c8641b", "#1f5fa8", "0.35"
_SMALLEST = 1e-12
"""Where logarithmic axes end: below are zeros with the rounding of float32."""


def diagnosis_table(diagnosis: Diagnosis, title: str) -> Group:
    """The four diagnostics of one circuit, and below them what they were computed from."""
    table = Table(title=title, title_justify="left")
    table.add_column("diagnostic")
    for column in ("ansatz alone", "with encoding"):
        table.add_column(column, justify="right")
    table.add_column("to compare")
    ansatz, whole, sampling = diagnosis.ansatz, diagnosis.whole, diagnosis.sampling
    table.add_row(
        "expressibility",
        *(f"{part.expressibility:.4f}" for part in (ansatz, whole)),
        f"{diagnosis.expressibility_floor:.4f} Haar-random",
    )
    table.add_row(
        "entanglement",
        *(f"{part.meyer_wallach.mean():.4f}" for part in (ansatz, whole)),
        f"{diagnosis.haar_meyer_wallach:.4f} Haar-random",
    )
    lines = [
        "angles uniform in [-π, π], patches of training images; the ansatz alone is on |0…0⟩",
        f"expressibility: KL divergence in nats, {sampling.bins} bins, {sampling.pairs:,} pairs of states (so few give "
        "Haar-random ones more than 0); entanglement: mean Meyer-Wallach Q",
    ]
    if 2**diagnosis.num_qubits > sampling.bins:
        lines.append(
            f"Haar-random states of {diagnosis.num_qubits} qubits have fidelities of about "
            f"{0.5**diagnosis.num_qubits:.1g}, most of them in the first bin: expressibility tells little here."
        )
    variance, eigenvalues = diagnosis.gradient_variance, diagnosis.spectrum
    if variance is None or eigenvalues is None or diagnosis.effective_dimension is None:
        lines.append("The circuit has no angles: no gradients, and no effective dimension.")
    else:
        of_angles = variance.mean(axis=0)
        spread = f"{of_angles.min():.0e} to {of_angles.max():.0e}"
        table.add_row("gradient variance", "", f"{variance.mean():.2e}", spread)
        share, count = diagnosis.effective_dimension, diagnosis.num_angles
        table.add_row("effective dimension", "", f"{share:.4f}", f"{share * count:.1f} of {count} angles")
        lines += [
            f"gradient variance: of {sampling.gradients:,} samples, mean over {len(variance)} channels and "
            f"{count} angles; lowest and highest angle",
            f"effective dimension: a part of the angles, for n = {diagnosis.data_count:,} and γ = {sampling.gamma:g}, "
            f"from {sampling.fisher_angles} samples of angles and {sampling.fisher_patches} patches",
        ]
    return Group(table, *(Text(line, overflow="fold") for line in lines))


def signal_table(signal: Signal) -> Group:
    """The signal of a quantum tree, level by level, for its own first angles and for uniform ones."""
    table = Table(title="signal, level by level", title_justify="left")
    table.add_column("level", justify="right")
    table.add_column("sites", justify="right")
    for name in signal.deviations:
        table.add_column(f"angles {name}: X, Y, Z", justify="right")
    for level, sites in enumerate(signal.num_sites):
        cells = (", ".join(f"{value:.1e}" for value in rows[level]) for rows in signal.deviations.values())
        table.add_row(str(level + 1), f"{sites:,}", *cells)
    line = "root mean square deviation of <X>, <Y>, <Z> from their means over images, over images, networks and sites"
    return Group(table, Text(line, overflow="fold"))


def diagnosis_figure(diagnoses: dict[str, Diagnosis], signals: dict[str, Signal]) -> Figure:
    """A row of four panels for each circuit, by its title: fidelities, Q, gradient variances, Fisher spectrum.

    Below them a row for each quantum tree among them: its signal, level by level.
    """
    count = len(diagnoses) + len(signals)
    figure = Figure(figsize=(17, 4.1 * count), layout="constrained")
    rows = figure.subfigures(count, 1, squeeze=False)[:, 0]
    for row, (title, signal) in zip(rows[len(diagnoses) :], signals.items(), strict=True):
        row.suptitle(title, fontsize=10)
        for ax, name in zip(row.subplots(1, 4)[: len(signal.deviations)], signal.deviations, strict=True):
            _draw_signal(ax, signal, name)
        for ax in row.axes[len(signal.deviations) :]:
            ax.axis("off")
    for row, (title, diagnosis) in zip(rows, diagnoses.items(), strict=False):
        row.suptitle(title, fontsize=10)
        fidelity, entanglement, gradient, fisher = row.subplots(1, 4)
        _draw_fidelities(fidelity, diagnosis)
        _draw_entanglement(entanglement, diagnosis)
        _draw_gradients(gradient, diagnosis)
        _draw_spectrum(fisher, diagnosis)
    return figure


def _draw_signal(ax: Any, signal: Signal, name: str) -> None:
    levels = np.arange(1, len(signal.num_sites) + 1)
    for letter, marker, values in zip("XYZ", "o^s", signal.deviations[name].T, strict=True):
        ax.plot(levels, _positive(values), marker=marker, markersize=4, linewidth=1, label=f"⟨{letter}⟩")
    ax.set_yscale("log")
    ax.set_ylim(min(np.nanmin(_positive(rows)) for rows in signal.deviations.values()) / 2, 1)
    ax.set_xticks(levels, [f"{sites:,}" for sites in signal.num_sites], fontsize=8)
    ax.set_xlabel("sites of the level, from the first blocks to the root")
    ax.set_ylabel("deviation from the mean over images")
    ax.set_title(f"signal, angles {name}", fontsize=10)
    ax.legend(fontsize=8)


def _draw_fidelities(ax: Any, diagnosis: Diagnosis) -> None:
    bins, pairs = diagnosis.sampling.bins, diagnosis.sampling.pairs
    for part, color, label in _parts(diagnosis):
        text = f"{label}: {part.expressibility:.3f}"
        ax.hist(part.fidelities, bins, range=(0, 1), density=True, histtype="step", color=color, label=text)
    with np.errstate(under="ignore"):
        haar = bins * np.exp(haar_log_probabilities(diagnosis.num_qubits, bins))
    ax.plot((np.arange(bins) + 0.5) / bins, haar, color=_HAAR, linestyle="--", linewidth=1, label="Haar-random")
    ax.set_yscale("log")
    ax.set_ylim(bins / pairs / 3, None)  # a third of one pair in a bin
    ax.set_xlabel("fidelity of two states")
    ax.set_ylabel("density")
    ax.set_title("expressibility (KL, nats)", fontsize=10)
    ax.legend(fontsize=8)


def _draw_entanglement(ax: Any, diagnosis: Diagnosis) -> None:
    for part, color, label in _parts(diagnosis):
        text = f"{label}: {part.meyer_wallach.mean():.3f}"
        ax.hist(part.meyer_wallach, 50, range=(0, 1), density=True, histtype="step", color=color, label=text)
    mean = diagnosis.haar_meyer_wallach
    ax.axvline(mean, color=_HAAR, linestyle="--", linewidth=1, label=f"mean of Haar-random: {mean:.3f}")
    ax.set_xlabel("Meyer-Wallach Q of a state")
    ax.set_ylabel("density")
    ax.set_title("entangling capability", fontsize=10)
    ax.legend(fontsize=8)


def _draw_gradients(ax: Any, diagnosis: Diagnosis) -> None:
    ax.set_title("gradient variance", fontsize=10)
    if diagnosis.gradient_variance is None:
        _say_no_angles(ax)
        return
    variance = diagnosis.gradient_variance
    angles = np.arange(diagnosis.num_angles)
    for channel, row in enumerate(variance):
        label = "one channel" if channel == 0 else None
        ax.plot(angles, _positive(row), "o", color=_WHOLE, alpha=0.35, markersize=3.5, markeredgewidth=0, label=label)
    ax.plot(
        angles,
        _positive(variance.mean(axis=0)),
        "_",
        color=_ANSATZ,
        markersize=9,
        markeredgewidth=2,
        label="mean of channels",
    )
    ax.set_yscale("log")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("number of the angle (no zeros shown)")
    ax.set_ylabel("variance of d⟨O⟩/dθ")
    ax.legend(fontsize=8)


def _draw_spectrum(ax: Any, diagnosis: Diagnosis) -> None:
    ax.set_title("Fisher information", fontsize=10)
    if diagnosis.spectrum is None:
        _say_no_angles(ax)
        return
    values, order = diagnosis.spectrum, np.arange(diagnosis.num_angles)
    low, high = np.quantile(values, (0.1, 0.9), axis=0)
    ax.fill_between(order, _positive(low), _positive(high), color=_WHOLE, alpha=0.2, label="10 % to 90 % of samples")
    ax.plot(order, _positive(values.mean(axis=0)), "o-", color=_WHOLE, markersize=3, linewidth=1, label="mean")
    ax.set_yscale("log")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("number of the eigenvalue, the largest first")
    ax.set_ylabel("eigenvalue, normalised")
    ax.set_title(f"effective dimension: {diagnosis.effective_dimension:.3f} of the angles", fontsize=10)
    ax.legend(fontsize=8)


def _parts(diagnosis: Diagnosis) -> list[tuple[Any, str, str]]:
    return [(diagnosis.ansatz, _ANSATZ, "ansatz on |0…0⟩"), (diagnosis.whole, _WHOLE, "with encoding")]


def _positive(values: np.ndarray) -> np.ndarray:
    """Zeros have no place on a logarithmic axis."""
    return np.where(values > _SMALLEST, values, np.nan)


def _say_no_angles(ax: Any) -> None:
    ax.text(0.5, 0.5, "the circuit has no angles", ha="center", va="center", transform=ax.transAxes)
    ax.axis("off")
