"""The results as tables: in the terminal, and in `docs/performance.md` between two marks."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import choice, growth
from benchmarks.aims import AIMS, CHOICE
from benchmarks.results import Result

_START, _END = "<!-- measured: written by make bench -->", "<!-- end of what was measured -->"

_CHOICES = "engine chosen, by windows (else: how many times as long as the fastest one, and which that is)"
_COLUMNS = ("path", "times as slow", "per second", "CPU s", "compile s", "peak MiB")


def _rows(results: list[Result]) -> dict[str, list[tuple[str, ...]]]:
    """For each case the rows of its table: ratios first, relative to the first path."""
    cases: dict[str, list[tuple[str, ...]]] = {}
    first: dict[str, Result] = {}
    for result in results:
        if result.case.startswith((growth.PREFIX, choice.PREFIX)):
            continue
        base, theirs = (_rates(r) for r in (first.setdefault(result.case, result), result))
        note = f" [{result.note}]" if result.note else ""
        ratios = [a / b if a and b else None for a, b in zip(base, theirs, strict=True)]
        row = (
            result.path + note + (f": FAILED, {result.failed}" if result.failed else ""),
            _joined(ratios, ".3g"),
            _joined(theirs, ".1e"),
            f"{result.cpu_s:.3g}" if result.cpu_s is not None else "-",
            f"{result.compile_s:.2f}" if result.compile_s is not None else "-",
            f"{result.peak_mib:,.0f}" if result.peak_mib is not None else "-",
        )
        cases.setdefault(result.case, []).append(row)
    return cases


def _rates(result: Result) -> list[float | None]:
    return [result.forward_per_s, result.gradient_per_s, result.gradient_input_per_s]


def _joined(values: list[float | None], form: str) -> str:
    texts = [f"{value:{form}}".replace("e+0", "e") if value else "-" for value in values]
    return " / ".join(texts)


def _choices(results: list[Result]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Columns and rows: for each circuit and number of windows the engine chosen, and the fastest if it is another."""
    found = choice.choices(results)
    numbers = sorted({each.windows for each in found})
    cells: dict[str, dict[int, str]] = {}
    for each in found:
        text = each.chosen
        if each.fastest != each.chosen:
            text += f" {each.ratio:.2f} {each.fastest}{' (!)' if each.ratio > CHOICE.factor else ''}"
        cells.setdefault(each.circuit, {})[each.windows] = text
    rows: list[tuple[str, ...]] = [
        (circuit, *(own.get(number, "") for number in numbers)) for circuit, own in cells.items()
    ]
    return ["circuit", *(f"{number:,}" for number in numbers)], rows


def _aims(results: list[Result]) -> list[tuple[str, str, str]]:
    """What is aimed at, measured, and whether that is enough; without what was not measured."""
    rows = [(aim.text, aim.reached(results)) for aim in AIMS]
    return [(text, found[0], "yes" if found[1] else "no") for text, found in rows if found]


def print_tables(results: list[Result], console: Console) -> None:
    """A table for each case, and one of the figures to reach."""
    for case, rows in _rows(results).items():
        unit = next(result.unit for result in results if result.case == case)
        table = Table(title=f"{case} ({unit}; forward / gradient / gradient with input)", title_justify="left")
        for index, column in enumerate(_COLUMNS):
            table.add_column(column, justify="right" if index else "left", no_wrap=0 < index < 3, overflow="fold")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    columns, rows = _choices(results)
    if rows:
        table = Table(*columns, title=_CHOICES, title_justify="left", show_lines=True)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    table = Table(title="figures to reach", title_justify="left")
    for column in ("figure", "measured", "reached"):
        table.add_column(column)
    for row in _aims(results):
        table.add_row(*row)
    if table.row_count:
        console.print(table)


def markdown(results: list[Result], about: dict[str, Any]) -> str:
    """The same for a page."""
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items() if number)
    machine = about["machine"]
    lines = [
        f"Measured {about['date']} on {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['devices']} (load before: {machine['load_before']}), with {versions}.",
    ]
    for case, rows in _rows(results).items():
        unit = next(result.unit for result in results if result.case == case)
        used = [i for i in range(len(_COLUMNS)) if any(set(row[i]) - set("- /") for row in rows)]
        lines += [
            "",
            f"**{case}** ({unit}; forward / gradient / gradient with input)",
            "",
            "| " + " | ".join(_COLUMNS[i] for i in used) + " |",
        ]
        lines += ["|" + "|".join("---" if i == 0 else "---:" for i in used) + "|"]
        lines += ["| " + " | ".join(row[i].replace("|", "/") for i in used) + " |" for row in rows]
    columns, rows = _choices(results)
    if rows:
        lines += ["", f"**{_CHOICES}**", "", "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
    if aims := _aims(results):
        lines += ["", "Figures to reach:", "", "| figure | measured | reached |", "|---|---:|---|"]
        lines += [f"| {text} | {measured} | {reached} |" for text, measured, reached in aims]
    return "\n".join(lines)


def update_page(page: Path, text: str) -> None:
    """Puts `text` between the marks of the page; the rest of it is written by hand.

    Raises:
        ValueError: a page without the marks.
    """
    before, start, rest = page.read_text().partition(_START)
    _, end, after = rest.partition(_END)
    if not start or not end:
        raise ValueError(f"{page} has no lines {_START!r} and {_END!r}")
    page.write_text(f"{before}{_START}\n\n{text}\n\n{_END}{after}")


_DEVICE, _DEVICES_END = "<!-- device: ", "<!-- end of devices -->"


def update_device(page: Path, device: str, text: str) -> None:
    """Puts what was measured on a device among the devices of the page, in place of what was measured there before.

    Args:
        page: with the mark that ends its devices.
        device: such as "1 x NVIDIA H200".
        text: the section, without its heading.

    Raises:
        ValueError: a page without the mark.
    """
    before, end, after = page.read_text().partition(_DEVICES_END)
    if not end:
        raise ValueError(f"{page} has no line {_DEVICES_END!r}")
    head, *sections = before.split(_DEVICE)
    others = [section for section in sections if not section.startswith(f"{device} -->")]
    own = f"{device} -->\n\n### {device}\n\n{text}\n\n"
    page.write_text(head + "".join(_DEVICE + section for section in (*others, own)) + end + after)
