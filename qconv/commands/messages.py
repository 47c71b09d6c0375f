"""What commands show of the messages of libraries."""

import logging

import orbax.checkpoint  # noqa: F401 - sets up the logger of absl


def show_messages() -> None:
    """Warnings go to standard error, a line each; Orbax's tracebacks of errors that this library reports do not."""
    logging.basicConfig(format="qconv: %(message)s")
    logging.getLogger("absl").setLevel(logging.CRITICAL)
