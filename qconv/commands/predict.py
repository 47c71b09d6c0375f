"""`qconv predict`."""

import csv
import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.table import Table

from qconv.commands.options import PredictOptions
from qconv.console import text_console
from qconv.data.image_files import ENDINGS
from qconv.data.new_images import Picture, pictures_in
from qconv.errors import InputError
from qconv.progress import LiveProgress
from qconv.runs.json_files import writing
from qconv.runs.load import load
from qconv.runs.messages import show_messages
from qconv.runs.predict import predictions
from qconv.tasks.answer import Answer

logger = logging.getLogger(__name__)

_ROWS = 20
"""Lines of the table where all of it is in a file."""
_SECONDS_UNSEEN = 1
"""What is done by then shows no progress, and nothing more often."""

Write = Callable[[Picture, Answer], None]


def predict(run: Path, paths: Sequence[Path], options: PredictOptions) -> None:
    """Prints what a network of a run says of pictures, and writes it where that is asked for.

    Args:
        run: the run directory.
        paths: files, and folders of files.
        options: which network, and where the result goes.

    Raises:
        InputError: no pictures, an output that does not fit, a run whose images are no pictures; or some files cannot
            be read or taken, and all others have been.
        RunError: see `load`; or the output cannot be written.
    """
    show_messages()
    pictures = pictures_in(paths)
    targets = _targets(options.output, pictures)
    network = load(run, options.network)
    console, rows, damaged = text_console(), [], 0
    shown = LiveProgress(text_console(stderr=True), "image", network.arm.name, len(pictures))
    with _writer(options.output, targets) as write, shown as progress:
        started = said = time.perf_counter()
        for done, (picture, answer, problem) in enumerate(predictions(network, pictures, options.own_size), 1):
            if answer is None:
                damaged += 1
                logger.warning("%s", problem)
            else:
                write(picture, answer)
                if options.output is None or len(rows) < _ROWS:
                    rows.append((str(picture.path), answer.words))
            if (now := time.perf_counter()) - said > _SECONDS_UNSEEN:
                said, rate = now, done / (now - started)
                progress.say(network.arm.name, done, rate, f"{rate:,.0f} images/s")
    if rows:
        console.print(_table(rows))
    answered = len(pictures) - damaged
    if options.output is not None and answered:
        above = f", the first {len(rows)} of them above" if len(rows) < answered else ""
        images = "1 image" if answered == 1 else f"{answered:,} images"
        console.print(f"{images} in {options.output}{above}", soft_wrap=True)
    if damaged:
        raise InputError(f"{damaged:,} of {len(pictures):,} images have no answer, see above; all others have one")


def _table(rows: Sequence[tuple[str, Any]]) -> Table:
    table = Table()
    table.add_column("image", overflow="fold")
    for column in rows[0][1]:
        table.add_column(column, overflow="fold")
    for name, words in rows:
        table.add_row(name, *words.values())
    return table


def _is_values(output: Path) -> bool:
    return output.suffix.lower() == ".csv"


def _targets(output: Path | None, pictures: Sequence[Picture]) -> dict[Path, Path]:
    """Where the answer to each picture is written, by its path; empty where no pictures are written.

    Raises:
        InputError: the output is named like an image, a file would be written twice, or one that is read overwritten.
    """
    if output is None or _is_values(output):
        return {}
    if output.suffix.lower() in ENDINGS and not output.is_dir():
        raise InputError(f"output = {output}; allowed: FILE.csv, or a folder, in which images keep their names")
    targets, taken = {}, {}
    sources = {picture.path.resolve() for picture in pictures}
    for picture in pictures:
        target = output / picture.name.with_suffix(".png")
        if other := taken.get(target):
            raise InputError(f"{other} and {picture.path} would both be written to {target}; allowed: different names")
        if target.resolve() in sources:
            raise InputError(f"output = {output}, where {target} is an image that is read; allowed: another folder")
        taken[target] = picture.path
        targets[picture.path] = target
    return targets


@contextmanager
def _writer(output: Path | None, targets: dict[Path, Path]) -> Generator[Write]:
    """Writes answers one by one: to a file of values, as pictures, or nowhere."""
    if output is None:
        yield lambda picture, answer: None
    elif not _is_values(output):

        def write_picture(picture: Picture, answer: Answer) -> None:
            if answer.picture is None:
                raise InputError(f"output = {output}, and the answers are no images; allowed: FILE.csv")
            target = targets[picture.path]
            with writing(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                answer.picture.save(target, "PNG")

        yield write_picture
    else:
        scratch = output.with_name(f"{output.name}.tmp")  # what is there stays as it is until all is written
        with writing(output):
            # Names of files are written as they are, in whatever letters.
            file = scratch.open("w", newline="", encoding="utf-8", errors="surrogateescape")
        try:
            with file:
                table = csv.writer(file)

                def write_values(picture: Picture, answer: Answer) -> None:
                    with writing(output):
                        if file.tell() == 0:
                            table.writerow(("image", *answer.values))
                        table.writerow((picture.path, *answer.values.values()))

                yield write_values
                is_empty = file.tell() == 0
            if not is_empty:
                with writing(output):
                    scratch.replace(output)
        finally:
            scratch.unlink(missing_ok=True)
