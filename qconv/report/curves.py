"""Learning curves."""

from pathlib import Path

from qconv.figure import Figure, color_of
from qconv.runs.metrics import read_metrics
from qconv.tasks.metric import Metric


def learning_curves(folders: dict[str, Path], metrics: tuple[Metric, ...], split: str) -> Figure:
    """Metrics against steps: training as lines, the items that networks are evaluated on as dots.

    Args:
        folders: by network; each has a `metrics.jsonl`.
        metrics: what is drawn, the loss first.
        split: what the networks are evaluated on, such as test.
    """
    figure = Figure(figsize=(4.5 * len(metrics), 3.6), layout="constrained")
    axes = figure.subplots(1, len(metrics), squeeze=False)[0]
    for place, (ax, metric) in enumerate(zip(axes, metrics, strict=True)):
        for index, (network, folder) in enumerate(folders.items()):
            lines = read_metrics(folder)
            for part, style in (
                ("train", {"alpha": 0.6}),
                (split, {"linestyle": "", "marker": "o", "markersize": 5}),
            ):
                key = f"{part}_{metric.name}"
                points = [(line["step"], line[key]) for line in lines if key in line]
                ax.plot(*zip(*points, strict=True), color=color_of(index), label=f"{network}, {part}", **style)
        ax.set_xlabel("step")
        ax.set_ylabel(f"{metric.name} ({metric.unit})" if metric.unit else metric.name)
        ax.grid(alpha=0.3)
        if place == 0 and all(value > 0 for line in ax.get_lines() for value in line.get_ydata()):
            ax.set_yscale("log")
    axes[-1].legend(fontsize=8)
    return figure
