"""Gradients of QCNNs do not vanish exponentially: Pesah et al. (2021), beside a barren plateau.

Pesah, Cerezo, Wang, Volkoff, Sornborger and Coles, "Absence of barren plateaus in quantum convolutional neural
networks", Physical Review X 11, 041011 (2021): the variance of the derivative of the cost by an angle falls no faster
than polynomially with the number of qubits n, so that log2 of the variance is a line over log2(n). For circuits that
resemble random unitaries it falls exponentially with a global cost (McClean et al., Nature Communications 9, 4812,
2018; Cerezo et al., Nature Communications 12, 1791, 2021): a line over n.

- QCNN: SU(4) convolution on a ring, pooling of two controlled rotations (Hur, Kim and Park 2022), <Z> of the last
  qubit. The blocks of one layer have the same angles, where the theorem has blocks of their own.
- Hardware-efficient: n layers of RZ, RY and a ring of CNOTs, the probability of |0...0>.

Both start in |0...0> with angles uniform in [-pi, pi]; a figure is the variance over 200 random angles, averaged over
all angles of the circuit. RZ on |0> in the first layer has no effect, so a part 1/(2n) of the hardware-efficient
angles has gradient 0. The theorem gives bounds and no figures; in a 2-design the variance of the global cost falls by 4
for each qubit.

Three sizes of the QCNN are too few for an exponent: log2 of the variance falls by 1.8 from 4 to 8 qubits, and by 2.7
from 8 to 16. For each qubit that is 0.46, then 0.34: less and less, where an exponential would go on.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from qconv import QCNN, Axis, GradientVariance, HardwareEfficient, LogSlope, Readout, Row, Table


@dataclass(frozen=True)
class AllZeros(Readout):
    """The probability of |0...0>: one channel, a cost of all qubits at once."""

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        return ("0" * num_qubits,)


def qcnn(num_qubits: int) -> GradientVariance:
    """The QCNN on so many qubits."""
    return GradientVariance(ansatz=QCNN(), num_qubits=num_qubits)


def hardware_efficient(num_qubits: int) -> GradientVariance:
    """As many layers as qubits, and a global cost."""
    return GradientVariance(ansatz=HardwareEfficient(num_qubits), readout=AllZeros(), num_qubits=num_qubits)


def rows() -> Iterator[Row]:
    """Points, then what is fitted to them."""
    for section, circuit, sizes in (
        ("QCNN, one qubit is read", qcnn, (4, 8, 16)),
        ("Hardware-efficient, all qubits are read", hardware_efficient, (2, 4, 6, 8, 10)),
    ):
        points = tuple(circuit(size) for size in sizes)
        for size, point in zip(sizes, points, strict=True):
            yield Row(f"variance, {size} qubits", (point,), section=section, at=float(size))
        doubling = LogSlope(points=points, at=tuple(math.log2(size) for size in sizes))
        yield Row("log2 of the variance for each doubling of the qubits", (doubling,), section=section)
        each = LogSlope(points=points, at=tuple(map(float, sizes)))
        yield Row("log2 of the variance for each qubit", (each,), section=section)


table = Table(
    rows=tuple(rows()),
    quantity="variance of the gradient, or slope of its logarithm",
    axis=Axis("qubits", "variance of the gradient", log_y=True),
)
