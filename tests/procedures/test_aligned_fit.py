"""Learned weights: those of the aligned sum, what an owner alone would have, and what the machine makes of them."""

from typing import Any

import numpy as np
import pytest
from rich.console import Console

import qconv
from qconv.data.digits import Digits
from qconv.data.few_labels import FewLabels
from qconv.data.held_out import HeldOut
from qconv.data.reduced_views import ReducedViews
from qconv.data.spoilt_view import SpoiltView
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.kernels.classical import RBF
from qconv.kernels.combined import KernelSum, View
from qconv.models.kernel_machine import KernelMachine
from qconv.procedures.aligned_fit import AlignedFit
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from qconv.runs.training import training

FEW = FewLabels(HeldOut(Digits(test_fraction=0.5), test=200), labels=6)
WHOLE = ReducedViews(FEW, (32, 32), 4)
NOISE = SpoiltView(WHOLE, 4, 8, "another item's", "everywhere")
SUM = KernelSum((View(RBF(), 0, 4), View(RBF(), 4, 8)))


def experiment(data: Any = NOISE, kernel: Any = SUM, **options: Any) -> Experiment:
    return Experiment(data, KernelMachine(kernel, 60), AlignedFit((10.0,), (1.0,), **options), rivals=(), log_every=1)


def kernel_of(spec: Experiment) -> dict[str, Any]:
    return list(training(spec))[-1].variables["params"]["kernel"]


def test_weights_are_those_of_the_aligned_sum_and_switch_noise_off() -> None:
    source = NOISE.load("train")
    items, labels = source[np.arange(len(source))]
    matrices = [qconv.gram(part, items.reshape(60, 8)) for part in SUM.parts]
    weights = np.asarray(kernel_of(experiment())["weights"])
    np.testing.assert_allclose(weights, qconv.aligned_weights(matrices, labels), atol=1e-6)
    assert weights[1] < 0.25 * weights[0]
    np.testing.assert_array_equal(kernel_of(experiment(weights="best"))["weights"], [1, 0])


def test_a_sum_of_the_owners_matrices_is_the_matrix_of_the_pooled_numbers() -> None:
    items = WHOLE.load("train").inputs.reshape(60, 8)
    weights = np.asarray(kernel_of(experiment(WHOLE))["weights"])
    params = {**SUM.init(8), "weights": weights}
    owners = [qconv.gram(RBF(), np.ascontiguousarray(own)) for own in (items[:, :4], items[:, 4:])]
    pooled = qconv.gram(SUM, items, params=params)
    np.testing.assert_allclose(weights[0] * owners[0] + weights[1] * owners[1], pooled, atol=1e-6)


def test_a_sum_within_another_kernel_keeps_its_weights() -> None:
    found = kernel_of(experiment(kernel=View(SUM, 0, 8)))
    np.testing.assert_allclose(found["weights"], 0.5)


def test_a_run_says_how_it_does(tmp_path: Any) -> None:
    with RunDirectory("aligned", experiment(), tmp_path) as run:
        summary = execute(run, Console(quiet=True)).summary(run)
    assert summary.arms[0].metrics["accuracy"] > 0.5 and summary.num_items == 200


@pytest.mark.usefixtures("unchecked")
def test_fields_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"^weights = 'equal'; allowed: 'aligned', 'best'$"):
        AlignedFit(weights="equal")  # ty: ignore[invalid-argument-type]
