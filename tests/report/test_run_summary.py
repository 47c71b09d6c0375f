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
from qconv.report.run_summary import evaluation_table, summary_table
from qconv.runs.evaluate import EvaluatedArm
from qconv.runs.evaluation import Evaluation
from qconv.runs.run_directory import finished_seeds
from qconv.runs.scores import write_scores
from qconv.runs.summary import read_run_summary, read_summary, summary_json

COMPUTED = {
    "numerics": 4,
    "commit": "0123456789abcdef",
    "clean": True,
    "versions": {"qconv": "0.1.0", "jax": "0.10.1", "flax": "0.12.8", "numpy": "2.4.6"},
    "device": "1 x cpu",
    "date": "2026-11-27",
}
OWN = {
    "name": "quantum",
    "folder": "",
    "steps": 1000,
    "metrics": {"loss": 0.08125, "accuracy": 0.975},
    "num_parameters": 10314,
    "num_quantum_parameters": 64,
    "wall_seconds": 61.25,
    "step_seconds": 0.0021,
}
TWIN = {
    "name": "classical twin",
    "folder": "twin",
    "steps": 1000,
    "metrics": {"loss": 0.5, "accuracy": 0.95},
    "num_parameters": 10250,
    "num_quantum_parameters": 0,
    "wall_seconds": 9.0,
    "step_seconds": 0.0019,
}
SUMMARY = {
    "experiment": "quanv_digits",
    "run_id": "0123456789",
    "seed": 3,
    "split": "test",
    "num_items": 400,
    "headline": "accuracy",
    "higher_is_better": True,
    "arms": [OWN, TWIN],
    "engines": ["unitary", "unitary"],
    "device": "1 x cpu",
    "provenance": [COMPUTED],
}


def with_accuracy(arm: dict[str, Any], accuracy: float) -> dict[str, Any]:
    return arm | {"metrics": {"loss": arm["metrics"]["loss"], "accuracy": accuracy}}


def stored(folder: Path, summary: dict[str, Any], ours: int = 390, theirs: int = 380, both: int = 375) -> Path:
    """A finished run: so many of 400 images right for the network, for its twin, and for both."""
    (folder / "twin").mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps(summary))
    images = np.arange(400)
    for network, right in (
        ("", images < ours),
        ("twin", (images < both) | ((images >= ours) & (images < ours + theirs - both))),
    ):
        write_scores(folder / network, "images", right.astype(float))
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
        "a step takes quantum 0.0021 s, twin 0.0019 s\n"
        "engine unitary, computed 2026-11-27 at commit 0123456789, numerics 4, jax 0.10.1, flax 0.12.8, on 1 x cpu\n"
        "run runs/quanv_digits/0123456789/seed3"
    )


@pytest.mark.usefixtures("inside")
def test_a_network_without_quantum_layer() -> None:
    summary, own = SUMMARY | {"engines": []}, OWN | {"name": "network", "num_quantum_parameters": 0}
    seeds = [
        stored(Path(f"runs/seed{seed}"), summary | {"seed": seed, "arms": [with_accuracy(own, accuracy)]})
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
        "a step takes network 0.0021 s\n"
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
    folder = stored(tmp_path / "seed3", SUMMARY | {"arms": [OWN, TWIN | {"num_parameters": 10315}]})
    assert last_lines(folder, [folder])[1] == "The twin has more parameters than the quantum network."


def test_several_seeds(tmp_path: Path) -> None:
    seeds = [
        stored(
            tmp_path / f"seed{seed}",
            SUMMARY | {"seed": seed, "arms": [with_accuracy(OWN, right / 400), with_accuracy(TWIN, 0.95)]},
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


def errors_of(folder: Path, errors: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    write_scores(folder, "images", errors)


def test_any_metric_and_several_rivals(tmp_path: Path) -> None:
    """A metric of which less is better, on validation images: differences have the sign of the metric."""
    arms: list[dict[str, Any]] = [
        arm | {"metrics": {"loss": 1.5, "error": error}} for arm, error in ((OWN, 0.25), (TWIN, 0.5))
    ]
    arms.append(TWIN | {"name": "a CNN", "folder": "cnn", "metrics": {"loss": 0.0, "error": 0.125}})
    headline = {"split": "validation", "headline": "error", "higher_is_better": False, "arms": arms}
    folders = []
    for seed in (0, 1):
        folder = tmp_path / f"seed{seed}"
        folder.mkdir()
        for arm in arms:
            errors_of(folder / arm["folder"], np.linspace(-0.01, 0.01, 400) ** 2 + arm["metrics"]["error"])
        (folder / "summary.json").write_text(json.dumps(SUMMARY | headline | {"seed": seed}))
        folders.append(folder)
    text = printed(summary_table(folders[0], folders))
    lines = text.splitlines()
    assert lines[2] == "┃ network        ┃ validation error ┃ validation loss ┃ parameters ┃ quantum ┃ seconds ┃"
    assert lines[6] == "│ a CNN          │           0.1250 │          0.0000 │     10,250 │       0 │     9.0 │"
    said = " ".join(lines[8:])
    assert "quantum - twin = -0.2500 ± 0.0000 (standard error; the same 400 images): the quantum network is ah" in said
    assert "quantum - cnn = +0.1250 ± 0.0000 (standard error; the same 400 images): the quantum network is be" in said
    assert "seeds 0, 1: quantum 0.2500 ± 0.0000, twin 0.5000 ± 0.0000, cnn 0.1250 ± 0.0000" in said
    assert "quantum - cnn = +0.1250 ± 0.0000 (standard error; the same 400 images, 2 seeds): the quantum netwo" in said


OLDER = {
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
    "twin": {"test_accuracy": 0.95, "test_loss": 0.5, "num_parameters": 10250, "wall_seconds": 9.0},
}
"""As runs had it before there were tasks."""


@pytest.mark.parametrize(
    "summary",
    [
        OLDER,
        {name: value for name, value in SUMMARY.items() if name != "engines"},
        {name: value for name, value in SUMMARY.items() if name != "headline"},
        SUMMARY | {"arms": [{name: value for name, value in OWN.items() if name != "metrics"}]},
        SUMMARY | {"arms": [OWN | {"test_accuracy": 0.9}]},
        SUMMARY | {"arms": None},
        SUMMARY | {"twin": None},
    ],
    ids=["older", "no engines", "no headline", "no metrics", "more", "no arms", "both"],
)
def test_a_summary_of_an_older_layout_is_refused_and_named(tmp_path: Path, summary: dict[str, Any]) -> None:
    folder = stored(tmp_path / "seed3", summary)
    for read in (read_summary, read_run_summary, lambda folder: summary_table(folder, [folder]), finished_seeds):
        with pytest.raises(RunError) as error:
            read(folder)
        assert re.match(
            rf"cannot read {re.escape(str(folder))}/summary\.json: it is not the summary of a run of this version: .+",
            str(error.value),
        )
        assert "\n" not in str(error.value)


def test_a_summary_survives_the_way_to_disk(tmp_path: Path) -> None:
    folder = stored(tmp_path / "seed3", SUMMARY)
    summary = read_run_summary(folder)
    assert summary_json(summary) == SUMMARY | {"arms": (OWN, TWIN), "engines": ("unitary", "unitary")}
    assert summary.value == 0.975 and [arm.folder for arm in summary.arms] == ["", "twin"]
    measured = {
        **{name: SUMMARY[name] for name in ("experiment", "run_id", "seed", "device", "provenance")},
        **{"value": 0.5, "num_parameters": None, "wall_seconds": 1.5},
    }
    (folder / "summary.json").write_text(json.dumps(measured))
    assert summary_json(read_summary(folder)) == measured
    with pytest.raises(RunError, match=r"seed3 holds a measurement; allowed: a run that trains a network$"):
        read_run_summary(folder)


def test_a_run_without_results_of_single_images_is_no_comparison(tmp_path: Path) -> None:
    folder = stored(tmp_path / "seed3", SUMMARY)
    (folder / "twin" / "scores.npz").unlink()
    with pytest.raises(RunError, match=r"twin has no results of single images: scores\.npz is missing$"):
        summary_table(folder, [folder])
    (folder / "twin" / "scores.npz").write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"^cannot read .*scores\.npz: "):
        summary_table(folder, [folder])


def test_evaluations() -> None:
    right = np.repeat([1.0, 0.0], [1750, 250])
    evaluated = [
        EvaluatedArm("quantum", 12, Evaluation({"loss": 0.123456, "accuracy": 0.875}, {}, right)),
        EvaluatedArm("classical twin", 8, Evaluation({"loss": 1, "accuracy": 0.5}, {}, right)),
    ]
    assert printed(evaluation_table(evaluated, "test", "accuracy")) == (
        "┏━━━━━━━━━━━━━━━━┳━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━┓\n"
        "┃ network        ┃ step ┃ test accuracy ┃ test loss ┃ images ┃\n"
        "┡━━━━━━━━━━━━━━━━╇━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━┩\n"
        "│ quantum        │   12 │        0.8750 │    0.1235 │  2,000 │\n"
        "│ classical twin │    8 │        0.5000 │    1.0000 │  2,000 │\n"
        "└────────────────┴──────┴───────────────┴───────────┴────────┘"
    )


def test_evaluations_of_any_metrics_on_any_split() -> None:
    evaluated = [EvaluatedArm("network", 1, Evaluation({"loss": 0.5, "IoU": 0.25, "accuracy": 0.75}, {}, np.ones(3)))]
    lines = printed(evaluation_table(evaluated, "validation", "IoU")).splitlines()
    assert lines[1] == "┃ network ┃ step ┃ validation IoU ┃ validation loss ┃ validation accuracy ┃ images ┃"
    assert lines[3] == "│ network │    1 │         0.2500 │          0.5000 │              0.7500 │      3 │"
