"""Images that are taken for another class: which, in which order, and how they are drawn."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.data.cluster_ising import ClusterIsing
from qconv.data.synthetic import Synthetic
from qconv.tasks.evidence import Evaluated
from qconv.tasks.losses import CrossEntropy, SquaredError
from qconv.tasks.mistakes import Mistakes, Said, surest_mistakes

OUTPUTS = jnp.asarray([[3, 0, 0], [0, 1, 0], [0, 0, 5], [2, 0, 0], [0, 4, 0]], jnp.float32)
LABELS = jnp.asarray([0, 2, 1, 1, 1], jnp.int32)


@dataclass(frozen=True)
class Named(Synthetic):
    class_names: Any = ("cat", "a name of very many letters", "[dog]")


def numpy(said: Said) -> Said:
    return Said(*map(np.asarray, said))


@pytest.mark.parametrize("loss", [CrossEntropy(), SquaredError()])
def test_the_surest_mistake_comes_first(loss: Any) -> None:
    said = numpy(Mistakes(loss).of_batch(OUTPUTS, LABELS, jnp.ones(5)))
    scores = np.asarray(loss.scores(OUTPUTS))
    np.testing.assert_array_equal(said.label, [0, 1, 2, 0, 1])
    np.testing.assert_array_equal(said.true_label, LABELS)
    np.testing.assert_array_equal(said.score, scores.max(1))
    np.testing.assert_array_equal(said.true_score, scores[np.arange(5), np.asarray(LABELS)])
    np.testing.assert_array_equal(surest_mistakes(said), [2, 3, 1])


def evaluated(data: Any) -> Evaluated:
    return Evaluated(data, "test", data.load("test"), lambda rows: {})


def test_a_row_of_images_for_each_network() -> None:
    data = Named(num_images=20, height=4, width=4, num_classes=3)
    said = numpy(Mistakes(CrossEntropy()).of_batch(OUTPUTS, LABELS, jnp.ones(5)))
    right = said._replace(label=said.true_label)
    figure = Mistakes(CrossEntropy()).figure({"quantum": said, "classical twin": right}, evaluated(data))
    assert figure is not None
    first, second = figure.subfigs
    assert first.get_suptitle() == "quantum: 3 of 5 wrong, the surest first"
    assert second.get_suptitle() == "classical twin: 0 of 5 wrong, the surest first"
    images = data.load("test")[np.array([2, 3, 1])].inputs
    for ax, image in zip(first.axes, images, strict=True):
        np.testing.assert_allclose(np.asarray(ax.images[0].get_array()), image[..., 0], atol=1e-6)
    score = np.exp(5) / (np.exp(5) + 2)
    assert first.axes[0].get_title() == f"[dog] {score:.2f}\nis a name of ver… {(1 - score) / 2:.2f}"
    assert not any(ax.images for ax in second.axes)


def test_no_picture_without_mistakes_or_of_points_of_a_plane() -> None:
    said = numpy(Mistakes(CrossEntropy()).of_batch(OUTPUTS, LABELS, jnp.ones(5)))
    right = said._replace(label=said.true_label)
    data = Synthetic(num_images=20, height=4, width=4, num_classes=3)
    assert Mistakes(CrossEntropy()).figure({"quantum": right}, evaluated(data)) is None
    assert Mistakes(CrossEntropy()).figure({"quantum": said}, evaluated(ClusterIsing(5, columns=3, rows=2))) is None
