"""Checkpoints: Orbax writes them, and a damaged one is never taken for a good one."""

import hashlib
import logging
import os
import re
import textwrap
from pathlib import Path
from types import TracebackType
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from qconv.errors import RunError
from qconv.training.steps import TrainState

logger = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints of one network in a folder, the newest two kept. A context manager.

    Every process of a run opens it, saves and restores at the same steps; Orbax lets one of them write.

    Args:
        folder: of the checkpoints.
        read_only: leave it as it is, damaged checkpoints too.

    Raises:
        RunError: a checkpoint cannot be written, or none of those there can be read.
    """

    def __init__(self, folder: Path, read_only: bool = False) -> None:
        self.folder = folder
        self._read_only = read_only
        options = ocp.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=False, create=False)
        try:
            if not read_only:
                folder.mkdir(exist_ok=True)
            self._manager = ocp.CheckpointManager(folder.resolve(), options=options)
        except OSError as error:
            raise RunError(f"cannot write to {folder}: {error.strerror or error}") from error

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._manager.close()

    @property
    def latest_step(self) -> int:
        """The newest checkpoint's step, damaged or not; 0 where there is none."""
        return self._manager.latest_step() or 0

    def save(self, state: TrainState, wall_seconds: float) -> None:
        """Writes the state, with its digest; a checkpoint of the same step stays as it is."""
        step = int(state.step)
        if step in self._manager.all_steps():
            return
        meta = {"wall_seconds": wall_seconds, "digest": digest(state)}
        try:
            self._manager.save(
                step, args=ocp.args.Composite(state=ocp.args.StandardSave(state), meta=ocp.args.JsonSave(meta))
            )
            self._manager.wait_until_finished()
        # Orbax and its storage library raise errors of many kinds for a full disk, a quota or a lost mount.
        except Exception as error:
            raise RunError(
                f"cannot write checkpoint {step} to {self.folder}: {_reason(error)}; earlier checkpoints are intact"
            ) from error

    def restore(self, like: TrainState) -> tuple[TrainState, float] | None:
        """The newest checkpoint that is whole, and the seconds of training before it; None if there is no checkpoint.

        Args:
            like: a state of the same shapes, on the devices where the restored one shall be.
        """
        steps = sorted(self._manager.all_steps(), reverse=True)
        for step in steps:
            try:
                return self._read(step, like)
            except Exception as error:  # whatever is wrong with the files, the one before may be whole
                logger.warning("checkpoint %d in %s is damaged (%s)", step, self.folder, _reason(error))
                older = [s for s in steps if s < step]
                if not older:
                    raise RunError(
                        f"no checkpoint in {self.folder} can be read (steps {steps}); remove the folder to start again"
                    ) from error
                logger.warning("going on from checkpoint %d", older[0])
                if not self._read_only:
                    self._manager.delete(step)
        return None

    def _read(self, step: int, like: TrainState) -> tuple[TrainState, float]:
        abstract = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), like)
        args = ocp.args.Composite(state=ocp.args.StandardRestore(abstract), meta=ocp.args.JsonRestore())
        restored: Any = self._manager.restore(step, args=args)
        if digest(restored.state) != restored.meta["digest"]:
            raise ValueError("its contents do not match their digest")
        return restored.state, restored.meta["wall_seconds"]


def digest(tree: Any) -> str:
    """SHA-256 of all values of a tree of arrays: Orbax does not notice a changed byte."""
    sha = hashlib.sha256()
    for leaf in jax.tree.leaves(tree):
        sha.update(np.asarray(leaf).tobytes())
    return sha.hexdigest()


def _reason(error: BaseException) -> str:
    """What the operating system says, where a storage library wraps it in long paths; else the first line."""
    text = str(error).strip() or type(error).__name__
    if code := re.search(r"os_error_code='(\d+)'", text):
        return os.strerror(int(code[1]))
    return textwrap.shorten(text.splitlines()[0], 120, placeholder=" ...")
