"""Maps of what networks say of a plane."""

import numpy as np

from qconv.data.dataset import Plane
from qconv.report.plane import crossings, plane_figure


def test_crossings_lie_on_straight_lines_between_points():
    places = np.array([0.0, 1.0, 2.0, 4.0])
    np.testing.assert_allclose(crossings(places, np.array([0.9, 0.7, 0.3, 0.8])), [1.5, 2.8])
    assert crossings(places, np.full(4, 0.2)) == []
    np.testing.assert_allclose(crossings(places, np.array([0.0, 0.5, 1.0, 0.5])), [1.0])  # a point right on it


def test_a_map_for_each_network_and_a_cut_along_the_row_nearest_to_zero():
    first, second = np.meshgrid([0.0, 1.0, 2.0], [-1.0, 0.0, 1.0])
    curve = np.array([[0.0, 1.0], [2.0, -1.0]])  # meets the row 0 at 1
    plane = Plane(("a", "b"), np.stack([first.ravel(), second.ravel()], 1), (curve,), "P(x)")
    values = (first + 10 * second).ravel() / 30 + 0.45
    figure = plane_figure(plane, {"quantum": values, "classical twin": 1 - values})
    cut = figure.axes[2]
    assert len(figure.axes) == 4  # the scale of colours too
    np.testing.assert_allclose(np.asarray(cut.lines[0].get_ydata()), values[3:6])
    assert [text.get_text() for text in cut.get_legend().get_texts()] == [  # ty: ignore[missing-union-attribute]
        "quantum, 1/2 at 1.50",
        "classical twin, 1/2 at 1.50",
    ]
    np.testing.assert_allclose(np.asarray(cut.lines[2].get_xdata()), 1)
