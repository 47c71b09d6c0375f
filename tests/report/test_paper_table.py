"""The page of a table, to the character."""

import pytest

from qconv.measurements.svm import RbfSvm
from qconv.report.paper_table import as_json, markdown, number, overview, verdicts, with_spread
from qconv.tables.results import Figures, RowResult
from qconv.tables.table import Published, Row, Table, seeds

CELLS = (RbfSvm(),)
DIGITS = Published(0.9, "Paper et al. 2020, table 1", 0.02, std=0.01)
ROWS = (
    Row("quantum", seeds(RbfSvm(), range(2)), DIGITS, section="digits", analogue="fewer images"),
    Row("worse", CELLS, Published(0.85, "the authors' repository", 0.01), section="digits", analogue="fewer images"),
    Row("classical", CELLS, section="digits"),
    Row("no data", CELLS, DIGITS, section="letters"),
)
RESULTS = [
    RowResult(
        ROWS[0],
        Figures((0.91, 0.93), 51),
        True,
        (("twin", Figures((0.91, 0.92), 60)), ("SVM", Figures((0.99,)))),
        12.34,
        "",
    ),
    RowResult(ROWS[1], Figures((0.861,), 12), True, (("twin", Figures((0.86,), 12)),), 1.25, ""),
    RowResult(ROWS[2], Figures((0.99,)), False, (), 0.01, ""),
    RowResult(ROWS[3], Figures(), False, (), 0.0, "no data", "nothing | prepared"),
]
DOCSTRING = """Classifiers of Paper et al. (2020).

The set-up, in a line or two.
"""
PAGE = """# Classifiers of Paper et al. (2020).

Figures: test accuracy, mean ± standard deviation over seeds.

**digits**

| row | published | ours | classical | in tolerance | seconds |
|---|---|---|---|---|---:|
| quantum [a] | 0.900 ± 0.010 [1] | 0.920 ± 0.014 (51 p) | twin 0.915 ± 0.007 (60 p); SVM 0.990 | yes, ±0.020 | 12 |
| worse [a] | 0.850 [2] | 0.861 (12 p) | twin 0.860 (12 p) | **no**, ±0.010 | 1.2 |
| classical | - | 0.990 | - | - | 0.0 |

**letters**

| row | published | ours | classical | in tolerance | seconds |
|---|---|---|---|---|---:|
| no data | 0.900 ± 0.010 [1] | no data [!1] | - | - | - |

- In tolerance: 1 of 2 rows with a published value.
- Quantum against the best classical figure of its row: ahead in 1 of 2 rows, behind in 1, no difference beyond two standard errors in 0.
- Figures are missing in 1 of 4 rows.

Published figures:

- [1] Paper et al. 2020, table 1
- [2] the authors' repository

Analogues, not the published set-up itself:

- [a] fewer images

Why figures are missing:

- [!1] nothing | prepared

The set-up, in a line or two.

`make table TAB=paper2020`. Written today.
"""  # noqa: E501 - the lines of the page, which Markdown does not let us break


def test_page() -> None:
    assert markdown("paper2020", DOCSTRING, Table(ROWS), RESULTS, "Written today.") == PAGE


def test_json_holds_what_the_page_shows() -> None:
    value = as_json("paper2020", Table(ROWS), RESULTS, {"commit": None})
    assert value["table"] == "paper2020" and value["quantity"] == "test accuracy" and value["commit"] is None
    first, _, _, last = value["rows"]
    assert first["published"] == {"value": 0.9, "std": 0.01, "source": "Paper et al. 2020, table 1"}
    assert first["ours"]["mean"] == pytest.approx(0.92) and first["ours"]["values"] == [0.91, 0.93]
    assert first["classical"]["SVM"] == {"mean": 0.99, "std": None, "values": [0.99], "num_parameters": None}
    assert first["in_tolerance"] is True and last["in_tolerance"] is None and last["ours"] is None


def test_overview() -> None:
    lines = overview([("paper2020", "Classifiers.", RESULTS), ("none", "Nothing run.", RESULTS[3:])]).splitlines()
    assert lines[2] == "| [Classifiers.](paper2020.md) | 4 | 1 of 2 | 1 / 0 / 1 | 14 |"
    assert lines[3] == "| [Nothing run.](none.md) | 1 | 0 of 0 | - | 0 |"


def test_a_difference_of_exactly_the_tolerance_is_within() -> None:
    row = Row("edge", CELLS, Published(0.93, "a", 0.02))
    assert RowResult(row, Figures((0.95,)), False, (), 0.0, "").in_tolerance  # 0.95 - 0.93 > 0.02 in binary


def test_a_control_that_is_missing_leaves_the_lead_open() -> None:
    """The best classical figure may be the one that is missing."""
    row = Row("quantum", CELLS, DIGITS)
    twin = (("twin", Figures((0.5,))),)
    assert "Quantum" in verdicts([RowResult(row, Figures((0.9,)), True, twin, 0.0, "")])[1]
    sentences = verdicts([RowResult(row, Figures((0.9,)), True, twin, 0.0, "1 of 2 cells: failed", "no memory")])
    assert not any("Quantum" in sentence for sentence in sentences)


def test_some_of_the_seeds_decide_nothing() -> None:
    row = Row("two of three", seeds(RbfSvm(), range(3)), DIGITS)
    twin = (("twin", Figures((0.5, 0.5))),)
    result = RowResult(row, Figures((0.9, 0.9)), True, twin, 0.0, "1 of 3 cells: failed", "no memory")
    assert result.in_tolerance is None
    assert verdicts([result]) == [
        "In tolerance: 0 of 0 rows with a published value.",
        "Figures are missing in 1 of 1 rows.",
    ]


def test_numbers() -> None:
    assert [number(value) for value in (0.0, 1.0, 0.98765, 0.00234, 2.34e-5)] == [
        "0.000",
        "1.000",
        "0.988",
        "0.0023",
        "2.3e-05",
    ]
    assert with_spread(0.984, 0.0058) == "0.984 ± 0.006" and with_spread(1.1e-4, 2e-5) == "1.1e-04 ± 2.0e-05"
