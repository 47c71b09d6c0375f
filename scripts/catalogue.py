"""Writes `docs/catalogue.md`: every encoding, ansatz and readout with a drawing, its size, and how to write it.

python scripts/catalogue.py
"""

import importlib
import inspect
import math
import pkgutil
from pathlib import Path
from typing import Any

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.readout.base import Readout
from qconv.report.drawing import circuit_drawing, circuit_text

PAGE = Path(__file__).parents[1] / "docs" / "catalogue.md"
SIZE = 4
"""Numbers in a patch, and qubits of the others."""
HEAD = f"""# Catalogue

Written by `python scripts/catalogue.py`, not by hand. Drawn for patches of {SIZE} numbers, x0 .. x{SIZE - 1};
ansätze on {SIZE} qubits, after angle encoding. θ0, θ1, ... are the angles as they lie in memory. Fields are shown
with their defaults: their docstrings say what else they may be. `Circuit(..., reuploads=r)` repeats encoding and
ansatz r times, for every encoding drawn with gates; those drawn as |x⟩ set the state of the register instead.
"""


def classes(base: type) -> list[type]:
    """The concrete classes in the package of `base`, by module."""
    package = importlib.import_module(base.__module__.rpartition(".")[0])
    found: list[type] = []
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for cls in vars(importlib.import_module(module.name)).values():
            mine = isinstance(cls, type) and issubclass(cls, base) and cls.__module__ == module.name
            if mine and not inspect.isabstract(cls):
                found.append(cls)
    return found


def entry(part: Any) -> str:
    """The section of one class, with its defaults."""
    cls = type(part)
    summary = " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
    lines = [f"### {cls.__name__}", "", summary, "", "```python"]
    lines += [f"from {cls.__module__} import {cls.__name__}", "", repr(part), "```", "", f"{_size(part)}.", ""]
    if not isinstance(part, Readout):
        lines += ["```", _drawing(part), "```", ""]
    return "\n".join(lines)


def _size(part: Any) -> str:
    if isinstance(part, Encoding):
        return f"{part.num_qubits(SIZE)} qubits for {SIZE} numbers"
    if isinstance(part, Ansatz):
        return f"{math.prod(part.param_shape(SIZE))} parameters on {SIZE} qubits, of shape {part.param_shape(SIZE)}"
    observables = part.observables(SIZE)
    shown = (
        ", ".join(observables) if len(observables) <= 12 else f"{', '.join(observables[:3])}, ..., {observables[-1]}"
    )
    return f"Channels on {SIZE} qubits: {part.num_channels(SIZE)}. Measured: {shown}"


def _drawing(part: Any) -> str:
    circuit = Circuit(part, HardwareEfficient(0)) if isinstance(part, Encoding) else Circuit(Angle(), part)
    text = circuit_text(circuit_drawing(circuit, SIZE))
    return "\n".join(line.rstrip() for line in text.splitlines() if not line.startswith("measured")).strip("\n")


def page() -> str:
    """The whole page."""
    sections = [HEAD]
    for title, base in (("Encodings", Encoding), ("Ansätze", Ansatz), ("Readouts", Readout)):
        sections.append(f"## {title}\n")
        sections += [entry(cls()) for cls in classes(base)]
    return "\n".join(sections)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
