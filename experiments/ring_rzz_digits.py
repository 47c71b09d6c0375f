"""An ansatz of your own in one file: RX rotations and a ring of RZZ gates, on scikit-learn's 8x8 digits.

make train EXP=ring_rzz_digits    # 0.96 test accuracy in 30 s on 2 CPU cores (2026-11-22)
"""

from dataclasses import dataclass

from qconv import Adam, Ansatz, Circuit, Digits, Experiment, LinearHead, QuantumConv, QuanvNet, Supervised


@dataclass(frozen=True)
class RingRZZ(Ansatz):
    """In each layer RX on every qubit, then RZZ around the ring."""

    depth: int = 2
    """Number of layers."""

    def param_shape(self, num_qubits):
        return (self.depth, 2, num_qubits)

    def __call__(self, circuit, theta):
        for rx, rzz in theta:
            for q in range(circuit.num_qubits):
                circuit.rx(q, theta=rx[q])
            for q in range(circuit.num_qubits):
                circuit.rzz(q, (q + 1) % circuit.num_qubits, theta=rzz[q])


experiment = Experiment(
    data=Digits(),
    model=QuanvNet(conv=QuantumConv(Circuit(ansatz=RingRZZ(depth=2)), features=4), head=LinearHead()),
    procedure=Supervised(Adam(learning_rate=5e-3, schedule="cosine")),
)
