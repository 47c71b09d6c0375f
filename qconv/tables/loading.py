"""Tables by name."""

from qconv.experiment.loading import load_object
from qconv.tables.rows import Table


def load_table(name: str) -> tuple[Table, str]:
    """A table and the docstring of its module.

    Raises:
        InputError: no such table, or a mistake in its module; the message says in which line.
    """
    return load_object(name, "table", Table)
