"""Expressibility and entangling capability of the nineteen circuits of Sim, Johnson and Aspuru-Guzik (2019).

Sim, Johnson and Aspuru-Guzik, "Expressibility and entangling capability of parameterized quantum circuits for hybrid
quantum-classical algorithms", Advanced Quantum Technologies 2, 1900070 (2019), arXiv:1905.10876. Four qubits, one to
three layers, angles uniform in [0, 2 pi]: the KL divergence of 5,000 fidelities, in 75 bins, from those of Haar-random
states, and the mean Meyer-Wallach measure Q, here of the 10,000 states of those pairs.

The paper has its results as plots. The figures beside ours are of an independent replication, Q of one layer. That
circuit 1 has Q = 0 (no gate joins qubits) and circuit 9 Q = 1 (its states are those of graphs but for rotations of
single qubits, and every qubit has a neighbour) is mathematics.

Our lists of gates are those of fig. 2 as we remember it, not checked against code of the authors. Where ours leaves the
tolerance (circuits 2, 3, 4, 13), we tried other wirings. The direction of the CRZ of 3 cannot matter, as CRZ and its
mirror image differ by rotations of single qubits, nor can their order, as they commute: all give 0.172. All
directions of both rings give 0.403 to 0.409 for 13. The ladder in reverse, (1, 0), (2, 1), (3, 2), gives 0.562 instead
of 0.622 for 2, and 0.282 instead of 0.313 for 4; the replication's 0.589 and 0.270 decide nothing. One state has a Q
with a standard deviation of about 0.2: over all circuits the differences are as large as the sampling error of about 60
states would be. How many the replication drew we do not know.
"""

from collections.abc import Iterator

from qconv.ansatz.sim import SimCircuit
from qconv.measurements.entanglement import EntanglingCapability
from qconv.measurements.expressibility import Expressibility
from qconv.tables.table import Published, Row, Table

REPLICATION = "independent replication, a public repository of GitHub's user bagmk, its values of Q for one layer"
THEOREM = "exact, see the notes; so has the independent replication"
Q_OF_ONE_LAYER = {
    2: 0.589, 3: 0.132, 4: 0.270, 5: 0.277, 6: 0.678, 7: 0.221, 8: 0.286, 10: 0.387, 11: 0.522, 12: 0.404,
    13: 0.463, 14: 0.547, 15: 0.704, 16: 0.164, 17: 0.324, 18: 0.237, 19: 0.377,
}  # fmt: skip
EXACT = {1: 0.0, 9: 1.0}


def published(circuit: int, layers: int) -> Published | None:
    """Q, where somebody has given it."""
    if circuit in EXACT:
        return Published(EXACT[circuit], THEOREM, 1e-6)
    return Published(Q_OF_ONE_LAYER[circuit], REPLICATION, 0.03) if layers == 1 else None


def rows() -> Iterator[Row]:
    """Both measurements of each circuit after each other, since they are of the same states."""
    for layers in (1, 2, 3):
        after = f"{layers} layer{'s' if layers > 1 else ''}"
        for circuit in range(1, 20):
            ansatz, name = SimCircuit(circuit, layers), f"circuit {circuit}"
            yield Row(name, (EntanglingCapability(ansatz=ansatz),), published(circuit, layers), (), f"Q, {after}")
            yield Row(name, (Expressibility(ansatz=ansatz),), None, (), f"Expressibility, {after}")


table = Table(
    rows=tuple(rows()),
    quantity="entangling capability Q in [0, 1], or expressibility, a KL divergence in nats (0 is most expressive)",
)
