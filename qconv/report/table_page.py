"""Tables of published papers, as Markdown and as JSON."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qconv.comparison import Comparison, Verdict, told_apart
from qconv.runs.provenance import Provenance
from qconv.tables.results import Figures, RowResult
from qconv.tables.rows import Table

_HEADER = ("published", "ours", "classical", "ours - classical", "in tolerance", "seconds")


def markdown(name: str, docstring: str, table: Table, results: Sequence[RowResult]) -> str:
    """A page: title, rows by section, what the rows add up to, sources, how ours differ, notes, what computed it.

    Args:
        name: of the table.
        docstring: of its module: a title, then notes.
        table: its spec.
        results: its rows.
    """
    notes = docstring.strip().partition("\n")[2]
    sources = _Footnotes(lambda number: str(number + 1))
    analogues = _Footnotes(lambda number: chr(ord("a") + number) if number < 26 else f"a{number}")
    reasons = _Footnotes(lambda number: f"!{number + 1}")
    by_hand = _Footnotes(lambda number: f"±{number + 1}")
    sections = list(dict.fromkeys(result.row.section for result in results))
    lines = [f"# {title_of(docstring)}", "", _figures_are(table, results), ""]
    lines += [f"![{table.axis.y} against {table.axis.x}]({name}.png)", ""] if table.axis else []
    for section in sections:
        lines += [f"**{section}**", ""] if section else []
        lines += ["| row | " + " | ".join(_HEADER) + " |", "|---|" + "---|" * (len(_HEADER) - 1) + "---:|"]
        own = [result for result in results if result.row.section == section]
        lines += [_line(result, sources, analogues, reasons, by_hand) for result in own]
        lines.append("")
    lines += [f"- {sentence}" for sentence in verdicts(results)]
    lines += ["", *sources.lines("Published figures:"), *analogues.lines("Analogues, not the published set-up itself:")]
    lines += by_hand.lines(
        "Tolerances set by hand, and why; the others are two standard errors of the difference of the two means:"
    )
    lines += reasons.lines("Why figures are missing:")
    if notes.strip():
        lines += [notes.strip(), ""]
    lines += [f"`make table TAB={name}`. {_computed(results)}", ""]
    return "\n".join(lines)


def _figures_are(table: Table, results: Sequence[RowResult]) -> str:
    compared = "; ours - classical, mean ± standard error, paired over images"
    shown = any(result.comparisons for result in results)
    return f"Figures: {table.quantity}, mean ± standard deviation over seeds{compared if shown else ''}."


def verdicts(results: Sequence[RowResult]) -> list[str]:
    """What the rows add up to, in sentences."""
    judged = _judged(results)
    sentences = [
        f"In tolerance: {sum(bool(r.in_tolerance) for r in judged)} of {len(judged)} rows with a published value."
    ]
    if found := _verdicts(results):
        ahead, level, behind = (found.count(verdict) for verdict in _VERDICTS)
        sentences.append(
            f"Quantum against everything classical in its row, on the same images: ahead of all in {ahead} of "
            f"{len(found)} rows, behind at least one in {behind}, neither in {level}."
        )
    missing = [result for result in results if result.problem]
    if missing:
        sentences.append(f"Figures are missing in {len(missing)} of {len(results)} rows.")
    return sentences


def overview(tables: Sequence[Mapping[str, Any]]) -> str:
    """One line for each table.

    Args:
        tables: each as `as_json` says it.
    """
    lines = ["| table | rows | in tolerance | quantum ahead / level / behind | seconds |", "|---|---:|---:|---:|---:|"]
    for table in tables:
        rows = table["rows"]
        judged = [row["in_tolerance"] for row in rows if row["in_tolerance"] is not None]
        found = [row["verdict"] for row in rows if row["verdict"]]
        counts = " / ".join(str(found.count(verdict)) for verdict in _VERDICTS) if found else "-"
        within = f"{sum(judged)} of {len(judged)}"
        seconds = f"{sum(row['seconds'] for row in rows):,.0f}"
        lines.append(f"| [{table['title']}]({table['table']}.md) | {len(rows)} | {within} | {counts} | {seconds} |")
    return "\n".join(lines) + "\n"


def as_json(name: str, docstring: str, table: Table, results: Sequence[RowResult]) -> dict[str, Any]:
    """A table as JSON values: one object for each row, and what computed the cells.

    Args:
        name: of the table.
        docstring: of its module.
        table: its spec.
        results: its rows.
    """
    computed = [
        {"cells": count, "provenance": [entry.to_json() for entry in entries]}
        for entries, count in _cells_by_provenance(results)
    ]
    return {
        "table": name,
        "title": title_of(docstring),
        "quantity": table.quantity,
        "computed": computed,
        "rows": [_row_json(result) for result in results],
    }


def title_of(docstring: str) -> str:
    """The first line of a table's docstring."""
    return docstring.strip().split("\n")[0]


def _cells_by_provenance(results: Sequence[RowResult]) -> list[tuple[tuple[Provenance, ...], int]]:
    """What computed the cells, one after the other, each with how many; of a cell that rows share, in each of them."""
    counts = sum((result.computed for result in results), Counter())
    return sorted(counts.items(), key=lambda item: [entry.date for entry in item[0]])


def _computed(results: Sequence[RowResult]) -> str:
    """What computed the cells, in a sentence for each."""
    found = _cells_by_provenance(results)
    total = sum(count for _, count in found)
    sentences = []
    for entries, count in found:
        which = "Cells" if count == total else f"{count} of {total} cells"
        sentences.append(f"{which} {'; then '.join(map(str, entries))}.")
    return " ".join(sentences) or "No cell has been run."


class _Footnotes:
    """Texts that cells refer to, each once."""

    def __init__(self, label: Callable[[int], str]) -> None:
        self._label, self._texts = label, []

    def mark(self, text: str) -> str:
        """For example " [1]"; nothing for no text."""
        if not text:
            return ""
        if text not in self._texts:
            self._texts.append(text)
        return f" [{self._label(self._texts.index(text))}]"

    def lines(self, heading: str) -> list[str]:
        """The lines of all texts under a heading; none without texts."""
        if not self._texts:
            return []
        return [heading, "", *(f"- [{self._label(number)}] {text}" for number, text in enumerate(self._texts)), ""]


def _line(
    result: RowResult, sources: _Footnotes, analogues: _Footnotes, reasons: _Footnotes, by_hand: _Footnotes
) -> str:
    row = result.row
    published = row.published
    shown = with_spread(published.value, published.std) + sources.mark(published.source) if published else "-"
    classical = "; ".join(f"{name} {_figures(figures)}" for name, figures in result.classical) or "-"
    ours = _figures(result.ours) if result.ours.values else ""
    problem = result.problem + reasons.mark(result.reason)
    ours = "; ".join(part for part in (ours, problem) if part)
    differences = "; ".join(f"{name} {_difference(result, found)}" for name, found in result.comparisons) or "-"
    within = "-"
    if published and result.tolerance is not None:
        within = f"{'yes' if result.in_tolerance else '**no**'}, ±{number(result.tolerance)}"
        within += by_hand.mark(published.reason)
    seconds = f"{result.seconds:,.{0 if result.seconds >= 10 else 1}f}" if result.ours.values else "-"
    name = f"{row.name}{analogues.mark(row.analogue)}"
    return f"| {name} | {shown} | {ours} | {classical} | {differences} | {within} | {seconds} |"


def _difference(result: RowResult, found: Comparison) -> str:
    """For example "-0.010 ± 0.004, behind": with the standard error, and what can be told from chance."""
    verdict = told_apart(found, len(result.comparisons))
    return f"{found.difference:+.3f} ± {found.error:.3f}" + (f", {verdict}" if verdict != "no difference" else "")


def _figures(figures: Figures) -> str:
    parameters = f" ({figures.num_parameters:,} p)" if figures.num_parameters is not None else ""
    return with_spread(figures.mean, figures.std) + parameters


def with_spread(mean: float, std: float | None) -> str:
    """For example "0.984 ± 0.006": both with the decimals that suit the mean."""
    return number(mean) if std is None else f"{number(mean)} ± {number(std, like=mean)}"


def number(value: float, like: float | None = None) -> str:
    """Three decimals; four of what is below 0.01, and powers of ten below 0.001, but not for 0.

    Args:
        value: what is shown.
        like: the number whose size decides; by default the value itself.
    """
    size = abs(value if like is None else like)
    if size == 0 or size >= 0.01:
        return f"{value:.3f}"
    return f"{value:.4f}" if size >= 0.001 else f"{value:.1e}"


def _judged(results: Sequence[RowResult]) -> list[RowResult]:
    """Rows of which can be said whether they are in tolerance."""
    return [result for result in results if result.in_tolerance is not None]


_VERDICTS: tuple[Verdict, ...] = ("ahead", "no difference", "behind")


def _verdicts(results: Sequence[RowResult]) -> list[Verdict]:
    """Verdicts of the rows with a quantum network and something classical, where nothing is missing on either side."""
    return [result.verdict for result in results if result.verdict]


def _row_json(result: RowResult) -> dict[str, Any]:
    row, published = result.row, result.row.published
    return {
        "section": row.section,
        "row": row.name,
        "published": None
        if published is None
        else {
            "value": published.value,
            "std": published.std,
            "runs": published.runs,
            "source": published.source,
            "tolerance_by_hand": published.reason,
        },
        "ours": _figures_json(result.ours),
        "classical": {name: _figures_json(figures) for name, figures in result.classical},
        "ours_minus_classical": {
            name: {"difference": found.difference, "error": found.error, "images": found.num_images}
            for name, found in result.comparisons
        },
        "verdict": result.verdict,
        "tolerance": result.tolerance,
        "in_tolerance": result.in_tolerance,
        "analogue": row.analogue,
        "problem": result.problem,
        "reason": result.reason,
        "seconds": round(result.seconds, 1),
    }


def _figures_json(figures: Figures) -> dict[str, Any] | None:
    if not figures.values:
        return None
    return {
        "mean": figures.mean,
        "std": figures.std,
        "values": list(figures.values),
        "num_parameters": figures.num_parameters,
    }
