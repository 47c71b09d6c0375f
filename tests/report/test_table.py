"""The tables that end a command, to the character."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from qconv.report.table import evaluation_table, summary_table
from qconv.training.evaluate import Evaluation

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
    "twin": TWIN,
}
FOLDER = Path("runs/quanv_digits/0123456789/seed3")


def printed(what: Any) -> str:
    console = Console(width=120, file=io.StringIO(), record=True, _environ={})
    console.print(what)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def last_lines(summary: dict[str, Any], seeds: list[dict[str, Any]]) -> list[str]:
    """What is printed below the table."""
    lines = printed(summary_table(summary, seeds, FOLDER)).splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith("└")) + 1 :]


def test_a_network_and_its_twin() -> None:
    assert printed(summary_table(SUMMARY, [SUMMARY], FOLDER)) == (
        "quanv_digits, seed 3, 1000 steps\n"
        "┏━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━┓\n"
        "┃ network        ┃ test accuracy ┃ test loss ┃ parameters ┃ quantum ┃ seconds ┃\n"
        "┡━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━┩\n"
        "│ quantum        │        0.9750 │    0.0813 │     10,314 │      64 │    61.2 │\n"
        "│ classical twin │        0.9500 │    0.5000 │     10,250 │       0 │     9.0 │\n"
        "└────────────────┴───────────────┴───────────┴────────────┴─────────┴─────────┘\n"
        "quantum - twin = +0.0250 on 400 images (sampling error 0.0134): no difference that this run could show.\n"
        "device 1 x cpu, engine unitary\n"
        "run runs/quanv_digits/0123456789/seed3"
    )


def test_a_network_without_quantum_layer() -> None:
    summary = SUMMARY | {"twin": None, "engines": [], "num_quantum_parameters": 0}
    seeds = [summary | {"seed": seed, "test_accuracy": accuracy} for seed, accuracy in ((0, 0.9), (3, 0.975))]
    assert printed(summary_table(summary, seeds, FOLDER)) == (
        "quanv_digits, seed 3, 1000 steps\n"
        "┏━━━━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━┓\n"
        "┃ network ┃ test accuracy ┃ test loss ┃ parameters ┃ quantum ┃ seconds ┃\n"
        "┡━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━┩\n"
        "│ network │        0.9750 │    0.0813 │     10,314 │       0 │    61.2 │\n"
        "└─────────┴───────────────┴───────────┴────────────┴─────────┴─────────┘\n"
        "mean ± std over seeds 0, 3: network 0.9375 ± 0.0530\n"
        "device 1 x cpu, engine none\n"
        "run runs/quanv_digits/0123456789/seed3"
    )


@pytest.mark.parametrize(
    ("ours", "images", "verdict"),
    [
        (
            0.990,
            2000,
            "quantum - twin = +0.0400 on 2,000 images (sampling error 0.0054): the quantum layer is ahead in",
        ),
        (0.900, 2000, "quantum - twin = -0.0500 on 2,000 images (sampling error 0.0083): the quantum layer does not h"),
        (
            0.945,
            400,
            "quantum - twin = -0.0050 on 400 images (sampling error 0.0158): no difference that this run coul",
        ),
    ],
)
def test_the_verdict_counts_the_images(ours: float, images: int, verdict: str) -> None:
    summary = SUMMARY | {"test_accuracy": ours, "num_test_images": images}
    assert last_lines(summary, [summary])[0].startswith(verdict)


def test_a_larger_twin_is_called_so() -> None:
    summary = SUMMARY | {"twin": TWIN | {"num_parameters": 10315}}
    assert last_lines(summary, [summary])[1] == "The twin has more parameters than the quantum network."


def test_several_seeds() -> None:
    seeds = [
        SUMMARY | {"seed": seed, "test_accuracy": ours, "twin": TWIN | {"test_accuracy": twins}}
        for seed, ours, twins in ((0, 0.96, 0.95), (1, 0.97, 0.95), (3, 0.98, 0.95))
    ]
    line = "mean ± std over seeds 0, 1, 3: quantum 0.9700 ± 0.0100, twin 0.9500 ± 0.0000"
    assert last_lines(SUMMARY, seeds)[1] == line


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
