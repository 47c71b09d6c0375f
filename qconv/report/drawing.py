"""Drawings of circuits, as text and as pictures, from the gates they record."""

import math
from dataclasses import dataclass
from itertools import compress
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from qconv.circuit.circuit import (
    Circuit,
    block_angles,
    example_ansatz,
    example_encoding,
    record_ansatz,
    record_encoding,
)
from qconv.figure import Figure, Rectangle
from qconv.gates.kinds import KINDS
from qconv.gates.tape import Entry, Gate
from qconv.models.quantum_calls import QuantumCall

_TEXT_WIDTH = 100
_COLUMNS_PER_ROW = 16
_ENCODING_COLOR, _ANSATZ_COLOR = "#cfe3f5", "#fbe3c4"


@dataclass(frozen=True)
class Symbol:
    """One gate in a drawing: what stands on each qubit, and whether data or angles set it."""

    marks: dict[int, str]
    """Label by qubit; a control is a dot, the ends of a swap are crosses."""
    is_encoding: bool

    @property
    def span(self) -> tuple[int, int]:
        """First and last qubit, with all between them."""
        return min(self.marks), max(self.marks)


@dataclass(frozen=True)
class CircuitDrawing:
    """Gates in columns: those of a column act at the same time."""

    title: str
    num_qubits: int
    columns: list[list[Symbol]]
    observables: tuple[str, ...]


def layer_drawing(call: QuantumCall, batch_size: int) -> CircuitDrawing:
    """The circuit of a quantum layer that a network calls, and its engine for batches of so many images."""
    layer, patch_size = call.layer, call.layer.patch_size(call.in_features)
    title = f"{layer.title(call.in_features)}, engine {call.engine(batch_size)}"
    return circuit_drawing(layer.circuit, patch_size, title)


def circuit_drawing(circuit: Circuit, patch_size: int, title: str = "") -> CircuitDrawing:
    """A circuit for patches of numbers x0, x1, ... with angles θ0, θ1, ..., numbered as they lie in memory.

    Which of them set a gate is found by changing one after the other. Factors of the data are not shown.
    """
    num_qubits = circuit.num_qubits(patch_size)
    encoding, ansatz = example_encoding(circuit, patch_size), example_ansatz(circuit, patch_size)
    data = [f"x{i}" for i in range(patch_size)]
    encoded = []
    if encoding.initial is not None:
        encoded.append(Symbol(dict.fromkeys(range(num_qubits), "|x⟩"), True))
    for gate, sizes in zip(encoding.gates, _changes_of_encoding(circuit, patch_size), strict=True):
        encoded.append(Symbol(_marks(gate, list(compress(data, sizes))), True))
    angles = [f"θ{i}" for i in range(math.prod(circuit.param_shape(patch_size)))]
    symbols = []
    for block in _slopes_of_ansatz(circuit, patch_size):
        symbols += encoded
        for gate, sizes in zip(ansatz.gates, block, strict=True):
            symbols.append(Symbol(_marks(gate, list(compress(angles, sizes))), False))
    return CircuitDrawing(title, num_qubits, _columns(symbols, num_qubits), circuit.observables(patch_size))


def _changes_of_encoding(circuit: Circuit, patch_size: int) -> list[Bool[np.ndarray, " pixels"]]:
    """For each gate, which numbers of a patch of zeros change it when they become 1."""

    @jax.jit  # gate by gate, a first drawing would take seconds
    @jax.vmap
    def matrices(patch: Float[Array, " pixels"]) -> list[Array]:
        return [jnp.asarray(gate.matrix) for gate in record_encoding(circuit, patch).gates]

    return [
        ~np.isclose(own[1:], own[0]).all(axis=(1, 2))
        for own in map(np.asarray, matrices(jnp.concatenate([jnp.zeros((1, patch_size)), jnp.eye(patch_size)])))
    ]


def _slopes_of_ansatz(circuit: Circuit, patch_size: int) -> list[list[Bool[np.ndarray, " angles"]]]:
    """For each gate of each repetition of the ansatz, by which angles its parameters have a derivative."""
    shape, num_qubits = circuit.param_shape(patch_size), circuit.num_qubits(patch_size)
    # A generic point, so that no derivative vanishes by chance.
    theta = jnp.linspace(0.3, 1.1, math.prod(shape)).reshape(shape)

    @jax.jit
    @jax.jacfwd
    def slopes(theta: Float[Array, "..."]) -> list[list[list[Array]]]:
        return [
            [
                [jnp.asarray(own.value if isinstance(own, Entry) else own) for own in gate.angles.values()]
                for gate in record_ansatz(circuit, angles, num_qubits).gates
            ]
            for angles in block_angles(circuit, theta)
        ]

    def seen(params: list[Array]) -> Bool[np.ndarray, " angles"]:
        sizes = [np.abs(np.asarray(own)).reshape(-1, theta.size) for own in params]
        return np.concatenate([np.zeros((1, theta.size)), *sizes]).max(axis=0) > 1e-6

    return [[seen(params) for params in block] for block in slopes(theta)]


def _marks(gate: Gate, causes: list[str]) -> dict[int, str]:
    controls = KINDS[gate.name].num_controls
    name = {"cnot": "x", "toffoli": "x", "fredkin": "swap"}.get(gate.name, gate.name[bool(controls) :])
    dot = "○" if controls and gate.name.startswith("o") else "●"
    label = {"any": "U", "sd": "S†", "td": "T†", "swap": "×"}.get(name, name.upper())
    if causes:
        label += f"({','.join(causes) if len(causes) < 4 else f'{causes[0]}…{causes[-1]}'})"
    marks = dict.fromkeys(gate.qubits[:controls], dot)
    if name == "z" and controls:
        label = dot
    return marks | dict.fromkeys(gate.qubits[controls:], label)


def _columns(symbols: list[Symbol], num_qubits: int) -> list[list[Symbol]]:
    """Each symbol as far to the left as its qubits are free, encoding and ansatz apart."""
    columns: list[list[Symbol]] = []
    free = [0] * num_qubits
    for index, symbol in enumerate(symbols):
        if index and symbols[index - 1].is_encoding != symbol.is_encoding:
            free = [len(columns)] * num_qubits
        first, last = symbol.span
        column = max(free[first : last + 1])
        if column == len(columns):
            columns.append([])
        columns[column].append(symbol)
        free[first : last + 1] = [column + 1] * (last + 1 - first)
    return columns


def circuit_text(drawing: CircuitDrawing) -> str:
    """The drawing in characters, broken into blocks of at most 100 columns."""
    names = [f"q{qubit} " for qubit in range(drawing.num_qubits)]
    margin = max(map(len, names))
    blocks: list[list[str]] = []
    for column in drawing.columns:
        rows = _column_text(column, drawing.num_qubits)
        if not blocks or len(blocks[-1][0]) + len(rows[0]) > _TEXT_WIDTH:
            blocks.append([(names[i // 2] if i % 2 == 0 else "").ljust(margin) for i in range(len(rows))])
        blocks[-1] = [left + right for left, right in zip(blocks[-1], rows, strict=True)]
    text = "\n\n".join("\n".join(row.rstrip() for row in block) for block in blocks)
    return f"{drawing.title}\n\n{text}\n\nmeasured: {' '.join(drawing.observables)}"


def _column_text(column: list[Symbol], num_qubits: int) -> list[str]:
    """Rows of one column: a wire for each qubit, and a gap between two wires for the lines that join them."""
    width = max(len(mark) for symbol in column for mark in symbol.marks.values()) + 2
    rows: list[str] = [("─" if i % 2 == 0 else " ") * width for i in range(2 * num_qubits - 1)]
    for symbol in column:
        first, last = symbol.span
        joined = len(symbol.marks) > 1 and "|x⟩" not in symbol.marks.values()
        for row in range(2 * first, 2 * last + 1):
            if row % 2 == 0 and row // 2 in symbol.marks:
                rows[row] = symbol.marks[row // 2].center(width, "─")
            elif joined:
                rows[row] = ("│" if row % 2 else "┼").center(width, rows[row][0])
    return rows


def circuit_figure(drawings: list[CircuitDrawing]) -> Figure:
    """The drawings as one picture, one below the other; data set the blue gates, angles the orange ones."""
    rows = [max(1, -(-len(drawing.columns) // _COLUMNS_PER_ROW)) for drawing in drawings]
    heights = [count * (drawing.num_qubits + 1) for count, drawing in zip(rows, drawings, strict=True)]
    widest = max(min(len(drawing.columns), _COLUMNS_PER_ROW) for drawing in drawings)
    figure = Figure(
        figsize=(max(6.0, 0.85 * widest + 1.5), 0.55 * sum(heights) + 0.9 * len(drawings)), layout="constrained"
    )
    axes = figure.subplots(len(drawings), squeeze=False, height_ratios=heights)[:, 0]
    for ax, drawing in zip(axes, drawings, strict=True):
        _draw(ax, drawing)
    return figure


def _draw(ax: Any, drawing: CircuitDrawing) -> None:
    pitch = drawing.num_qubits + 1
    starts = range(0, max(1, len(drawing.columns)), _COLUMNS_PER_ROW)
    for row, start in enumerate(starts):
        columns = drawing.columns[start : start + _COLUMNS_PER_ROW]
        for qubit in range(drawing.num_qubits):
            y = -(row * pitch + qubit)
            ax.plot([-0.6, len(columns) - 0.4], [y, y], color="0.3", linewidth=0.8, zorder=1)
            ax.text(-0.75, y, f"q{qubit}", ha="right", va="center", fontsize=9)
        for x, column in enumerate(columns):
            for symbol in column:
                _draw_symbol(ax, symbol, x, -row * pitch)
    ax.set_title(drawing.title + "\nmeasured: " + _shortened(drawing.observables), fontsize=9, loc="left")
    ax.set_xlim(-1.3, min(len(drawing.columns), _COLUMNS_PER_ROW) - 0.2)
    ax.set_ylim(-(len(starts) * pitch - 1) + 0.2, 0.8)
    ax.set_aspect("equal")
    ax.axis("off")


def _draw_symbol(ax: Any, symbol: Symbol, x: int, top: int) -> None:
    first, last = symbol.span
    if len(symbol.marks) > 1 and "|x⟩" not in symbol.marks.values():
        ax.plot([x, x], [top - first, top - last], color="0.2", linewidth=1.0, zorder=2)
    for qubit, mark in symbol.marks.items():
        y = top - qubit
        if mark in "●○":
            color = "0.2" if mark == "●" else "white"
            ax.plot(x, y, "o", color=color, markeredgecolor="0.2", markersize=6, zorder=3)
        elif mark == "×":
            ax.plot(x, y, "x", color="0.2", markersize=8, markeredgewidth=1.5, zorder=3)
        else:
            color = _ENCODING_COLOR if symbol.is_encoding else _ANSATZ_COLOR
            box = Rectangle((x - 0.42, y - 0.32), 0.84, 0.64, facecolor=color, edgecolor="0.2", linewidth=0.8, zorder=3)
            ax.add_patch(box)
            ax.text(x, y, mark.replace("(", "\n("), ha="center", va="center", fontsize=7, zorder=4)


def _shortened(observables: tuple[str, ...]) -> str:
    return " ".join(observables if len(observables) <= 12 else (*observables[:10], "…", observables[-1]))
