"""`make gpu`: what of it can be tried without a GPU."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import gpu
from benchmarks.report import update_device
from tests.processes import compiled_programs


def test_without_a_gpu_it_says_so_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    gpu.main()
    out = " ".join(capsys.readouterr().out.split())
    assert out == "no GPU here: JAX finds 1 x cpu; nothing was done"


@pytest.mark.slow
def test_a_training_that_is_killed_ends_as_one_that_is_not(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(compiled_programs(tmp_path_factory)))
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    console = Console(file=io.StringIO())
    gpu.check_resumption(tmp_path, console)
    assert "bit for bit" in console.file.getvalue()  # ty: ignore[missing-attribute]


def test_each_device_has_one_section(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- end of devices -->\nafter\n")
    for device, text in (("1 x A", "old"), ("1 x B", "other"), ("1 x A", "new")):
        update_device(page, device, text)
    found = page.read_text()
    assert found.startswith("before\n") and found.endswith("<!-- end of devices -->\nafter\n")
    assert [line for line in found.splitlines() if line.startswith("###")] == ["### 1 x B", "### 1 x A"]
    assert "old" not in found and "\nnew\n" in found and "\nother\n" in found
    page.write_text("no mark\n")
    with pytest.raises(ValueError, match="has no line"):
        update_device(page, "1 x A", "text")
