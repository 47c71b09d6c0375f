"""The picture of a table."""

import numpy as np

from qconv.measurements.logistic_regression import LogisticRegression
from qconv.report.table_picture import table_picture
from qconv.tables.results import Figures, RowResult
from qconv.tables.rows import Axis, Published, Row


def result(at: float | None, values: tuple[float, ...], section: str, published: float | None = None) -> RowResult:
    figure = None if published is None else Published(published, "somewhere", tolerance=0.1, reason="one figure")
    row = Row(f"{at}", (LogisticRegression(),), figure, section=section, at=at)
    return RowResult(row, Figures(values), False, (), 1.0, "")


def test_rows_with_a_place_are_drawn_by_section() -> None:
    results = [
        result(1.0, (0.1, 0.3), "a"),
        result(2.0, (0.4,), "a", published=0.5),
        result(None, (9.0,), "a"),
        result(1.0, (), "b", published=0.7),
    ]
    axes = table_picture(Axis("qubits", "variance", log_y=True), results).axes[0]
    (bars,) = axes.containers
    assert bars.get_label() == "a"
    assert np.asarray(bars[0].get_xydata()).tolist() == [[1.0, 0.2], [2.0, 0.4]]
    crosses = [np.asarray(line.get_xydata()).tolist() for line in axes.lines if line.get_marker() == "x"]
    assert crosses == [[[2.0, 0.5]], [[1.0, 0.7]]]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("qubits", "variance", "log")
