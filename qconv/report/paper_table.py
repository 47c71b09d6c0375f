"""Tables of published papers, as Markdown and as JSON."""

import importlib.metadata
import math
from collections.abc import Callable, Sequence
from typing import Any

import qconv
from qconv.tables.results import Figures, RowResult
from qconv.tables.table import Table

_HEADER = ("published", "ours", "classical", "in tolerance", "seconds")


def markdown(name: str, docstring: str, table: Table, results: Sequence[RowResult], stamp: str) -> str:
    """A page: title, rows by section, what the rows add up to, sources, how ours differ, notes.

    Args:
        name: of the table.
        docstring: of its module: a title, then notes.
        table: its spec.
        results: its rows.
        stamp: when, with what and on what the figures were measured.
    """
    title, _, notes = docstring.strip().partition("\n")
    sources = _Footnotes(lambda number: str(number + 1))
    analogues = _Footnotes(lambda number: chr(ord("a") + number) if number < 26 else f"a{number}")
    reasons = _Footnotes(lambda number: f"!{number + 1}")
    sections = list(dict.fromkeys(result.row.section for result in results))
    lines = [f"# {title}", "", f"Figures: {table.quantity}, mean ± standard deviation over seeds.", ""]
    lines += [f"![{table.axis.y} against {table.axis.x}]({name}.png)", ""] if table.axis else []
    for section in sections:
        lines += [f"**{section}**", ""] if section else []
        lines += ["| row | " + " | ".join(_HEADER) + " |", "|---|" + "---|" * 3 + "---|---:|"]
        lines += [_line(result, sources, analogues, reasons) for result in results if result.row.section == section]
        lines.append("")
    lines += [f"- {sentence}" for sentence in verdicts(results)]
    lines += ["", *sources.lines("Published figures:"), *analogues.lines("Analogues, not the published set-up itself:")]
    lines += reasons.lines("Why figures are missing:")
    if notes.strip():
        lines += [notes.strip(), ""]
    lines += [f"`make table TAB={name}`. {stamp}", ""]
    return "\n".join(lines)


def verdicts(results: Sequence[RowResult]) -> list[str]:
    """What the rows add up to, in sentences."""
    judged = _judged(results)
    sentences = [
        f"In tolerance: {sum(bool(r.in_tolerance) for r in judged)} of {len(judged)} rows with a published value."
    ]
    leads = _leads(results)
    if leads:
        ahead, level, behind = (leads.count(sign) for sign in (1, 0, -1))
        sentences.append(
            f"Quantum against the best classical figure of its row: ahead in {ahead} of {len(leads)} rows, behind "
            f"in {behind}, no difference beyond two standard errors in {level}."
        )
    missing = [result for result in results if result.problem]
    if missing:
        sentences.append(f"Figures are missing in {len(missing)} of {len(results)} rows.")
    return sentences


def overview(entries: Sequence[tuple[str, str, Sequence[RowResult]]]) -> str:
    """One line for each table.

    Args:
        entries: name, title and rows of each.
    """
    lines = ["| table | rows | in tolerance | quantum ahead / level / behind | seconds |", "|---|---:|---:|---:|---:|"]
    for name, title, results in entries:
        judged, leads = _judged(results), _leads(results)
        counts = " / ".join(str(leads.count(sign)) for sign in (1, 0, -1)) if leads else "-"
        within = f"{sum(bool(result.in_tolerance) for result in judged)} of {len(judged)}"
        seconds = f"{sum(result.seconds for result in results):,.0f}"
        lines.append(f"| [{title}]({name}.md) | {len(results)} | {within} | {counts} | {seconds} |")
    return "\n".join(lines) + "\n"


def as_json(name: str, table: Table, results: Sequence[RowResult], provenance: dict[str, Any]) -> dict[str, Any]:
    """The same as JSON values: one object for each row."""
    return {"table": name, "quantity": table.quantity, **provenance, "rows": [_row_json(result) for result in results]}


def provenance(commit: str | None, device: str, date: str) -> dict[str, Any]:
    """With what the figures were measured."""
    packages = ("jax", "flax", "numpy", "scikit-learn")
    versions = {"qconv": qconv.__version__} | {package: importlib.metadata.version(package) for package in packages}
    return {"date": date, "commit": commit, "versions": versions, "device": device}


def stamp(provenance: dict[str, Any]) -> str:
    """That, in a sentence."""
    versions = ", ".join(f"{package} {version}" for package, version in provenance["versions"].items())
    digits, _, changed = (provenance["commit"] or "").partition("-")
    commit = f", commit {digits[:10]}{' with changes' if changed else ''}" if digits else ""
    return f"Written {provenance['date']} on {provenance['device']} with {versions}{commit}."


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
        """All of them under a heading; none without texts."""
        if not self._texts:
            return []
        return [heading, "", *(f"- [{self._label(number)}] {text}" for number, text in enumerate(self._texts)), ""]


def _line(result: RowResult, sources: _Footnotes, analogues: _Footnotes, reasons: _Footnotes) -> str:
    row = result.row
    published = row.published
    shown = with_spread(published.value, published.std) + sources.mark(published.source) if published else "-"
    classical = "; ".join(f"{name} {_figures(figures)}" for name, figures in result.classical) or "-"
    ours = _figures(result.ours) if result.ours.values else ""
    problem = result.problem + reasons.mark(result.reason)
    ours = "; ".join(part for part in (ours, problem) if part)
    within = "-"
    if published and result.in_tolerance is not None:
        within = f"{'yes' if result.in_tolerance else '**no**'}, ±{number(published.tolerance)}"
    seconds = f"{result.seconds:,.{0 if result.seconds >= 10 else 1}f}" if result.ours.values else "-"
    return f"| {row.name}{analogues.mark(row.analogue)} | {shown} | {ours} | {classical} | {within} | {seconds} |"


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


def _leads(results: Sequence[RowResult]) -> list[int]:
    """1 where ours is ahead of the best classical figure by more than two standard errors, -1 if behind, else 0.

    Of rows with a quantum network and something classical, where nothing is missing on either side.
    """
    leads = []
    for result in results:
        if result.is_quantum and result.best_classical and not result.problem:
            _, classical = result.best_classical
            difference, error = result.ours.mean - classical.mean, math.hypot(result.ours.error, classical.error)
            leads.append(0 if abs(difference) <= 2 * error else (1 if difference > 0 else -1))
    return leads


def _row_json(result: RowResult) -> dict[str, Any]:
    row, published = result.row, result.row.published
    return {
        "section": row.section,
        "row": row.name,
        "published": None
        if published is None
        else {"value": published.value, "std": published.std, "source": published.source},
        "ours": _figures_json(result.ours),
        "classical": {name: _figures_json(figures) for name, figures in result.classical},
        "tolerance": published.tolerance if published else None,
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
