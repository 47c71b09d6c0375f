"""Expressibility and entangling capability of the nineteen circuits of Sim, Johnson and Aspuru-Guzik (2019).

Sim, Johnson and Aspuru-Guzik, "Expressibility and entangling capability of parameterized quantum circuits for hybrid
quantum-classical algorithms", Advanced Quantum Technologies 2, 1900070 (2019), arXiv:1905.10876. Four qubits, one to
three layers, angles uniform in [0, 2 pi]: the KL divergence of 5,000 fidelities, in 75 bins, from those of Haar-random
states, and the mean Meyer-Wallach measure Q, here of the 10,000 states of those pairs.

The paper has its results as plots. Expressibilities of one and three layers are those that the tests of another
library quote from it; we read them there, not in the paper. The tolerance is two standard errors of the difference of
two estimates from 5,000 pairs, if theirs varies as eight samples of ours do. 35 of 38 agree; circuits 2, 4 and 13
with three layers do not, by 2.9, 2.1 and 2.6 standard errors. These are the circuits whose Q differs too, and which
those tests leave out, so the paper's may be wired in another way than ours and MindQuantum's
(mindquantum/algorithm/nisq/qnn/arxiv_1905_10876.py), which are the same. We did not find it: with the ladder of 2 and
4 in reverse, (1, 0), (2, 1), (3, 2), three layers give 0.0065 for 2, which is nearer to 0.0084 than our 0.0045, and
0.0155 for 4, which is farther from 0.0107 than our 0.0147; with both rings of 13 the same way round it is 0.0041 for
0.0049, within the error of our 0.0032.

Q of one layer is that of an independent replication. That circuit 1 has Q = 0 (no gate joins qubits) and circuit 9 Q
= 1 (its states are those of graphs but for rotations of single qubits, and every qubit has a neighbour) is
mathematics. Circuits 2, 3, 4 and 13 are out of tolerance. One file of the replication has the ladder in reverse,
another as we have it; in reverse 2 has 0.561 instead of 0.620, and 4 has 0.282 instead of 0.315, and the
replication's 0.589 and 0.270 decide nothing. For 3 the order cannot matter, as its CRZ commute, nor their direction,
as CRZ and its mirror image differ by rotations of single qubits: all give 0.172. All directions of both rings give
0.403 to 0.409 for 13. One state has a Q with a standard deviation of about 0.2: over all circuits the differences are
as large as the sampling error of about 60 states would be. How many the replication drew we do not know.
"""

import math
from collections.abc import Iterator

from qconv import EntanglingCapability, Expressibility, Published, Row, SimCircuit, Table

REPLICATION = "independent replication, a public repository of GitHub's user bagmk, its values of Q for one layer"
THEOREM = "exact, see the notes; so has the independent replication"
OF_REPLICATION = "no spread is known, nor how many states were drawn: that of about 60 states, see the notes"
OF_ESTIMATES = "two standard errors of the difference of two estimates, if theirs varies as ours does, see the notes"
Q_OF_ONE_LAYER = {
    2: 0.589, 3: 0.132, 4: 0.270, 5: 0.277, 6: 0.678, 7: 0.221, 8: 0.286, 10: 0.387, 11: 0.522, 12: 0.404,
    13: 0.463, 14: 0.547, 15: 0.704, 16: 0.164, 17: 0.324, 18: 0.237, 19: 0.377,
}  # fmt: skip
EXACT = {1: 0.0, 9: 1.0}
TESTS = "the paper as github.com/cirKITers/qml-essentials quotes it, tests/test_expressiblity.py"
EXPRESSIBILITY = {
    1: {
        1: 0.2999, 2: 0.2860, 3: 0.2396, 4: 0.1343, 5: 0.0602, 6: 0.0061, 7: 0.0977, 8: 0.0858, 9: 0.6773, 10: 0.2286,
        11: 0.1312, 12: 0.1984, 13: 0.0516, 14: 0.0144, 15: 0.1892, 16: 0.2602, 17: 0.1359, 18: 0.2340, 19: 0.0809,
    },
    3: {
        1: 0.2079, 2: 0.0084, 3: 0.0403, 4: 0.0107, 5: 0.0030, 6: 0.0039, 7: 0.0162, 8: 0.0122, 9: 0.0322, 10: 0.1297,
        11: 0.0038, 12: 0.0089, 13: 0.0049, 14: 0.0035, 15: 0.1152, 16: 0.0375, 17: 0.0180, 18: 0.0221, 19: 0.0040,
    },
}  # fmt: skip
"""By layers and circuit."""

STANDARD_DEVIATIONS = {
    1: {
        1: 0.0141, 2: 0.0141, 3: 0.0140, 4: 0.0067, 5: 0.0051, 6: 0.0011, 7: 0.0073, 8: 0.0061, 9: 0.0272, 10: 0.0137,
        11: 0.0080, 12: 0.0127, 13: 0.0078, 14: 0.0024, 15: 0.0039, 16: 0.0113, 17: 0.0057, 18: 0.0121, 19: 0.0088,
    },
    3: {
        1: 0.0169, 2: 0.0009, 3: 0.0050, 4: 0.0013, 5: 0.0013, 6: 0.0008, 7: 0.0012, 8: 0.0014, 9: 0.0035, 10: 0.0104,
        11: 0.0015, 12: 0.0029, 13: 0.0007, 14: 0.0011, 15: 0.0063, 16: 0.0030, 17: 0.0022, 18: 0.0024, 19: 0.0017,
    },
}  # fmt: skip
"""Of one estimate of ours from 5,000 pairs, from the seeds 0 to 7, by layers and circuit."""


def published_q(circuit: int, layers: int) -> Published | None:
    """Where somebody has given it."""
    if circuit in EXACT:
        return Published(EXACT[circuit], THEOREM, tolerance=1e-6, reason="an exact value: rounding")
    if layers > 1:
        return None
    return Published(Q_OF_ONE_LAYER[circuit], REPLICATION, tolerance=0.03, reason=OF_REPLICATION)


def published_expressibility(circuit: int, layers: int) -> Published | None:
    """Where somebody has given it."""
    if layers not in EXPRESSIBILITY:
        return None
    two_standard_errors = 2 * math.sqrt(2) * STANDARD_DEVIATIONS[layers][circuit]  # theirs is an estimate as well
    figure = EXPRESSIBILITY[layers][circuit]
    return Published(figure, TESTS, tolerance=two_standard_errors, reason=OF_ESTIMATES)


def rows() -> Iterator[Row]:
    """Both measurements of each circuit after each other, since they are of the same states."""
    for layers in (1, 2, 3):
        after = f"{layers} layer{'s' if layers > 1 else ''}"
        for circuit in range(1, 20):
            ansatz, name = SimCircuit(circuit, layers), f"circuit {circuit}"
            q, divergence = published_q(circuit, layers), published_expressibility(circuit, layers)
            yield Row(name, (EntanglingCapability(ansatz=ansatz),), q, (), f"Q, {after}")
            yield Row(name, (Expressibility(ansatz=ansatz),), divergence, (), f"Expressibility, {after}")


table = Table(
    rows=tuple(rows()),
    quantity="entangling capability Q in [0, 1], or expressibility, a KL divergence in nats (0 is most expressive)",
)
