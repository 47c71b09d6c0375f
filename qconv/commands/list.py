"""`qconv list`."""

from rich.console import Console
from rich.table import Table

from qconv.experiment.discovery import available, search_path


def list_experiments() -> None:
    """Prints the name and the first line of each experiment."""
    console = Console()
    experiments = available()
    if not experiments:
        console.print(f"no experiments in {', '.join(map(str, search_path())) or 'experiments/'}")
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name, summary in experiments.items():
        table.add_row(name, summary)
    console.print(table)
