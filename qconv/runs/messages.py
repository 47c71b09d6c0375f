"""What is shown of the messages of libraries."""

import logging
import sys

import orbax.checkpoint  # noqa: F401 - it sets up the logger of absl


def show_messages() -> None:
    """Warnings go to standard error, a line each.

    Not shown are Orbax's tracebacks of errors that this library reports, and of the reads that it leaves behind when
    one of them meets a damaged file.
    """
    logging.basicConfig(format="qconv: %(message)s", force=True)  # a library has set up its own
    logging.getLogger("absl").setLevel(logging.CRITICAL)
    sys.unraisablehook = lambda leftover: logging.debug("ignored: %s", leftover.exc_value)
