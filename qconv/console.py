"""Consoles: all that commands print goes through one of these."""

from rich.console import Console


def text_console(quiet: bool = False) -> Console:
    """A console on standard output that prints text as it is.

    Brackets and colons in names, paths and docstrings are no markup: `[/CZ]` is no tag and `:smile:` no picture.

    Args:
        quiet: print nothing.
    """
    return Console(markup=False, emoji=False, highlight=False, quiet=quiet)
