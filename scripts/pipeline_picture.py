"""Draws the README's picture of the pipeline from a trained run.

Usage:
    python scripts/pipeline_picture.py runs/quanv_mnist/<run id>/seed0 docs/pipeline.png
"""

import sys
from pathlib import Path

import jax
import numpy as np

from qconv.figure import Figure, imread
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.network import output_of
from qconv.models.networks import QuanvNet
from qconv.models.quantum_calls import trace
from qconv.report.drawing import circuit_figure, layer_drawing
from qconv.runs.restore import restored_arms
from qconv.runs.run_directory import read_run


def main(run: Path, output: Path) -> None:
    """Image, windows, circuit, channels and class probabilities of the first test image of the run."""
    _, experiment = read_run(run)
    arm, loop, state = next(restored_arms(run, experiment, None))
    model = arm.network
    assert isinstance(model, QuanvNet) and isinstance(model.conv, QuantumConv)
    images, labels = experiment.held_out_items()[np.arange(1)]
    variables = loop.variables(state)
    channels = np.asarray(output_of(model, variables, images, stop=1))[0]
    probabilities = np.asarray(jax.nn.softmax(output_of(model, variables, images)[0]))

    circuit_png = output.with_suffix(".circuit.png")
    (call,) = trace(model, images.shape[1:]).calls
    circuit = circuit_figure([layer_drawing(call, loop.experiment.procedure.batch_size)])
    circuit.axes[0].set_title("", loc="left")
    circuit.savefig(circuit_png, dpi=200, bbox_inches="tight", pad_inches=0.02)

    figure = Figure(figsize=(14, 3.3), layout="constrained")
    widths = [1, 2.6, 1.2, 1]
    image_ax, circuit_ax, channel_box, bars = figure.subplots(1, 4, width_ratios=widths)
    image_ax.imshow(images[0, ..., 0], cmap="gray")
    step = model.conv.strides if isinstance(model.conv.strides, int) else model.conv.strides[0]
    for line in np.arange(0, images.shape[1], step) - 0.5:
        image_ax.axhline(line, color="#c8641b", linewidth=0.4)
        image_ax.axvline(line, color="#c8641b", linewidth=0.4)
    image_ax.set_title("image, cut into windows")
    circuit_ax.imshow(imread(circuit_png))
    circuit_ax.set_title("every window: encoding (blue), trained circuit (orange), measurement")
    size = channels.shape[0]
    tiles = np.full((2 * size + 1, 2 * size + 1), np.nan)
    for index in range(4):
        top, left = divmod(index, 2)
        tiles[top * (size + 1) : top * (size + 1) + size, left * (size + 1) : left * (size + 1) + size] = channels[
            ..., index
        ]
    channel_box.imshow(tiles, cmap="RdBu", vmin=-1, vmax=1)
    channel_box.set_title("channels of one filter")
    bars.bar(range(len(probabilities)), probabilities, color="#1f5fa8")
    bars.set_xticks(range(len(probabilities)))
    bars.set_ylim(0, 1)
    bars.set_title(f"classical head: class (true: {labels[0]})")
    for ax in (image_ax, circuit_ax, channel_box):
        ax.axis("off")
    figure.savefig(output, dpi=110)
    circuit_png.unlink()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
