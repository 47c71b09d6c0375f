"""Errors that a user can mend: the command line shows them as one message, without a traceback, and exits with 2."""

from collections.abc import Generator
from contextlib import contextmanager


class QconvError(Exception):
    """Base of what this library raises on purpose."""


class InputError(QconvError, ValueError):
    """Something given is not allowed; the message names the field, its value and what is allowed."""


class DataUnavailableError(InputError):
    """A dataset is not on this machine and cannot be brought here; nothing else is used in its place."""


class NotDownloadedError(DataUnavailableError):
    """A dataset that would have to be downloaded first."""


class RunError(QconvError):
    """A run cannot start or go on: its directory is in use, cannot be written or does not hold a run."""


@contextmanager
def refusing(what: str) -> Generator[None]:
    """Turns whatever goes wrong inside, where code of the user's own runs, into an `InputError` of one line.

    Args:
        what: what goes wrong, and which class is to blame.

    Raises:
        InputError: something went wrong; one that is raised inside stays as it is.
    """
    try:
        yield
    except QconvError:
        raise
    except Exception as error:
        text = next(iter(str(error).strip().splitlines()), "")
        raise InputError(f"{what}: {type(error).__name__}{': ' if text else ''}{text}") from error
