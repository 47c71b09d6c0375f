"""Checkpoints: Orbax writes them, and a damaged one is never taken for a good one, nor a good one for a damaged one.

A checkpoint is damaged if its files are not those that were written. That is looked up in its `manifest.json`, which is
written when Orbax is done. Whatever else goes wrong while a checkpoint is read (a network that has changed, no memory,
a missing device) says nothing about its files, and ends in an error that leaves them alone.
"""

import hashlib
import json
import logging
import os
import re
import textwrap
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from qconv.errors import RunError
from qconv.runs.arrays import first_difference, layout, not_finite
from qconv.runs.json_files import write_json, writing
from qconv.runs.loop import LoopState
from qconv.runs.mesh import as_one

logger = logging.getLogger(__name__)

_MANIFEST = "manifest.json"


class Checkpoints:
    """The checkpoints of one network in a folder, the newest two kept. A context manager.

    Every process of a run opens it, saves and restores at the same steps; Orbax lets one of them write.

    Args:
        folder: of the checkpoints.
        frozen: what no step changes: stored once, beside the folder, and not in each checkpoint.
        read_only: leave it as it is, damaged checkpoints too.

    Raises:
        RunError: a checkpoint cannot be written, or cannot be read.
    """

    def __init__(self, folder: Path, frozen: Any, read_only: bool = False) -> None:
        self.folder = folder
        self.frozen = frozen
        """What no step changes, as given; once a checkpoint has been restored, as it was when the run began."""
        self._read_only = read_only
        options = ocp.CheckpointManagerOptions(
            max_to_keep=None if read_only else 2,
            save_interval_steps=0 if read_only else 1,
            enable_async_checkpointing=False,
            create=False,
            read_only=read_only,
        )
        with writing(folder):
            if not read_only:
                folder.mkdir(exist_ok=True)
            self._manager = ocp.CheckpointManager(folder.resolve(), options=options)

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._manager.close()

    @property
    def latest_step(self) -> int:
        """The newest checkpoint's step, damaged or not; 0 where there is none."""
        return self._manager.latest_step() or 0

    def save(self, state: LoopState, wall_seconds: float) -> None:
        """Writes the state, with its digest and a manifest; a checkpoint of the same step stays as it is.

        Raises:
            RunError: a value of the state is not finite, or the checkpoint cannot be written.
        """
        step = int(state.step)
        if step in self._manager.all_steps():
            return
        if names := not_finite(state):
            raise RunError(f"checkpoint {step} is not written to {self.folder}: {names[0]} is not finite")
        digests = {"digest": digest(state), "frozen": digest(self.frozen)}
        meta = {"wall_seconds": wall_seconds, "arrays": self._arrays(state), **digests}
        with as_one(f"cannot write checkpoint {step} to {self.folder}"):
            try:
                self._save_frozen()
                self._manager.save(
                    step, args=ocp.args.Composite(state=ocp.args.StandardSave(state), meta=ocp.args.JsonSave(meta))
                )
                self._manager.wait_until_finished()
                if jax.process_index() == 0:
                    write_json(self.folder / str(step) / _MANIFEST, _file_digests(self.folder / str(step)))
            # Orbax and its storage library raise errors of many kinds for a full disk, a quota or a lost mount.
            except Exception as error:
                raise RunError(
                    f"cannot write checkpoint {step} to {self.folder}: {_reason(error)}; earlier checkpoints are intact"
                ) from error

    def restore(self, like: LoopState) -> tuple[LoopState, float] | None:
        """The newest checkpoint that is not damaged, and the seconds of training before it; None if there is none.

        Damaged ones that are newer are removed once it has been read, and nothing else ever is.

        Args:
            like: a state of the same shapes, on the devices where the restored one shall be.

        Raises:
            RunError: a checkpoint that is not known to be damaged cannot be read, or all are damaged.
        """
        steps = sorted(self._manager.all_steps(), reverse=True)
        damaged: list[int] = []
        for step in steps:
            if problem := self._damage(step):
                logger.warning("checkpoint %d in %s is damaged (%s)", step, self.folder, problem)
                damaged.append(step)
                continue
            if damaged:
                logger.warning("going on from checkpoint %d", step)
            found = self._read(step, like)
            for newer in [] if self._read_only else damaged:
                self._manager.delete(newer)
            return found
        if steps:
            raise RunError(
                f"no checkpoint in {self.folder} can be read (steps {steps}); remove the folder to start again"
            )
        return None

    def _manifest(self, step: int) -> dict[str, str] | None:
        """SHA-256 of each file of a checkpoint.

        None where the process was killed before it wrote the manifest, and of a checkpoint of an earlier version.
        """
        with suppress(OSError, ValueError):
            manifest = json.loads((self.folder / str(step) / _MANIFEST).read_text())
            return manifest if isinstance(manifest, dict) else None
        return None

    def _damage(self, step: int) -> str:
        """How the files of a checkpoint differ from those that were written; empty if nothing is known of it."""
        for name, written in (self._manifest(step) or {}).items():
            path = self.folder / str(step) / name
            try:
                found = _file_digest(path)
            except (FileNotFoundError, NotADirectoryError):
                return f"{name} is missing"
            except OSError as error:
                raise RunError(f"cannot read {path}: {error.strerror or error}") from error
            if found != written:
                return f"{name} is not as it was written"
        return ""

    def _read(self, step: int, like: LoopState) -> tuple[LoopState, float]:
        try:
            meta = self._restore(step, meta=ocp.args.JsonRestore())
            if not {"arrays", "frozen"} <= set(meta):
                raise ValueError("an earlier version of qconv wrote it")
            # Orbax would say it in many lines, and casts to another precision without a word.
            if differ := first_difference(meta["arrays"], self._arrays(like)):
                raise ValueError("it is of another network: {} is {} there and {} here".format(*differ))
            if meta["frozen"] != digest(self.frozen):  # another processor or version draws other numbers
                self.frozen = self._stored_frozen(meta["frozen"])
            state = self._restore(step, state=ocp.args.StandardRestore(_abstract(like)))
            if digest(state) != meta.get("digest"):
                raise ValueError("its values are not those that were saved")
            if names := not_finite(state):
                raise ValueError(f"{names[0]} is not finite")
            return state, meta["wall_seconds"]
        except Exception as error:
            files = "its files are as they were written"
            if self._manifest(step) is None:
                files = f"it has no manifest, which would tell whether it is damaged; without {self.folder / str(step)}"
                files += " an older one is taken" if step > min(self._manager.all_steps()) else " the run starts again"
            raise RunError(
                f"cannot read checkpoint {step} in {self.folder}: {_reason(error)}. Nothing has been removed: {files}"
            ) from error

    def _arrays(self, state: LoopState) -> dict[str, str]:
        return layout(state) | layout(self.frozen)

    def _save_frozen(self) -> None:
        if jax.tree.leaves(self.frozen) and not self._manager.all_steps():  # else it belongs to those
            with ocp.StandardCheckpointer() as checkpointer:
                checkpointer.save(self._frozen_folder, self.frozen, force=True)

    def _stored_frozen(self, written: str) -> Any:
        with ocp.StandardCheckpointer() as checkpointer:
            stored = checkpointer.restore(self._frozen_folder, _abstract(self.frozen))
        if digest(stored) != written:
            raise ValueError(f"{self._frozen_folder.name} beside it is not what was saved")
        return stored

    @property
    def _frozen_folder(self) -> Path:
        return self.folder.resolve().with_name("frozen")

    def _restore(self, step: int, **item: ocp.args.CheckpointArgs) -> Any:
        (restored,) = dict(self._manager.restore(step, args=ocp.args.Composite(**item))).values()
        return restored


def _abstract(tree: Any) -> Any:
    """Shapes and devices of a tree of arrays."""
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=getattr(x, "sharding", None)), tree)


def digest(tree: Any) -> str:
    """SHA-256 of all values of a tree of arrays: Orbax does not notice a changed byte."""
    sha = hashlib.sha256()
    for leaf in jax.tree.leaves(tree):
        sha.update(np.asarray(leaf).tobytes())
    return sha.hexdigest()


def _file_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file below a folder, by its path in there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _file_digest(path) for path in files}


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: BaseException) -> str:
    """What the operating system says, where a storage library wraps it in long paths; else the error, in one line."""
    text = str(error).strip() or type(error).__name__
    if code := re.search(r"os_error_code='(\d+)'", text):
        return os.strerror(int(code[1]))
    return textwrap.shorten(text, 200, placeholder=" ...")
