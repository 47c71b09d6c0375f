"""What the library computes is what `qconv.NUMERICS` stands for.

A change that gives other numbers than those written here, beyond rounding, needs another NUMERICS: results from before
would be shown as today's. Then `python -m tests.test_numerics` writes them again.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import qconv
from qconv.experiment.loading import load
from qconv.runs.metrics import read_metrics
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from tests.variants import changed

WRITTEN = Path(__file__).with_suffix(".json")
NAMES = ("dressed_spirals", "qcnn_digits", "qcnn_phase", "quanv_digits", "ring_rzz_digits")


def computed(name: str) -> dict[str, list[dict[str, float]]]:
    """Metrics of the first steps of an experiment, and of its twin."""
    experiment, _ = load(name)
    short = changed(experiment, num_steps=10, log_every=5, eval_every=10)
    with tempfile.TemporaryDirectory() as runs, RunDirectory(name, short, Path(runs)) as run:
        execute(run, Console(quiet=True))
        return {"network": read_metrics(run.folder), "twin": read_metrics(run.folder / "twin")}


@pytest.mark.parametrize("name", NAMES)
def test_results_are_those_of_this_version_of_the_numerics(name: str) -> None:
    written = json.loads(WRITTEN.read_text())
    assert written["numerics"] == qconv.NUMERICS, "write the results of the new version: python -m tests.test_numerics"
    found, expected = (flat(results) for results in (computed(name), written["results"][name]))
    assert list(found) == list(expected)
    for key, value in expected.items():
        # Ten steps of float32; accuracies may differ by an image whose classes are even.
        tolerance = 0.01 if "accuracy" in key else 2e-4 * abs(value)
        assert abs(found[key] - value) <= tolerance, f"{key}: {found[key]} and not {value}: raise qconv.NUMERICS"


def flat(results: dict[str, Any]) -> dict[str, float]:
    return {
        f"{network}, step {line['step']}, {key}": float(np.float64(value))
        for network, lines in results.items()
        for line in lines
        for key, value in line.items()
        if key != "step"
    }


if __name__ == "__main__":
    results = {name: computed(name) for name in NAMES}
    WRITTEN.write_text(json.dumps({"numerics": qconv.NUMERICS, "results": results}, indent=1) + "\n")
