"""Errors that a user can mend: the command line shows them as one message, without a traceback, and exits with 2."""


class QconvError(Exception):
    """Base of what this library raises on purpose."""


class InputError(QconvError, ValueError):
    """Something given is not allowed; the message names the field, its value and what is allowed."""


class DataUnavailableError(InputError):
    """A dataset is not on this machine and cannot be brought here; nothing else is used in its place."""


class RunError(QconvError):
    """A run cannot start or go on: its directory is in use, cannot be written or does not hold a run."""
