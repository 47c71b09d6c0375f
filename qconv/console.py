"""Consoles: all that commands print goes through one of these."""

from rich.console import Console


def text_console(quiet: bool = False, stderr: bool = False) -> Console:
    """A console that prints text as it is.

    Brackets and colons in names, paths and docstrings are no markup: `[/CZ]` is no tag and `:smile:` no picture.

    Args:
        quiet: print nothing.
        stderr: on standard error; else on standard output.
    """
    return Console(markup=False, emoji=False, highlight=False, quiet=quiet, stderr=stderr)
