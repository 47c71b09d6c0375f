"""Checks and measures qconv on a GPU: `make gpu`, meant to take under eight minutes (not tried on one yet).

It needs nothing but what the wheel depends on, and PennyLane where it is installed; so on a machine without this
project's environment: `python -m benchmarks.gpu`, at the root of a checkout. In float32, the default:

- values and gradients of every engine against the dense simulator of the tests, at the upper sizes that it takes;
- a training that is killed and goes on, which must end bit for bit as one that was not;
- the quick cases of `make bench`, beside `nn.Conv` and, if it is there, PennyLane. They are written where
  docs/performance.md shows them by device.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
from rich.console import Console
from rich.progress import Progress

from benchmarks.cases import QUICK_CASES
from benchmarks.child import ROOT
from benchmarks.measure import measure
from benchmarks.paths import PATHS
from benchmarks.report import markdown, print_tables, update_device
from benchmarks.results import Result, machine
from qconv.console import text_console
from tests.precision.engines import CASES, check_engine

_SECONDS = 10
"""For timing a case, compilation apart."""
_PEERS = ("qconv", "flax nn.Conv", *(["PennyLane"] if importlib.util.find_spec("pennylane") else []))
_TRAINING = ("train", "quanv_digits", "--num-steps", "120", "--checkpoint-every", "10")


def main() -> None:
    """Does it all, or says that there is no GPU."""
    console = text_console()
    if jax.default_backend() not in ("gpu", "cuda", "rocm"):
        console.print(f"no GPU here: JAX finds {jax.device_count()} x {jax.devices()[0].device_kind}; nothing was done")
        return
    started = time.perf_counter()
    check_engines(console)
    with tempfile.TemporaryDirectory() as folder:
        check_resumption(Path(folder), console)
    results = measured()
    print_tables(results, console)
    about = machine()
    update_device(ROOT / "docs" / "performance.md", about["machine"]["devices"], markdown(results, about))
    console.print(f"{time.perf_counter() - started:.0f} s in all; written to docs/performance.md")


def check_engines(console: Console) -> None:
    """Values and gradients of every engine on this device.

    Raises:
        AssertionError: one of them is beyond the rounding of float32.
    """
    for case in CASES:
        before = time.perf_counter()
        check_engine(case)
        console.print(f"{case}: values and gradients are right ({time.perf_counter() - before:.1f} s)")


def check_resumption(folder: Path, console: Console) -> None:
    """Trains twice, once killed after the first checkpoint and started again.

    Args:
        folder: for both runs.
        console: for the result.

    Raises:
        AssertionError: they do not end alike, bit for bit.
    """
    straight, killed = folder / "straight", folder / "killed"
    _train(straight).wait()
    process = _train(killed)
    while process.poll() is None and not any(killed.glob("*/*/seed0/checkpoints/10/manifest.json")):
        time.sleep(0.01)
    assert process.poll() is None, "the training ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _train(killed).wait()
    one, other = map(_outcome, (straight, killed))
    assert one == other, "a training that was killed and went on ended otherwise than one that was not"
    console.print("a training that was killed and went on: the same metrics and states, bit for bit")


def _train(runs: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "qconv", *_TRAINING, "--runs", str(runs)]
    # One process at a time holds the memory of a GPU that it takes beforehand.
    environment = os.environ | {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def _outcome(runs: Path) -> list[Any]:
    """Metrics and digests of the last states of a run."""
    (summary,) = runs.glob("*/*/seed0/summary.json")
    found = []
    for arm in json.loads(summary.read_text())["arms"]:
        folder = summary.parent / arm["folder"]
        meta = json.loads((folder / "checkpoints" / str(arm["steps"]) / "meta" / "metadata").read_text())
        found += [(folder / "metrics.jsonl").read_bytes(), meta["digest"]]
    return found


def measured() -> list[Result]:
    """The quick cases."""
    paths = [path for path in PATHS if path.name.startswith(_PEERS)]
    with Progress(transient=True) as progress:
        return [result for case in QUICK_CASES for result in measure(case, paths, _SECONDS, progress)]


if __name__ == "__main__":
    main()
