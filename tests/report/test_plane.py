"""Maps of what networks say of a plane."""

import jax.numpy as jnp
import numpy as np

from qconv.data.cluster_ising import ClusterIsing
from qconv.data.dataset import Plane
from qconv.data.synthetic import Synthetic
from qconv.tasks.classification import Classification
from qconv.tasks.evidence import Evaluated
from qconv.tasks.losses import CrossEntropy, SquaredError
from qconv.tasks.plane_scores import PlaneScores, crossings, plane_figure


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


def test_images_that_are_points_are_drawn_where_they_lie_and_others_are_not():
    data = ClusterIsing(5, num_train=2, columns=3, rows=5)
    found = {"quantum": np.linspace(0, 1, 15)}
    kind = PlaneScores(CrossEntropy())
    figure = kind.figure(found, Evaluated(data, "test", data.load("test"), lambda rows: {}))
    assert figure is not None
    shown = figure.axes[0].collections[0]
    np.testing.assert_allclose(np.asarray(shown.get_array()).ravel(), found["quantum"])
    assert figure.axes[0].get_xlabel() == "h1 / J"
    images = Synthetic(60)
    assert kind.figure(found, Evaluated(images, "test", images.load("test"), lambda rows: {})) is None


def test_what_is_shown_of_a_point_is_the_score_of_class_1():
    labels, weights = np.zeros(2, np.int32), np.ones(2, np.float32)
    logits = np.array([[0.0, np.log(3.0)], [2.0, 2.0]], np.float32)
    for loss, expected in ((CrossEntropy(), [0.75, 0.5]), (SquaredError(), logits[:, 1])):
        (kind,) = (kind for kind in Classification(loss).evidence if kind.name == "plane")
        assert not kind.is_sum
        np.testing.assert_allclose(kind.of_batch(*map(jnp.asarray, (logits, labels, weights))), expected, rtol=1e-6)
    alone = PlaneScores(SquaredError()).of_batch(*map(jnp.asarray, (logits[:, :1], labels, weights)))
    np.testing.assert_array_equal(alone, logits[:, 0])
