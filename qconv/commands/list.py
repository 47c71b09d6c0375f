"""`qconv list`."""

from rich.table import Table

from qconv.console import text_console
from qconv.experiment.discovery import available, search_path

_HEADINGS = {"experiment": "Experiments, for `qconv train`", "table": "Tables of papers, for `qconv table`"}


def list_experiments() -> None:
    """Prints the name and the first line of each experiment and of each table."""
    console = text_console()
    listed = {kind: available(kind) for kind in _HEADINGS}
    width = max((len(name) for found in listed.values() for name in found), default=0)
    for kind, found in listed.items():
        if not found:
            console.print(f"no {kind}s in {', '.join(map(str, search_path())) or 'experiments/'}")
            continue
        table = Table(box=None, show_header=False, pad_edge=False, title=_HEADINGS[kind], title_justify="left")
        table.add_column(no_wrap=True, style="bold", min_width=width)
        table.add_column()
        for name, summary in found.items():
            table.add_row(name, summary)
        console.print(table)
