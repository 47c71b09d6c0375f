"""The metrics of a run: JSON lines, and TensorBoard events beside them."""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tensorboardX import summary
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog  # ty: ignore[missing-module-member]

from qconv.errors import RunError
from qconv.runs.json_files import json_text, parse_json, writing


class MetricsLog:
    """Appends to `metrics.jsonl` and to `tensorboard/` in a folder. A context manager.

    Lines hold what the training computes and no times, so a resumed run leaves the same file as an uninterrupted one.

    Args:
        folder: of the network.
        start: lines after this step are of a part that is done again, and dropped.

    Raises:
        RunError: the disk is full, the folder cannot be written, or a value is not finite.
    """

    def __init__(self, folder: Path, start: int) -> None:
        self._folder = folder
        path, events = folder / "metrics.jsonl", folder / "tensorboard"
        kept = [line for line in read_metrics(folder) if line["step"] <= start]
        scratch = path.with_suffix(".tmp")
        with writing(events):
            events.mkdir(exist_ok=True)
            # Not a SummaryWriter: that one writes in a thread, where nobody hears that the disk is full.
            self._events = EventsWriter(str(events / "events"))
            # TensorBoard forgets what earlier files say of later steps.
            self._events.write_event(Event(step=start + 1, session_log=SessionLog(status=SessionLog.START)))
            self._events.flush()
        with writing(path):
            scratch.write_text("".join(json_text(path, line) + "\n" for line in kept))
            os.replace(scratch, path)
            self._file = path.open("a")

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for file in (self._file, self._events):
            with suppress(OSError):  # all is written, but for what `write` has complained of
                file.close()

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """One line, on disk when this returns."""
        path = self._folder / "metrics.jsonl"
        line = json_text(path, {"step": step, **values})
        with writing(path):
            self._file.write(line + "\n")
            self._file.flush()
        with writing(self._folder / "tensorboard"):
            for name, value in values.items():
                self._events.write_event(Event(step=step, wall_time=time.time(), summary=summary.scalar(name, value)))
            self._events.flush()


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The lines of `metrics.jsonl`; one that a killed process left half written is passed over.

    Raises:
        RunError: a line holds NaN or an infinity, is no text, or no metrics of a step.
    """
    path = folder / "metrics.jsonl"
    lines = []
    for number, text in enumerate(path.read_bytes().splitlines() if path.exists() else [], 1):
        try:
            line = parse_json(text)
        except json.JSONDecodeError:
            continue
        except ValueError as error:
            raise RunError(f"cannot read {path}, line {number}: {error}") from error
        if not isinstance(line, dict) or not isinstance(line.get("step"), int):
            raise RunError(f"cannot read {path}, line {number}: it is not the metrics of a step")
        lines.append(line)
    return lines
