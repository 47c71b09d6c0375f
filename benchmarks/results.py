"""What one path did in one case, and the file of all results."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax

_PACKAGES = ("qconv", "jax", "jaxlib", "flax", "numpy")
_PEERS = ("pennylane", "tensorcircuit-ng", "qiskit-machine-learning", "squlearn", "qulacs")


@dataclass
class Result:
    """Rates are medians, in `unit` per second; None where a path has no such function or it was not measured."""

    case: str
    path: str
    unit: str = "patches"
    forward_per_s: float | None = None
    gradient_per_s: float | None = None
    """With respect to the weights."""
    gradient_input_per_s: float | None = None
    """With respect to weights and input."""
    compile_s: float | None = None
    """Tracing and compiling the gradient, the first function that is compiled; of a kernel the first call."""
    cpu_s: float | None = None
    """CPU seconds of a call, of all threads together; the smallest of the repeats."""
    peak_mib: float | None = None
    """What the gradient adds to the memory of its process at most."""
    process_peak_mib: float | None = None
    """Most memory of that process meanwhile, the interpreter and libraries included."""
    repeats: int | None = None
    """Fewest repeats that a median is of."""
    note: str | None = None
    """How it was measured, if not as all others."""
    chosen: bool | None = None
    """Of an engine, whether the cost model chooses it."""
    failed: str | None = None
    """Why there are no figures, or not all."""


def machine() -> dict[str, Any]:
    """What the figures were measured on and with."""
    return {
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in (*_PACKAGES, *_PEERS)}},
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
            "devices": f"{jax.device_count()} x {jax.devices()[0].device_kind}",
            "load_before": round(os.getloadavg()[0], 2),
        },
        "date": datetime.now(UTC).date().isoformat(),
    }


def write(results: list[Result], about: dict[str, Any], path: Path) -> None:
    """One object for each case and path, each with versions and machine."""
    path.write_text(json.dumps([asdict(result) | about for result in results], indent=1, allow_nan=False) + "\n")


def read(path: Path) -> tuple[list[Result], dict[str, Any]]:
    """What `write` wrote."""
    objects = json.loads(path.read_text())
    about = {key: objects[0][key] for key in ("versions", "machine", "date")}
    return [Result(**{key: value for key, value in item.items() if key not in about}) for item in objects], about


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
