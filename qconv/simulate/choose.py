"""Which engine evaluates a circuit: the one that is asked for, or the cheapest by an explicit model of costs."""

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from qconv.circuit.circuit import Circuit
from qconv.errors import InputError
from qconv.simulate.basis_table import BasisTable
from qconv.simulate.bipartite import Bipartite
from qconv.simulate.counts import Counts
from qconv.simulate.engine import Cost, Engine
from qconv.simulate.fused import Fused
from qconv.simulate.product_table import ProductTable
from qconv.simulate.rates import Rates, rates_of
from qconv.simulate.tensorcircuit import StateVector
from qconv.simulate.unitary import Unitary

ENGINES: tuple[Engine, ...] = (StateVector(), Unitary(), Fused(), Bipartite(), ProductTable(), BasisTable())
"""The engines that there are."""

MANY = 10_000
"""Patches that a cost which does not depend on their number is spread over: those of a batch of 64 images or so."""

if TYPE_CHECKING:
    EngineName = EngineChoice = str
else:  # the command line shows the names
    EngineName = Literal[tuple(engine.name for engine in ENGINES)]
    EngineChoice = Literal[("auto", *(engine.name for engine in ENGINES))]


def engine_named(name: str) -> Engine:
    """The engine of that name."""
    return next(engine for engine in ENGINES if engine.name == name)


def check_engine(engine: str) -> None:
    """Refuses what is neither "auto" nor the name of an engine.

    Raises:
        InputError: the name, and which there are.
    """
    if engine not in (allowed := ["auto", *(own.name for own in ENGINES)]):
        raise InputError(f"engine = {engine!r}; allowed: {', '.join(map(repr, allowed))}")


@lru_cache(maxsize=1024)
def choose_engine(
    circuit: Circuit,
    patch_size: int,
    engine: EngineChoice = "auto",
    patches: int = MANY,
    rates: Rates | None = None,
    filters: int = 1,
) -> EngineName:
    """The engine named, or the cheapest for so many patches and filters.

    Args:
        circuit: encoding, ansatz and readout.
        patch_size: numbers of a patch.
        engine: the name, or auto.
        patches: how many there are to share the angles, about.
        rates: of the machine, by default those of the platform that JAX computes on.
        filters: how many circuits run on the same patches, each with angles of its own.

    Raises:
        InputError: no such engine, or one that cannot take this circuit.
    """
    check_engine(engine)
    if engine == "auto":
        found = costs(circuit, patch_size, patches, rates, filters)
        return min(found, key=lambda name: found[name].seconds)
    if (refusal := engine_named(engine).refusal(circuit, patch_size)) is not None:
        raise InputError(f"engine = {engine!r} {refusal}")
    return engine


def costs(
    circuit: Circuit, patch_size: int, patches: int = MANY, rates: Rates | None = None, filters: int = 1
) -> dict[str, Cost]:
    """The costs of the engines that can be chosen for a circuit, by name.

    Compilation is left out: it grows with the number of different layers, for all engines alike.

    Args:
        circuit: encoding, ansatz and readout.
        patch_size: numbers of a patch.
        patches: how many there are to share the angles, about.
        rates: of the machine; by default those of the platform that JAX computes on.
        filters: how many circuits run on the same patches, each with angles of its own; a cost is that of all.
    """
    counts, rates = Counts(circuit, patch_size), rates or rates_of()
    found: dict[str, Cost] = {}
    for engine in ENGINES:
        if counts.num_qubits > engine.most_qubits or engine.refusal(circuit, patch_size) is not None:
            continue
        together = engine.together(circuit, patch_size, filters)
        if (cost := engine.cost(counts, together, patches, rates)) is not None:
            found[engine.name] = Cost(*(filters // together * figure for figure in cost))
    return found
