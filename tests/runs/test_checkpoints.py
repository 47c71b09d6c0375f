"""Checkpoints on their own."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.errors import RunError
from qconv.procedures.procedure import Sums
from qconv.procedures.supervised import SupervisedState
from qconv.runs.checkpoints import Checkpoints, digest
from qconv.runs.loop import LoopState

FROZEN: dict[str, Any] = {"frozen": {"theta": np.array([0.5, 0.25], np.float32)}}


def state(step: int, params: dict[str, Any] | None = None, opt_state: Any = ()) -> LoopState:
    params = params or {"a": jnp.arange(300, dtype=jnp.float32) * step, "b": jnp.ones((2, 3))}
    sums = Sums(jnp.float32(4), {"loss": jnp.float32(1.5), "accuracy": jnp.float32(2)})
    return LoopState(jnp.int32(step), SupervisedState(params, {}, opt_state), sums, jnp.int32(0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With checkpoints of steps 2 and 3; the one of step 1 made room."""
    with Checkpoints(tmp_path / "checkpoints", FROZEN) as checkpoints:
        assert checkpoints.restore(state(0)) is None and checkpoints.latest_step == 0
        for step in (1, 2, 3):
            checkpoints.save(state(step), wall_seconds=step / 2)
        assert checkpoints.latest_step == 3
    return tmp_path / "checkpoints"


def restored(folder: Path, read_only: bool = False) -> tuple[LoopState, float]:
    with Checkpoints(folder, FROZEN, read_only=read_only) as checkpoints:
        found = checkpoints.restore(state(0))
    assert found is not None
    return found


def damage(checkpoint: Path, how: str) -> None:
    if how == "other values":  # every file is whole, but they are those of another state
        with Checkpoints(checkpoint.parent / "other", FROZEN) as checkpoints:
            checkpoints.save(state(5), 0.0)
        (checkpoint / "state").rename(checkpoint.parent / "other" / "state")
        (checkpoint.parent / "other" / "5" / "state").rename(checkpoint / "state")
    elif how == "no digest":
        (checkpoint / "meta" / "metadata").write_text("{}")
    else:
        file = max(
            (path for path in checkpoint.rglob("*") if path.is_file() and path.name != "manifest.json"),
            key=lambda path: path.stat().st_size,
        )
        content = file.read_bytes()
        file.unlink()
        if how == "truncated":
            file.write_bytes(content[: len(content) // 2])


def test_the_newest_two_are_kept_and_come_back_bit_for_bit(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["2", "3"]
    found, seconds = restored(folder)
    assert seconds == 1.5 and digest(found) == digest(state(3))
    jax.tree.map(np.testing.assert_array_equal, found, state(3))


@pytest.mark.parametrize("how", ["truncated", "missing", "other values", "no digest"])
def test_a_damaged_one_falls_back_to_the_one_before(folder: Path, how: str, caplog: pytest.LogCaptureFixture) -> None:
    damage(folder / "3", how)
    for read_only in (True, False):
        caplog.clear()
        found, seconds = restored(folder, read_only)
        assert seconds == 1.0 and digest(found) == digest(state(2))
        damaged, going_on = (record.message for record in caplog.records if record.name.startswith("qconv"))
        assert damaged.startswith(f"checkpoint 3 in {folder} is damaged (") and "\n" not in damaged
        assert going_on == "going on from checkpoint 2"
        assert (folder / "3").exists() == read_only


def test_when_none_can_be_read_all_are_left_as_they_are(folder: Path) -> None:
    for step in ("2", "3"):
        damage(folder / step, "truncated")
    with pytest.raises(RunError, match=r"can be read \(steps \[3, 2\]\); remove the folder to start again$"):
        restored(folder, read_only=True)


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Every file, with the time when it was written."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("manifest", [True, False])
@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"c": jnp.ones((2, 3)), "b": None}, r"trained/params/b is float32\[2, 3\] there and absent here"),
        ({"b": jnp.ones((3, 2))}, r"trained/params/b is float32\[2, 3\] there and float32\[3, 2\] here"),
        ({"a": jnp.ones(300, jnp.int32)}, r"trained/params/a is float32\[300\] there and int32\[300\] here"),
    ],
)
def test_a_checkpoint_of_another_network_is_not_taken_and_not_removed(
    folder: Path, changes: dict[str, Any], difference: str, manifest: bool
) -> None:
    if not manifest:
        (folder / "3" / "manifest.json").unlink()
    params = {name: value for name, value in (state(0).trained.params | changes).items() if value is not None}
    before = contents(folder)
    for read_only in (True, False):
        message = (
            rf"^cannot read checkpoint 3 in .*: it is of another network: {difference}\. Nothing has been removed: "
        )
        with (
            Checkpoints(folder, FROZEN, read_only=read_only) as checkpoints,
            pytest.raises(RunError, match=message) as error,
        ):
            checkpoints.restore(state(0, params))
        assert str(error.value).endswith("as they were written") == manifest
        assert contents(folder) == before


def test_what_is_frozen_comes_back_as_it_was_whatever_is_drawn_now(folder: Path) -> None:
    drawn = {"frozen": {"theta": np.array([0.5, np.nextafter(np.float32(0.25), np.float32(1))], np.float32)}}
    for read_only in (True, False):
        with Checkpoints(folder, drawn, read_only=read_only) as checkpoints:
            found = checkpoints.restore(state(0))
            assert found is not None and digest(found[0]) == digest(state(3))
            assert digest(checkpoints.frozen) == digest(FROZEN) != digest(drawn)


def test_a_network_that_freezes_something_else_is_refused_and_nothing_is_removed(folder: Path) -> None:
    before = contents(folder)
    for frozen, words in (
        ({}, r"frozen/theta is float32\[2\] there and absent here"),
        ({"frozen": {"theta": np.zeros(3, np.float32)}}, r"frozen/theta is float32\[2\] there and float32\[3\] here"),
    ):
        opened = Checkpoints(folder, frozen)
        with opened as checkpoints, pytest.raises(RunError, match=rf"it is of another network: {words}\. Nothing has"):
            checkpoints.restore(state(0))
    assert contents(folder) == before


def test_frozen_values_that_are_damaged_are_not_taken(folder: Path) -> None:
    drawn = {"frozen": {"theta": np.zeros(2, np.float32)}}
    for file in folder.with_name("frozen").glob("**/d/*"):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    with Checkpoints(folder, drawn) as checkpoints, pytest.raises(RunError, match=r"^cannot read checkpoint 3 in "):
        checkpoints.restore(state(0))
    assert restored(folder) is not None  # where the same is drawn, nothing stored is needed


def test_what_is_frozen_is_in_no_checkpoint_but_for_its_digest(folder: Path) -> None:
    meta = json.loads((folder / "3" / "meta" / "metadata").read_text())
    assert meta["frozen"] == digest(FROZEN)
    assert b"theta" not in (folder / "3" / "state" / "_METADATA").read_bytes()


@pytest.mark.parametrize("missing", ["arrays", "frozen"])
def test_a_checkpoint_of_an_earlier_version_is_not_taken_and_not_removed(folder: Path, missing: str) -> None:
    path = folder / "3" / "meta" / "metadata"
    path.write_text(
        json.dumps({name: value for name, value in json.loads(path.read_text()).items() if name != missing})
    )
    (folder / "3" / "manifest.json").unlink()
    before = contents(folder)
    with pytest.raises(RunError, match=r"^cannot read checkpoint 3 in .*: an earlier version of qconv wrote it\. Not"):
        restored(folder)
    assert contents(folder) == before


def test_an_error_while_whole_files_are_read_is_no_damage(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damage(folder / "3", "truncated")  # and the one before cannot be read either, but not because of its files
    before = contents(folder)
    with Checkpoints(folder, FROZEN) as checkpoints:
        with monkeypatch.context() as patched, pytest.raises(RunError) as error:
            patched.setattr(checkpoints._manager, "restore", lambda *args, **kwargs: bytearray(2**62))
            checkpoints.restore(state(0))
        assert str(error.value) == (
            f"cannot read checkpoint 2 in {folder}: MemoryError. Nothing has been removed: its files are as they were "
            "written"
        )
        assert contents(folder) == before
        found = checkpoints.restore(state(0))  # the same call, with memory
    assert found is not None and digest(found[0]) == digest(state(2))
    assert not (folder / "3").exists()


@pytest.mark.parametrize("manifest", [None, "", "{}", "[1, 2]", '{"state/d/'])
def test_a_process_that_was_killed_before_it_wrote_the_manifest(folder: Path, manifest: str | None) -> None:
    if manifest is None:
        (folder / "3" / "manifest.json").unlink()
    else:
        (folder / "3" / "manifest.json").write_text(manifest)
    (folder / "3" / "manifest.tmp").write_text("{")
    found, seconds = restored(folder)
    assert seconds == 1.5 and digest(found) == digest(state(3))


def test_without_a_manifest_nothing_is_known_to_be_damaged(folder: Path) -> None:
    (folder / "3" / "manifest.json").unlink()
    damage(folder / "3", "truncated")
    before = contents(folder)
    message = r"^cannot read checkpoint 3 in .*it has no manifest, .* without .*3 an older one is taken$"
    with pytest.raises(RunError, match=message):
        restored(folder)
    assert contents(folder) == before


def test_files_that_others_put_there_do_no_harm(folder: Path) -> None:
    (folder / "3" / "state" / ".DS_Store").write_text("mine")
    found, _ = restored(folder)
    assert digest(found) == digest(state(3)) and (folder / "3" / "state" / ".DS_Store").exists()


def test_reading_writes_nothing(folder: Path) -> None:
    (folder / "4.orbax-checkpoint-tmp").mkdir()  # somebody is writing it
    (folder / "4.orbax-checkpoint-tmp" / "half").write_text("a file")
    before = contents(folder)
    restored(folder, read_only=True)
    assert contents(folder) == before


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_neither_saved_nor_taken(
    folder: Path, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = state(4, opt_state=({"mu": jnp.array([0, value])},))
    message = rf"^checkpoint 4 is not written to {folder}: trained/opt_state/0/mu is not finite$"
    before = contents(folder)
    with Checkpoints(folder, FROZEN) as checkpoints:
        with pytest.raises(RunError, match=message):
            checkpoints.save(bad, 0.0)
        assert contents(folder) == before and checkpoints.latest_step == 3
        with monkeypatch.context() as patched:  # as an earlier version did
            patched.setattr("qconv.runs.checkpoints.not_finite", lambda tree: [])
            checkpoints.save(bad, 0.0)
        with pytest.raises(RunError, match=r"^cannot read checkpoint 4 .*: trained/opt_state/0/mu is not finite\. "):
            checkpoints.restore(bad)
    assert (folder / "4").exists()


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("mine")
    with pytest.raises(RunError, match=r"^cannot write .*checkpoints: File exists$"):
        Checkpoints(tmp_path / "checkpoints", FROZEN)
    assert (tmp_path / "checkpoints").read_text() == "mine"


def test_the_digest_sees_every_bit() -> None:
    one = {"a": np.array([1, 2], np.float32), "b": np.float32(0)}
    next_after_2 = np.nextafter(np.float32(2), np.float32(3))
    assert digest(one) == digest({"a": jnp.array([1.0, 2.0]), "b": jnp.float32(0)})
    for other in (one | {"a": np.array([1, next_after_2], np.float32)}, one | {"b": np.float32(-0.0)}):
        assert digest(other) != digest(one)
