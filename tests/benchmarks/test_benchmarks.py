"""The machinery of `make bench`, on tiny cases and with paths that need no other library."""

import io
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path as File

import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress

from benchmarks.aims import Aim
from benchmarks.cases import CASES, Case
from benchmarks.kernels import measured as measured_kernels
from benchmarks.measure import measure
from benchmarks.memory import measure_memory
from benchmarks.paths.base import Path, Prepared, in_chunks
from benchmarks.paths.flax_conv import FlaxConv
from benchmarks.paths.qconv_layer import QconvLayer
from benchmarks.report import markdown, print_tables, update_page
from benchmarks.results import Result, machine, read, write

ROOT = File(__file__).parents[2]
TINY = Case("tiny", (1, 2), depth=1, batch=2, size=(3, 4))


@dataclass(frozen=True)
class Wrong(Path):
    """A path of another library that raises, or computes something else."""

    error: str | None = None

    @property
    def name(self):
        return f"wrong {self.error}"

    def prepare(self, case: Case) -> Prepared:
        if self.error:
            raise RuntimeError(self.error)
        ours = QconvLayer().prepare(case)
        return replace(ours, forward=lambda weights, images: ours.forward(weights, images) + 1e-4)


def measured(*paths: Path) -> list[Result]:
    with Progress(disable=True) as progress:
        return measure(TINY, paths, 0.01, progress)


def test_paths_are_timed_and_failures_reported(tmp_path: File):
    results = measured(QconvLayer(), FlaxConv(), Wrong("broken"), Wrong())
    ours, classical, broken, different = results
    for result in (ours, classical):
        assert result.failed is None and result.repeats and result.repeats >= 3
        assert result.compile_s and result.forward_per_s and result.gradient_per_s and result.gradient_input_per_s
    assert broken.failed == "RuntimeError: broken" and broken.forward_per_s is None
    assert different.failed and "differ by" in different.failed and different.forward_per_s is None

    console = Console(record=True, markup=False, width=140, file=io.StringIO())
    print_tables(results, console)
    assert "FAILED, RuntimeError: broken" in console.export_text()

    about = machine()
    write(results, about, tmp_path / "results.json")
    assert read(tmp_path / "results.json") == (results, about)
    first = json.loads((tmp_path / "results.json").read_text())[0]
    assert first["case"] == "tiny" and first["path"] == "qconv" and first["versions"]["jax"]

    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "performance.md").read_text())
    for _ in range(2):  # written twice, it is there once
        update_page(page, markdown(results, about))
    assert page.read_text().count("wrong broken: FAILED") == 1
    assert page.read_text().endswith("`load before`.\n")


def test_windows_are_those_of_the_layer():
    case = Case("", (2, 3), batch=3, size=(7, 8), channels=2, strides=(2, 1))
    images = case.images()
    assert case.patches().shape == (1, case.num_patches, 12) == (1, 3 * 3 * 6, 12)
    # The second row of windows, third column, of the first image.
    np.testing.assert_array_equal(case.patches()[0, 6 + 2], images[0, 2:4, 2:5].ravel())
    apart = replace(case, apart=True)
    assert apart.patches().shape == (2, 3 * 3 * 6, 6)
    np.testing.assert_array_equal(apart.patches()[1, 6 + 2], images[0, 2:4, 2:5, 1].ravel())


def test_chunks_are_even_and_change_nothing():
    case = next(case for case in CASES if case.name == "n=12, 8 layers")
    assert 1 < case.peer_chunk < case.num_patches and case.num_patches % case.peer_chunk == 0
    assert CASES[0].peer_chunk == CASES[0].num_patches
    patches = jnp.arange(12.0).reshape(6, 2)
    outputs = in_chunks(lambda weights, part: weights * part**2, 2)(3.0, patches)
    np.testing.assert_array_equal(outputs, 3 * patches**2)


@pytest.mark.parametrize(
    ("aim", "found"),
    [
        (Aim("c", "forward_per_s", "PennyLane", 20), ("25x", True)),
        (Aim("c", "forward_per_s", "", 30), ("25x", False)),
        (Aim("c", "forward_per_s", "flax", 0.4), ("2x its time", True)),
        (Aim("c", "compile_s", "PennyLane", 4), ("3x", False)),
        (Aim("c", "compile_s", factor=2), ("2 s", True)),
        (Aim("c", "cpu_s", "PennyLane", 20), ("15x", False)),
        (Aim("c", "forward_per_s", factor=0.02), ("0.01 s", True)),
        (Aim("c", "gradient_per_s", "PennyLane", 20), None),
        (Aim("other", "forward_per_s", "PennyLane", 20), None),
    ],
)
def test_aims(aim: Aim, found: tuple[str, bool] | None):
    results = [
        Result("c", "qconv", forward_per_s=100, compile_s=2, cpu_s=0.02),
        Result("c", "PennyLane a", forward_per_s=4, compile_s=6, cpu_s=0.3),
        Result("c", "PennyLane b", forward_per_s=2, compile_s=9),
        Result("c", "flax", forward_per_s=200, gradient_per_s=1),
    ]
    assert aim.reached(results) == found


@pytest.mark.slow
def test_memory_is_measured_in_a_process_of_its_own():
    with Progress(disable=True) as progress:
        ours, unknown = measure_memory(TINY, (QconvLayer(), Wrong("unknown")), progress)
    assert ours.failed is None and ours.process_peak_mib and ours.process_peak_mib > 50
    assert unknown.failed and unknown.failed.startswith("exit 1: ValueError")


@pytest.mark.slow
def test_command_runs():
    options = ["--quick", "--case", "n=4, 2 layers", "--path", "qconv", "qconv statevector", "flax", "--seconds", "0.5"]
    command = [sys.executable, "-m", "benchmarks", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "qconv statevector" in done.stdout and "nn.Conv" in done.stdout and "FAILED" not in done.stdout


def test_kernels_agree_before_they_are_timed():
    points = np.ones((3, 2), np.float32)
    paths = {
        "qconv": lambda points: lambda: points @ points.T,
        "another": lambda points: lambda: points @ points.T + 1e-6,
        "wrong": lambda points: lambda: points @ points.T + 1e-4,
    }
    with Progress(disable=True) as progress:
        ours, another, wrong = measured_kernels("tiny", paths, points, 0.01, progress)
    assert ours.forward_per_s and ours.cpu_s is not None and ours.compile_s and another.forward_per_s
    assert wrong.forward_per_s is None and wrong.failed and "differs by" in wrong.failed
