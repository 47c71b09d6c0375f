"""Drawings of circuits: the text to the character, the picture by what is on it."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import pytest
from matplotlib.colors import to_hex

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.quantum_calls import trace
from qconv.readout.pauli import Parity, PauliZ
from qconv.report.drawing import CircuitDrawing, circuit_drawing, circuit_figure, circuit_text, layer_drawing

RY_RZ = HardwareEfficient(depth=1, rotations=("ry", "rz"))


@dataclass(frozen=True)
class Zoo(Ansatz):
    """One gate of each kind of drawing; the angle is shared."""

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        return (2,)

    def __call__(self, circuit: Any, theta: Any) -> None:
        circuit.cz(0, 2)
        circuit.swap(0, 1)
        circuit.toffoli(0, 1, 2)
        circuit.crx(2, 0, theta=theta[0] + theta[1])
        circuit.rzz(0, 1, theta=theta[0])
        circuit.sd(2)


def drawn(layer: QuantumConv, shape: tuple[int, ...]) -> CircuitDrawing:
    """The drawing of a layer that is called with images of this shape, 64 at once."""
    (call,) = trace(layer, shape).calls
    return layer_drawing(call, 64)


def test_a_small_circuit() -> None:
    drawing = circuit_drawing(Circuit(Angle(), RY_RZ, PauliZ()), 3, "title")
    assert circuit_text(drawing) == (
        "title\n"
        "\n"
        "q0 ─RY(x0)──RY(θ0)──RZ(θ1)──●─────X─\n"
        "                            │     │\n"
        "q1 ─RY(x1)──RY(θ2)──RZ(θ3)──X──●──┼─\n"
        "                               │  │\n"
        "q2 ─RY(x2)──RY(θ4)──RZ(θ5)─────X──●─\n"
        "\n"
        "measured: ZII IZI IIZ"
    )


def test_reuploads() -> None:
    ansatz = HardwareEfficient(depth=1, rotations=("ry",))
    drawing = circuit_drawing(Circuit(Angle(), ansatz, PauliZ(), reuploads=1, trainable_scaling=True), 2)
    assert circuit_text(drawing) == (
        "\n"
        "\n"
        "q0 ─RY(x0)──RY(θ0)──●──RY(x0)──RY(θ2)──●─\n"
        "                    │                  │\n"
        "q1 ─RY(x1)──RY(θ1)──X──RY(x1)──RY(θ3)──X─\n"
        "\n"
        "measured: ZI IZ"
    )
    layer = QuantumConv(Circuit(Angle(), ansatz, PauliZ(), reuploads=1, trainable_scaling=True), kernel_size=(1, 2))
    assert "1 circuit of 4 angles and 4 factors, engine unitary" in drawn(layer, (8, 8, 1)).title


def test_every_kind_of_gate() -> None:
    assert circuit_text(circuit_drawing(Circuit(Angle("Z"), Zoo(), Parity()), 3)) == (
        "\n"
        "\n"
        "q0 ─H──RZ(x0)──●──×──●──RX(θ0,θ1)──RZZ(θ0)─\n"
        "               │  │  │      │         │\n"
        "q1 ─H──RZ(x1)──┼──×──●──────┼──────RZZ(θ0)─\n"
        "               │     │      │\n"
        "q2 ─H──RZ(x2)──●─────X──────●─────────S†───\n"
        "\n"
        "measured: ZZZ"
    )


def test_amplitudes_are_one_block_and_long_circuits_are_broken() -> None:
    text = circuit_text(circuit_drawing(Circuit(Amplitude(), dataclasses.replace(RY_RZ, depth=8), Parity()), 4))
    lines = text.splitlines()
    assert lines[2].startswith("q0 ─|x⟩──RY(θ0)──RZ(θ1)──●──")
    assert max(map(len, lines)) <= 100
    assert sum(line.startswith("q0 ") for line in lines) == 2
    assert all(f"(θ{i})" in text for i in range(8 * 2 * 2))


@pytest.mark.parametrize(
    ("channels", "title"),
    [
        ("joint", "2x2 pixels, 12 qubits, 2 circuits of 24 angles, engine "),
        ("sum", "2x2 pixels, 4 qubits, 6 circuits of 8 angles, engine heisenberg"),
    ],
)
def test_the_title_counts_circuits_and_angles(channels: Any, title: str) -> None:
    drawing = drawn(QuantumConv(Circuit(ansatz=RY_RZ), features=2, channels=channels), (8, 8, 3))
    assert drawing.title.startswith("Angle, HardwareEfficient, PauliZ: ") and title in drawing.title


def test_the_picture_has_the_gates_of_the_text() -> None:
    drawings = [
        circuit_drawing(Circuit(Angle(), RY_RZ, PauliZ()), 3, "first"),
        circuit_drawing(Circuit(Amplitude(), dataclasses.replace(RY_RZ, depth=20), PauliZ()), 4, "second"),
    ]
    axes = circuit_figure(drawings).axes
    assert [ax.get_title(loc="left") for ax in axes] == ["first\nmeasured: ZII IZI IIZ", "second\nmeasured: ZI IZ"]
    words = [text.get_text() for text in axes[0].texts]
    assert sorted(words) == sorted(
        ["q0", "q1", "q2", *(f"RY\n(x{i})" for i in range(3)), *(f"RY\n(θ{i})" for i in (0, 2, 4))]
        + [f"RZ\n(θ{i})" for i in (1, 3, 5)]
        + ["X"] * 3
    )
    colors = [to_hex(patch.get_facecolor()) for patch in axes[0].patches]
    assert len(colors) == 12 and len(set(colors)) == 2  # data set three of them, angles or nothing the others
    assert colors.count(colors[0]) == 3
