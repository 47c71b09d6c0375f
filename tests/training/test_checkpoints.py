"""Checkpoints on their own."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.errors import RunError
from qconv.training.checkpoints import Checkpoints, digest
from qconv.training.steps import Sums, TrainState


def state(step: int) -> TrainState:
    params = {"a": jnp.arange(300, dtype=jnp.float32) * step, "b": jnp.ones((2, 3))}
    sums = Sums(*map(jnp.float32, (1.5, 2, 4)))
    return TrainState(jnp.int32(step), params, {}, (), sums, jnp.int32(0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With checkpoints of steps 2 and 3; the one of step 1 made room."""
    with Checkpoints(tmp_path / "checkpoints") as checkpoints:
        assert checkpoints.restore(state(0)) is None and checkpoints.latest_step == 0
        for step in (1, 2, 3):
            checkpoints.save(state(step), wall_seconds=step / 2)
        assert checkpoints.latest_step == 3
    return tmp_path / "checkpoints"


def restored(folder: Path, read_only: bool = False) -> tuple[TrainState, float]:
    with Checkpoints(folder, read_only) as checkpoints:
        found = checkpoints.restore(state(0))
    assert found is not None
    return found


def damage(checkpoint: Path, how: str) -> None:
    if how == "other values":  # every file is whole, but they are those of another state
        with Checkpoints(checkpoint.parent / "other") as checkpoints:
            checkpoints.save(state(5), 0.0)
        (checkpoint / "state").rename(checkpoint.parent / "other" / "state")
        (checkpoint.parent / "other" / "5" / "state").rename(checkpoint / "state")
    elif how == "no digest":
        (checkpoint / "meta" / "metadata").write_text("{}")
    else:
        file = max((path for path in checkpoint.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
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


def test_a_checkpoint_of_another_network_is_not_taken(folder: Path) -> None:
    other = state(0).replace(params={"a": jnp.zeros(300), "c": jnp.ones((2, 3))})
    with Checkpoints(folder, read_only=True) as checkpoints, pytest.raises(RunError):
        checkpoints.restore(other)


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("mine")
    with pytest.raises(RunError, match=r"^cannot write to .*checkpoints: File exists$"):
        Checkpoints(tmp_path / "checkpoints")
    assert (tmp_path / "checkpoints").read_text() == "mine"


def test_the_digest_sees_every_bit() -> None:
    one = {"a": np.array([1, 2], np.float32), "b": np.float32(0)}
    next_after_2 = np.nextafter(np.float32(2), np.float32(3))
    assert digest(one) == digest({"a": jnp.array([1.0, 2.0]), "b": jnp.float32(0)})
    for other in (one | {"a": np.array([1, next_after_2], np.float32)}, one | {"b": np.float32(-0.0)}):
        assert digest(other) != digest(one)
