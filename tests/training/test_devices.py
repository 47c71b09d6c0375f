"""Eight devices compute what one computes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.processes import Workshop, lines_of

BOTH = """
from qconv.__main__ import main

for size in ("16", "20"):
    main(["train", "tiny", "--runs", f"{runs}-{size}", "--batch-size", size])
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop.make(tmp_path_factory)


@pytest.fixture(scope="module")
def runs(workshop: Workshop) -> dict[int, list[Path]]:
    """Runs with batches of 16 and of 20 images, by number of devices."""
    processes = {
        count: workshop.start(
            program=("-c", f"runs = {str(count)!r}\n{BOTH}"),
            XLA_FLAGS=f"--xla_force_host_platform_device_count={count}",
        )
        for count in (1, 8)
    }
    for process in processes.values():
        _, error = process.communicate(timeout=240)
        assert process.returncode == 0, error
    return {count: [workshop.seed_folder(f"{count}-{size}") for size in (16, 20)] for count in (1, 8)}


@pytest.mark.parametrize("index", [0, 1], ids=["16 images", "20 images"])
@pytest.mark.parametrize("network", ["", "twin"])
def test_losses_are_those_of_one_device(runs: dict[int, list[Path]], index: int, network: str) -> None:
    one, eight = (lines_of(runs[count][index] / network) for count in (1, 8))
    assert [list(line) for line in one] == [list(line) for line in eight]
    assert len(one) == 6 + 3
    np.testing.assert_allclose(
        *([list(line.values()) for line in lines if "train_loss" in line] for lines in (one, eight)), rtol=1e-5
    )
    np.testing.assert_allclose(
        *([list(line.values()) for line in lines if "test_loss" in line] for lines in (one, eight)), rtol=1e-5
    )


def test_the_summary_names_the_devices(runs: dict[int, list[Path]]) -> None:
    def device(folder: Path) -> Any:
        return json.loads((folder / "summary.json").read_text())["device"]

    assert [device(runs[count][0]) for count in (1, 8)] == ["1 x cpu", "8 x cpu"]
