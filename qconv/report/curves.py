"""Learning curves."""

from pathlib import Path

from qconv.report.figure import Figure
from qconv.training.metrics import read_metrics

COLORS = {"quantum": "#1f5fa8", "network": "#1f5fa8", "classical twin": "#c8641b"}


def learning_curves(folders: dict[str, Path], loss: str) -> Figure:
    """Loss and accuracy against steps: training as lines, test images as dots.

    Args:
        folders: by network; each has a `metrics.jsonl`.
        loss: its name, with the unit.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for ax, quantity in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for network, folder in folders.items():
            lines = read_metrics(folder)
            for split, style in (
                ("train", {"alpha": 0.6}),
                ("test", {"linestyle": "", "marker": "o", "markersize": 5}),
            ):
                key = f"{split}_{quantity}"
                points = [(line["step"], line[key]) for line in lines if key in line]
                ax.plot(*zip(*points, strict=True), color=COLORS[network], label=f"{network}, {split}", **style)
        ax.set_xlabel("step")
        ax.set_ylabel(loss if quantity == "loss" else quantity)
        ax.grid(alpha=0.3)
        if quantity == "loss":
            ax.set_yscale("log")
    ax.legend(fontsize=8)
    return figure
