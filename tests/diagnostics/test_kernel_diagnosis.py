"""The diagnosis of a kernel, and how it is shown."""

from io import StringIO

import numpy as np
import pytest
from rich.console import Console

import qconv as q
from qconv.errors import InputError
from qconv.report.kernel_diagnosis import kernel_figure, kernel_table

RNG = np.random.default_rng(0)
LABELS = np.arange(90) % 3
X = RNG.normal(size=(3, 6))[LABELS] + 0.7 * RNG.normal(size=(90, 6))
PRODUCT = q.Circuit(q.Angle(scale=1.0), q.Identity())


def printed(diagnosis):
    file = StringIO()
    Console(width=160, file=file).print(kernel_table(diagnosis, "kernel 0"))
    return file.getvalue()


@pytest.mark.parametrize(("bandwidth", "verdict"), [(8.0, "concentrated: "), (1e-3, "too flat: "), (None, "fine: ")])
def test_the_verdict_names_what_is_wrong(bandwidth, verdict):
    found = q.diagnose_kernel(q.FidelityKernel(PRODUCT, bandwidth), X, LABELS)
    assert found.verdict.startswith(verdict)


def test_without_labels_too_flat_is_seen():
    flat = q.diagnose_kernel(q.FidelityKernel(PRODUCT, bandwidth=0.05), X)
    assert flat.verdict.startswith("too flat: pairs have 0.9")
    assert flat.better["bandwidth"] > 5 * flat.scales["bandwidth"]
    assert flat.own.alignment is None and flat.own.complexity is None
    better = q.diagnose_kernel(q.FidelityKernel(PRODUCT, flat.better["bandwidth"]), X)
    assert better.verdict.startswith("fine: ")


def test_figures_are_those_of_the_matrix():
    kernel = q.FidelityKernel(PRODUCT)
    found = q.diagnose_kernel(kernel, X, LABELS)
    matrix = q.gram(kernel, X)
    entries = matrix[np.triu_indices(90, 1)]
    assert found.num_points == 90
    assert found.own.concentration.mean == pytest.approx(entries.mean(), abs=1e-5)
    assert found.own.concentration.variance == pytest.approx(entries.var(), abs=1e-5)
    assert found.own.eigenvalues.sum() == pytest.approx(90, abs=1e-3) and found.own.is_positive
    assert found.own.alignment is not None and 0 < found.own.alignment < 1
    assert found.own.complexity is not None and found.own.complexity > 0
    assert found.geometric_difference is not None and 1 <= found.geometric_difference < np.sqrt(90 / 0.01)
    assert found.periodic is not None and found.periodic.mean == pytest.approx(2.0**-6)


def test_few_points_are_looked_at():
    assert q.diagnose_kernel(q.FidelityKernel(PRODUCT), X, LABELS, most=30).num_points == 30


def test_all_of_it_is_shown():
    found = q.diagnose_kernel(q.FidelityKernel(PRODUCT, 2.0), X, LABELS)
    text = printed(found)
    for part in (
        "kernel 0",
        "mean of pairs",
        "1.56e-02 on a period",
        "effective rank",
        "centred alignment",
        found.verdict,
    ):
        assert part in text
    figure = kernel_figure({"kernel 0": found, "kernel 1": q.diagnose_kernel(q.RBF() + q.Linear(), X)})
    assert [ax.get_title() for ax in figure.subfigs[0].axes][::2] == ["concentration", "other bandwidths"]
    figure.canvas.draw()


def test_sums_and_kernels_without_bandwidth_are_shown():
    found = q.diagnose_kernel(
        q.View(q.FidelityKernel(PRODUCT), 0, 3) + q.View(q.ProjectedKernel(PRODUCT), 3, 6), X, LABELS
    )
    assert list(found.scales) == ["parts.0.bandwidth", "parts.1.bandwidth"]
    linear = q.diagnose_kernel(q.Linear(), X, LABELS)
    assert linear.scales == {} and linear.uniform is None and "centred alignment" in printed(linear)


def test_too_few_points_are_refused():
    with pytest.raises(InputError, match="x has 2 points to look at; allowed: at least 3"):
        q.diagnose_kernel(q.RBF(), X[:2])
