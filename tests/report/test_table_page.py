"""The page of a table, to the character."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from qconv.comparison import Scores
from qconv.errors import InputError
from qconv.measurements.svm import RbfSvm
from qconv.report.table_page import as_json, markdown, number, overview, verdicts, with_spread
from qconv.runs.provenance import Provenance
from qconv.tables.results import Figures, RowResult
from qconv.tables.rows import Control, Published, Row, Table, seeds

CELLS = (RbfSvm(),)
DIGITS = Published(0.9, "Paper et al. 2020, table 1", std=0.01, runs=5)
BY_HAND = Published(0.85, "the authors' repository", tolerance=0.01, reason="one seed")
ROWS = (
    Row("quantum", seeds(RbfSvm(), range(2)), DIGITS, section="digits", analogue="fewer images"),
    Row("worse", CELLS, BY_HAND, section="digits", analogue="fewer images"),
    Row("classical", CELLS, section="digits"),
    Row("no data", seeds(RbfSvm(), range(2)), DIGITS, section="letters"),
)


def figures(*right: int, parameters: int | None = None) -> Figures:
    """Of seeds that classify so many of 100 images rightly: the first ones."""
    scores = [Scores(seed, "images", (np.arange(100) < count).astype(float)) for seed, count in enumerate(right)]
    return Figures(tuple(count / 100 for count in right), parameters, tuple(scores))


NOW = Provenance(1, "0123456789abcdef", True, (("jax", "0.10.1"),), "1 x cpu", "2026-11-27")
RESULTS = [
    RowResult(
        ROWS[0],
        figures(91, 93, parameters=51),
        True,
        (("twin", figures(91, 92, parameters=60)), ("SVM", figures(99))),
        12.34,
        "",
        computed=Counter({(NOW,): 5}),
    ),
    RowResult(
        ROWS[1], figures(99, parameters=12), True, (("twin", figures(86)),), 1.25, "", computed=Counter({(NOW,): 2})
    ),
    RowResult(ROWS[2], figures(99), False, (), 0.01, "", computed=Counter({(NOW, NOW._replace(clean=False)): 1})),
    RowResult(ROWS[3], Figures(), False, (), 0.0, "no data", "nothing | prepared"),
]
DOCSTRING = """Classifiers of Paper et al. (2020).

The set-up, in a line or two.
"""
PAGE = """# Classifiers of Paper et al. (2020).

Figures: test accuracy, mean ± standard deviation over seeds; ours - classical, mean ± standard error, paired over test images.

**digits**

| row | published | ours | classical | ours - classical | in tolerance | seconds |
|---|---|---|---|---|---|---:|
| quantum [a] | 0.900 ± 0.010 [1] | 0.920 ± 0.014 (51 p) | twin 0.915 ± 0.007 (60 p); SVM 0.990 | twin +0.005 ± 0.005; SVM -0.070 ± 0.026 | yes, ±0.022 | 12 |
| worse [a] | 0.850 [2] | 0.990 (12 p) | twin 0.860 | twin +0.130 ± 0.034, ahead | **no**, ±0.010 [±1] | 1.2 |
| classical | - | 0.990 | - | - | - | 0.0 |

**letters**

| row | published | ours | classical | ours - classical | in tolerance | seconds |
|---|---|---|---|---|---|---:|
| no data | 0.900 ± 0.010 [1] | no data [!1] | - | - | - | - |

- In tolerance: 1 of 2 rows with a published value.
- Quantum against everything classical in its row, on the same test images: ahead of all in 1 of 2 rows, behind at least one in 0, neither in 1.
- Figures are missing in 1 of 4 rows.

Published figures:

- [1] Paper et al. 2020, table 1
- [2] the authors' repository

Analogues, not the published set-up itself:

- [a] fewer images

Tolerances set by hand, and why; the others are two standard errors of the difference of the two means:

- [±1] one seed

Why figures are missing:

- [!1] nothing | prepared

The set-up, in a line or two.

`make table TAB=paper2020`. 7 of 8 cells computed 2026-11-27 at commit 0123456789, numerics 1, jax 0.10.1, on 1 x cpu. 1 of 8 cells computed 2026-11-27 at commit 0123456789, numerics 1, jax 0.10.1, on 1 x cpu; then computed 2026-11-27 at commit 0123456789 with changes, numerics 1, jax 0.10.1, on 1 x cpu.
"""  # noqa: E501 - the lines of the page, which Markdown does not let us break


def test_page() -> None:
    assert markdown("paper2020", DOCSTRING, Table(ROWS), RESULTS) == PAGE


def test_json_holds_what_the_page_shows() -> None:
    value = as_json("paper2020", DOCSTRING, Table(ROWS), RESULTS)
    assert value["table"] == "paper2020" and value["quantity"] == "test accuracy"
    assert value["title"] == "Classifiers of Paper et al. (2020)."
    cleans = [(own["cells"], [entry["clean"] for entry in own["provenance"]]) for own in value["computed"]]
    assert cleans == [(7, [True]), (1, [True, False])]
    first, second, _, last = value["rows"]
    assert first["published"]["value"] == 0.9 and first["published"]["std"] == 0.01 and first["published"]["runs"] == 5
    assert first["ours"]["mean"] == pytest.approx(0.92) and first["ours"]["values"] == [0.91, 0.93]
    assert first["classical"]["SVM"] == {"mean": 0.99, "std": None, "values": [0.99], "num_parameters": None}
    assert first["ours_minus_classical"]["SVM"]["difference"] == pytest.approx(-0.07)
    assert first["verdict"] == "no difference" and second["verdict"] == "ahead" and last["verdict"] is None
    assert second["published"]["tolerance_by_hand"] == "one seed"
    assert first["in_tolerance"] is True and last["in_tolerance"] is None and last["ours"] is None


def test_overview() -> None:
    tables = [("paper2020", "Classifiers.\n\nNotes.", RESULTS), ("none", "Nothing run.", RESULTS[3:])]
    lines = overview([as_json(name, docstring, Table(ROWS), own) for name, docstring, own in tables]).splitlines()
    assert lines[2] == "| [Classifiers.](paper2020.md) | 4 | 1 of 2 | 1 / 1 / 0 | 14 |"
    assert lines[3] == "| [Nothing run.](none.md) | 1 | 0 of 0 | - | 0 |"


def test_tolerance_is_two_standard_errors_of_the_difference_of_the_means() -> None:
    row = Row("two", seeds(RbfSvm(), range(4)), Published(0.9, "a", std=0.03, runs=9))
    result = RowResult(row, Figures((0.91, 0.93, 0.91, 0.93)), False, (), 0.0, "")
    ours = np.std([0.91, 0.93, 0.91, 0.93], ddof=1) / 2
    assert result.tolerance == pytest.approx(2 * np.hypot(0.01, ours)) and result.in_tolerance
    of_population = Published(0.9, "a", std=0.03, runs=10, ddof=0)
    assert of_population.error == pytest.approx(0.01)  # divided by n there: the same as 0.0316 divided by n - 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": ""}, r"^published value 0\.9 has no source; allowed: where it was read$"),
        ({}, r"has std = None, runs = None; allowed: std and at least 2 runs, or a tolerance with its reason$"),
        ({"std": 0.1, "runs": 1}, r"has std = 0\.1, runs = 1; allowed: std and at least 2 runs"),
        ({"tolerance": 0.1}, r"^tolerance = 0\.1 with the reason ''; allowed: both, or neither where the spreads"),
        ({"std": 0.1, "runs": 5, "reason": "so"}, r"^tolerance = None with the reason 'so'; allowed: both, or neither"),
        ({"tolerance": -1.0, "reason": "so"}, r"^tolerance = -1\.0; allowed: 0 or more$"),
        ({"std": 0.1, "runs": 0}, r"^runs = 0; allowed: at least 1$"),
        ({"value": math.nan, "tolerance": 0.1, "reason": "so"}, r"^published value = nan; allowed: finite numbers$"),
        ({"std": math.inf, "runs": 5}, r"^published std = inf; allowed: finite numbers$"),
        ({"std": -0.1, "runs": 5}, r"^std = -0\.1; allowed: 0 or more$"),
        ({"tolerance": math.inf, "reason": "so"}, r"^published tolerance = inf; allowed: finite numbers$"),
        ({"std": 0.1, "runs": 5, "ddof": 2}, r"^ddof = 2; allowed: 0, 1$"),
    ],
)
def test_a_published_figure_says_what_it_can_be_held_to(fields: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"value": 0.9, "source": "a"}
    with pytest.raises(InputError, match=message):
        Published(**given | fields)


def test_a_single_cell_has_no_spread() -> None:
    with pytest.raises(
        InputError, match=r"^row 'one' has 1 cell, whose spread is not known; allowed: several seeds, or"
    ):
        Row("one", CELLS, DIGITS)


def test_a_control_on_other_images_is_refused() -> None:
    from qconv.data.binarised import Binarised
    from qconv.data.digits import Digits
    from qconv.data.subset import Subset

    Row("same", CELLS, controls=(Control("changed one by one", (RbfSvm(data=Binarised(Digits())),)),))
    for other in (Subset(Digits(), 10, 10), Digits(split_seed=1)):
        with pytest.raises(
            InputError, match=r"^the control 'other' of row 'row' is tested on other images; allowed: th"
        ):
            Row("row", CELLS, controls=(Control("other", (RbfSvm(data=other),)),))


def test_a_difference_of_exactly_the_tolerance_is_within() -> None:
    row = Row("edge", CELLS, Published(0.93, "a", tolerance=0.02, reason="so"))
    assert RowResult(row, Figures((0.95,)), False, (), 0.0, "").in_tolerance  # 0.95 - 0.93 > 0.02 in binary


def test_a_control_that_is_missing_leaves_the_verdict_open() -> None:
    """The best classical figure may be the one that is missing."""
    row = Row("quantum", CELLS, BY_HAND)
    twin = (("twin", figures(50)),)
    assert "Quantum" in verdicts([RowResult(row, figures(90), True, twin, 0.0, "")])[1]
    sentences = verdicts([RowResult(row, figures(90), True, twin, 0.0, "1 of 2 cells: failed", "no memory")])
    assert not any("Quantum" in sentence for sentence in sentences)


def test_seeds_that_agree_on_few_images_are_no_verdict() -> None:
    """Five images of 500, the same for every seed: seeds alone would call that certain."""
    row = Row("quantum", CELLS, BY_HAND)
    right = np.arange(500)
    scores = [tuple(Scores(seed, "images", (right < n).astype(float)) for seed in range(5)) for n in (492, 497)]
    ours, twin = (Figures((own[0].values.mean(),) * 5, None, own) for own in scores)
    result = RowResult(row, ours, True, (("twin", twin),), 0.0, "")
    assert result.comparisons[0][1].error == pytest.approx(np.sqrt(0.01 * 0.99 / 499))
    assert ours.error == 0 and result.verdict == "behind"  # by 2.2 standard errors
    few = Figures((0.99,) * 5, None, tuple(score._replace(values=(right < 495).astype(float)) for score in scores[1]))
    assert RowResult(row, ours, True, (("twin", few),), 0.0, "").verdict == "no difference"  # by 1.7


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
