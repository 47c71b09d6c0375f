"""The tables that end a command, to the character."""

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from qconv.errors import RunError
from qconv.report.table import evaluation_table, summary_table
from qconv.training.evaluate import Evaluation
from qconv.training.scores import write_scores

COMPUTED = {
    "numerics": 4,
    "commit": "0123456789abcdef",
    "clean": True,
    "versions": {"qconv": "0.1.0", "jax": "0.10.1", "flax": "0.12.8", "numpy": "2.4.6"},
    "device": "1 x cpu",
    "date": "2026-11-27",
}
TWIN = {
    "test_accuracy": 0.95,
    "test_loss": 0.5,
    "num_parameters": 10250,
    "num_quantum_parameters": 0,
    "wall_seconds": 9.0,
}
SUMMARY = {
    "experiment": "quanv_digits",
    "run_id": "0123456789",
    "seed": 3,
    "steps": 1000,
    "test_accuracy": 0.975,
    "test_loss": 0.08125,
    "num_parameters": 10314,
    "num_quantum_parameters": 64,
    "wall_seconds": 61.25,
    "num_test_images": 400,
    "engines": ["unitary", "unitary"],
    "device": "1 x cpu",
    "provenance": [COMPUTED],
    "twin": TWIN,
}


def stored(folder: Path, summary: dict[str, Any], ours: int = 390, theirs: int = 380, both: int = 375) -> Path:
    """A finished run: so many of 400 images right for the network, for its twin, and for both."""
    (folder / "twin").mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps(summary))
    images = np.arange(400)
    write_scores(folder, "images", images < ours)
    write_scores(folder / "twin", "images", (images < both) | ((images >= ours) & (images < ours + theirs - both)))
    return folder


def printed(what: Any) -> str:
    console = Console(width=120, file=io.StringIO(), record=True, _environ={})
    console.print(what)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def last_lines(folder: Path, seeds: list[Path]) -> list[str]:
    """What is printed below the table."""
    lines = printed(summary_table(folder, seeds)).splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith("└")) + 1 :]


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("inside")
def test_a_network_and_its_twin() -> None:
    folder = stored(Path("runs/quanv_digits/0123456789/seed3"), SUMMARY)
    assert printed(summary_table(folder, [folder])) == (
        "quanv_digits, seed 3, 1000 steps\n"
        "┏━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━┓\n"
        "┃ network        ┃ test accuracy ┃ test loss ┃ parameters ┃ quantum ┃ seconds ┃\n"
        "┡━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━┩\n"
        "│ quantum        │        0.9750 │    0.0813 │     10,314 │      64 │    61.2 │\n"
        "│ classical twin │        0.9500 │    0.5000 │     10,250 │       0 │     9.0 │\n"
        "└────────────────┴───────────────┴───────────┴────────────┴─────────┴─────────┘\n"
        "quantum - twin = +0.0250 ± 0.0111 (standard error; the same 400 images): the quantum network is ahead.\n"
        "engine unitary, computed 2026-11-27 at commit 0123456789, numerics 4, jax 0.10.1, flax 0.12.8, on 1 x cpu\n"
        "run runs/quanv_digits/0123456789/seed3"
    )


@pytest.mark.usefixtures("inside")
def test_a_network_without_quantum_layer() -> None:
    summary = SUMMARY | {"twin": None, "engines": [], "num_quantum_parameters": 0}
    seeds = [
        stored(Path(f"runs/seed{seed}"), summary | {"seed": seed, "test_accuracy": accuracy})
        for seed, accuracy in ((0, 0.9), (3, 0.975))
    ]
    assert printed(summary_table(seeds[1], seeds)) == (
        "quanv_digits, seed 3, 1000 steps\n"
        "┏━━━━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━┓\n"
        "┃ network ┃ test accuracy ┃ test loss ┃ parameters ┃ quantum ┃ seconds ┃\n"
        "┡━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━┩\n"
        "│ network │        0.9750 │    0.0813 │     10,314 │       0 │    61.2 │\n"
        "└─────────┴───────────────┴───────────┴────────────┴─────────┴─────────┘\n"
        "mean ± std over seeds 0, 3: network 0.9375 ± 0.0530\n"
        "engine none, computed 2026-11-27 at commit 0123456789, numerics 4, jax 0.10.1, flax 0.12.8, on 1 x cpu\n"
        "run runs/seed3"
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "both", "difference", "verdict"),
    [
        (390, 380, 380, "+0.0250 ± 0.0078", "the quantum network is ahead."),
        (360, 380, 360, "-0.0500 ± 0.0109", "the quantum network is behind."),
        (378, 380, 365, "-0.0050 ± 0.0132", "no difference that this run could show."),
        (385, 380, 365, "+0.0125 ± 0.0148", "no difference that this run could show."),
    ],
)
def test_the_verdict_counts_images_that_the_two_see_otherwise(
    tmp_path: Path, ours: int, theirs: int, both: int, difference: str, verdict: str
) -> None:
    folder = stored(tmp_path / "seed3", SUMMARY, ours, theirs, both)
    sentence = f"quantum - twin = {difference} (standard error; the same 400 images): {verdict}"
    assert " ".join(last_lines(folder, [folder])).startswith(sentence)


def test_a_larger_twin_is_called_so(tmp_path: Path) -> None:
    folder = stored(tmp_path / "seed3", SUMMARY | {"twin": TWIN | {"num_parameters": 10315}})
    assert last_lines(folder, [folder])[1] == "The twin has more parameters than the quantum network."


def test_several_seeds(tmp_path: Path) -> None:
    seeds = [
        stored(
            tmp_path / f"seed{seed}",
            SUMMARY | {"seed": seed, "test_accuracy": right / 400, "twin": TWIN | {"test_accuracy": 0.95}},
            ours=right,
        )
        for seed, right in ((0, 390), (1, 392), (3, 394))
    ]
    text = " ".join(last_lines(seeds[2], seeds))
    assert (
        "mean ± std over seeds 0, 1, 3: quantum 0.9800 ± 0.0050, twin 0.9500 ± 0.0000 quantum - twin = +0.0300" in text
    )
    assert re.search(
        r" ± 0\.\d{4} \(standard error; the same 400 images, 3 seeds\): the quantum network is ahead\.", text
    )


def test_a_run_without_results_of_single_images_is_no_comparison(tmp_path: Path) -> None:
    folder = stored(tmp_path / "seed3", SUMMARY)
    (folder / "twin" / "test_scores.npz").unlink()
    with pytest.raises(RunError, match=r"twin has no results of single images: test_scores\.npz is missing$"):
        summary_table(folder, [folder])
    (folder / "twin" / "test_scores.npz").write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"^cannot read .*test_scores\.npz: "):
        summary_table(folder, [folder])


def test_evaluations() -> None:
    confusion = np.array([[5.0, 1.0], [0.0, 2.0]])
    evaluations = [
        Evaluation("quantum", 12, 0.123456, 0.875, confusion),
        Evaluation("classical twin", 8, 1, 0.5, confusion),
    ]
    assert printed(evaluation_table(evaluations)) == (
        "┏━━━━━━━━━━━━━━━━┳━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━┓\n"
        "┃ network        ┃ step ┃ test accuracy ┃ test loss ┃  right ┃\n"
        "┡━━━━━━━━━━━━━━━━╇━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━┩\n"
        "│ quantum        │   12 │        0.8750 │    0.1235 │ 7 of 8 │\n"
        "│ classical twin │    8 │        0.5000 │    1.0000 │ 7 of 8 │\n"
        "└────────────────┴──────┴───────────────┴───────────┴────────┘"
    )
