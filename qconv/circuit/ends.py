"""What the encoding and the observables take over from the two ends of an ansatz."""

from collections.abc import Sequence

from qconv.gates import Gate


def leading_gates(gates: Sequence[Gate]) -> tuple[list[Gate], list[Gate]]:
    """The single-qubit gates on qubits that no larger gate has reached, and the rest."""
    leading, rest = [], []
    reached: set[int] = set()
    for gate in gates:
        if len(gate.qubits) == 1 and gate.qubits[0] not in reached:
            leading.append(gate)
        else:
            rest.append(gate)
            reached |= set(gate.qubits)
    return leading, rest


def before_measuring(gates: Sequence[Gate]) -> list[Gate]:
    """The gates but for phases at the end, which no measurement in the computational basis sees."""
    gates, trailing = trailing_gates(gates)
    return [*gates, *(gate for gate in trailing if gate.permutation is not None)]


def trailing_gates(gates: Sequence[Gate]) -> tuple[list[Gate], list[Gate]]:
    """The gates that no gate but permutations and phases follows on their qubits, those themselves, and the rest first.

    Measured in the computational basis, such phases are nothing, and such permutations only rename the outcomes.
    """
    rest: list[Gate] = []
    trailing: list[Gate] = []
    reached: set[int] = set()
    for gate in reversed(gates):
        if reached.isdisjoint(gate.qubits) and (gate.is_diagonal or gate.permutation is not None):
            trailing.append(gate)
        else:
            rest.append(gate)
            reached |= set(gate.qubits)
    return rest[::-1], trailing[::-1]
