"""A line of qubits cut into segments, each of which is a circuit on few qubits.

Between two gates that may change it, a qubit has a value in the computational basis. Told the value of the qubit on the
other side of a cut, one sees nothing of a gate across it but what it does to one's own qubit: of a CNOT, which is
|0><0| x I + |1><1| x X, either I or X. So the state is a sum over few values at each cut, its indices, and each segment
has a state of its own for each value of the indices of its two cuts.

These states are those of a circuit. Its qubits are those of the segment, and a guest for each index. Where the segment
has the qubit that an index is the value of, a CNOT copies the value to the guest. Where it has not, the guest starts as
|0> + |1> and takes the place of that qubit in the gates across the cut. Of a gate that changes the qubits on both sides
two values are told, that of one qubit before the gate, and that after it, which may be either.

A value that no later gate changes is the same in both states of an overlap, which sums it once and not twice, and needs
no guest in the segment that has the qubit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from qconv.gates.tape import Gate


class Value(NamedTuple):
    """What a qubit is in the computational basis, between two gates that may change it."""

    qubit: int
    """Of the line."""
    stage: int
    """How many gates before it may have changed the qubit."""
    stays: bool
    """Whether no gate does afterwards."""


Told = tuple[Value, ...]
"""The values of one qubit that a gate across a cut is told by: one if it only reads the qubit, else two."""


class Cut(NamedTuple):
    """The indices of a cut between two segments."""

    seen: tuple[Value, ...] = ()
    """Indices of values that stay, which overlaps sum once."""
    hidden: tuple[Value, ...] = ()
    """The others, which overlaps sum in either state."""

    @property
    def terms(self) -> int:
        """Products that the overlap of two states is a sum of at the cut."""
        return 2 ** (len(self.seen) + 2 * len(self.hidden))


class Step(NamedTuple):
    """A gate of a segment's circuit.

    A `gate` is one of the map, on qubits of the segment or guests; `across` is one that changes qubits on both sides,
    whose guests hold the other one before and after it; `copy` is a CNOT to a guest; `free` replaces the value of a
    qubit by both.
    """

    kind: Literal["gate", "across", "copy", "free"]
    qubits: tuple[int, ...]
    """Of the segment, then its guests; of `across` the guests first, before and after."""
    likeness: int = 0
    """Equal for gates of the map that differ in nothing but qubits and angles."""
    place: int = 0
    """Of `across`: which qubit of the gate is on the other side."""


class Shape(NamedTuple):
    """The circuit of a segment, but for its angles."""

    size: int
    """Qubits of the segment."""
    free: tuple[bool, ...]
    """Whether a guest starts as |0> + |1>, else as |0>."""
    steps: tuple[Step, ...]
    """Its gates, in order."""
    seen: tuple[tuple[int, ...], tuple[int, ...]]
    """Qubits and guests that are the indices of the cut on the left and of that on the right, those that stay."""
    hidden: tuple[tuple[int, ...], tuple[int, ...]]
    """The others."""

    @property
    def num_qubits(self) -> int:
        """With guests."""
        return self.size + len(self.free)

    @property
    def summed(self) -> tuple[int, ...]:
        """Qubits that are no index."""
        indices = {qubit for side in (*self.seen, *self.hidden) for qubit in side}
        return tuple(qubit for qubit in range(self.num_qubits) if qubit not in indices)


class Segment(NamedTuple):
    """One segment of a line."""

    shape: Shape
    gates: tuple[int, ...]
    """Which gate of the map each step is; -1 for those that are none."""


@dataclass(frozen=True, eq=False)
class Line:
    """The gates of a map on a line of qubits, by the segments that they act on.

    Attributes:
        gates: in order, each on one qubit or two.
        told: of each gate on two qubits, by its place among the gates, the values of either that tell what it does to
            the other one.
        num_qubits: of the line.
        size: qubits of a segment; the last one has what is left.
        cuts: cut i is between segment i and the next; the last one closes the ring.
    """

    gates: Sequence[Gate]
    told: dict[int, tuple[Told, Told]]
    num_qubits: int
    size: int
    cuts: list[Cut]

    @property
    def num_segments(self) -> int:
        """How many segments there are."""
        return len(self.cuts)

    def segments(self) -> list[Segment]:
        """The segments, from the first qubit on."""
        own: list[list[int]] = [[] for _ in self.cuts]
        for index, gate in enumerate(self.gates):
            for segment in {qubit // self.size for qubit in gate.qubits}:
                own[segment].append(index)
        numbers: dict[object, int] = {}
        likeness = [numbers.setdefault(gate.likeness, len(numbers)) for gate in self.gates]
        return [_Circuit(self, segment, likeness).built(indices) for segment, indices in enumerate(own)]


def lines(gates: Sequence[Gate], num_qubits: int, sizes: Sequence[int]) -> list[Line]:
    """The gates on lines of segments, for those sizes where they join none but neighbouring segments.

    Args:
        gates: in order, each on one qubit or two.
        num_qubits: of the line.
        sizes: qubits of a segment.
    """
    stage = [0] * num_qubits
    pairs: dict[int, list[tuple[int, int, int]]] = {}
    for index, gate in enumerate(gates):
        changed = set(gate.qubits).difference(gate.controls)
        if len(gate.qubits) == 2:
            pairs[index] = [(qubit, stage[qubit], stage[qubit] + (qubit in changed)) for qubit in gate.qubits]
        for qubit in changed:
            stage[qubit] += 1
    told = {
        index: (_told(*first, stage[first[0]]), _told(*second, stage[second[0]]))
        for index, (first, second) in pairs.items()
    }
    found = (_cuts(gates, told, num_qubits, size) for size in sizes)
    return [
        Line(gates, told, num_qubits, size, cuts) for size, cuts in zip(sizes, found, strict=True) if cuts is not None
    ]


def _told(qubit: int, before: int, after: int, last: int) -> Told:
    return tuple(Value(qubit, stage, stage == last) for stage in range(before, after + 1))


def _cuts(gates: Sequence[Gate], told: dict[int, tuple[Told, Told]], num_qubits: int, size: int) -> list[Cut] | None:
    """The cuts between segments; None if a gate reaches further than to the next one."""
    num_segments = -(-num_qubits // size)
    across: list[dict[tuple[Told, Told], None]] = [{} for _ in range(num_segments)]
    for index, values in told.items():
        segments = [qubit // size for qubit in gates[index].qubits]
        if segments[0] == segments[1]:
            continue
        cut = _cut(min(segments), max(segments), num_segments)
        if cut is None:
            return None
        first, second = (_renumbered(own, -(cut + 1) * size) for own in values)
        across[cut][(first, second) if segments[0] == cut else (second, first)] = None
    found = (_indices(tuple(options)) for options in across)
    return [Cut(*(_renumbered(kind, (place + 1) * size) for kind in cut)) for place, cut in enumerate(found)]


def _cut(first: int, second: int, num_segments: int) -> int | None:
    """The cut between two segments; None if they are no neighbours."""
    if second == first + 1:
        return first
    return second if first == 0 and second == num_segments - 1 else None


def _renumbered(values: Told, by: int) -> Told:
    return tuple(value._replace(qubit=value.qubit + by) for value in values)


@lru_cache(maxsize=1024)
def _indices(options: tuple[tuple[Told, Told], ...]) -> Cut:
    """Few values that tell every gate across a cut, found one gate after the other.

    Args:
        options: for each gate the values of its qubit on the left, and of that on the right.
    """
    known: dict[Value, None] = {}
    waiting = options

    def price(values: Told) -> float:
        """What is told by some values more, for each gate that needs no others then."""
        more = [value for value in values if value not in known]
        then = {*known, *more}
        done = sum(any(then.issuperset(own) for own in sides) for sides in waiting)
        return sum(1 if value.stays else 2 for value in more) / done

    while waiting := tuple(sides for sides in waiting if not any(known.keys() >= set(own) for own in sides)):
        known |= dict.fromkeys(min(waiting[0], key=price))
    return Cut(tuple(own for own in known if own.stays), tuple(own for own in known if not own.stays))


class _Circuit:
    """The circuit of a segment, while it is put together.

    Attributes:
        line: of which it is a part.
        segment: which part.
        likeness: of each gate of the line.
    """

    def __init__(self, line: Line, segment: int, likeness: list[int]) -> None:
        self.line, self.segment, self.likeness = line, segment, likeness
        self.first = segment * line.size
        self.size = min(line.size, line.num_qubits - self.first)
        self.sides = ((segment - 1) % line.num_segments, segment)
        """The cuts on the left and on the right."""
        self.steps: list[Step] = []
        self.gates: list[int] = []
        self.copied: set[int] = set()
        self.free: list[bool] = []
        self.places: tuple[dict[Value, int], dict[Value, int]] = ({}, {})
        """Of the indices of either cut the qubit or guest."""
        for places, cut in zip(self.places, self.sides, strict=True):
            for value in (*line.cuts[cut].seen, *line.cuts[cut].hidden):
                own = self.own(value.qubit)
                if own is not None and value.stays and own not in self.places[0].values():
                    places[value] = own
                else:
                    places[value] = self.size + len(self.free)
                    self.free.append(own is None)

    def own(self, qubit: int) -> int | None:
        """A qubit of the line as the segment counts it; None if it has it not."""
        return qubit - self.first if self.first <= qubit < self.first + self.size else None

    def built(self, indices: list[int]) -> Segment:
        """With the gates of the line that act on it."""
        for index in indices:
            gate = self.line.gates[index]
            own = [self.own(qubit) for qubit in gate.qubits]
            local = tuple(place for place in own if place is not None)
            if len(local) == len(own):
                self.append("gate", local, index)
            else:
                self.across(index, gate, own.index(local[0]))
        cuts = [self.line.cuts[cut] for cut in self.sides]
        seen, hidden = (
            tuple(
                tuple(places[value] for value in getattr(cut, kind))
                for places, cut in zip(self.places, cuts, strict=True)
            )
            for kind in ("seen", "hidden")
        )
        shape = Shape(self.size, tuple(self.free), tuple(self.steps), (seen[0], seen[1]), (hidden[0], hidden[1]))
        return Segment(shape, tuple(self.gates))

    def across(self, index: int, gate: Gate, inside: int) -> None:
        """A gate of which qubit number `inside` is in the segment, and the other one in the next or the last."""
        ours, theirs = gate.qubits[inside], gate.qubits[1 - inside]
        right = _cut(*sorted((self.segment, theirs // self.line.size)), self.line.num_segments) == self.segment
        places = self.places[right]
        left_first = (ours, theirs) if right else (theirs, ours)
        told = dict(zip(gate.qubits, self.line.told[index], strict=True))
        teller = next(own for own in left_first if places.keys() >= set(told[own]))
        values = told[teller]
        qubit = ours - self.first
        if teller == ours:
            self.copy(qubit, places[values[0]])
            for value in values[1:]:
                self.append("free", (qubit,))
                self.copy(qubit, places[value])
        elif len(values) == 1:
            guest = places[values[0]]
            self.append("gate", (qubit, guest) if inside == 0 else (guest, qubit), index)
        else:
            self.append("across", (*(places[value] for value in values), qubit), index, 1 - inside)

    def copy(self, qubit: int, guest: int) -> None:
        """A value to its guest, once; one that stays needs none."""
        if guest != qubit and guest not in self.copied:
            self.copied.add(guest)
            self.append("copy", (qubit, guest))

    def append(
        self, kind: Literal["gate", "across", "copy", "free"], qubits: tuple[int, ...], index: int = -1, place: int = 0
    ) -> None:
        """One more step."""
        self.steps.append(Step(kind, qubits, self.likeness[index] if index >= 0 else 0, place))
        self.gates.append(index)
