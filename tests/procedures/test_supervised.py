"""Supervised training: which images a step sees, what a batch counts, and what a step follows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.errors import InputError
from qconv.procedures.optimizers import Adam
from qconv.procedures.procedure import Sums, WeightedBatch
from qconv.procedures.supervised import Supervised, SupervisedState
from qconv.runs.batches import read_batch
from qconv.runs.mesh import device_mesh
from qconv.tasks.classification import Classification
from tests.runs.known import Known, KnownData, known_sums

SOURCE = KnownData(20).load("train")


def test_each_epoch_has_every_image_once_in_an_order_of_its_own() -> None:
    rows = Supervised(batch_size=4).rows
    epochs = [np.concatenate([rows(3, 6 * e + s, 24) for s in range(6)]) for e in range(3)]
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(24))
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_the_ragged_rest_of_an_epoch_is_left_out() -> None:
    rows = Supervised(batch_size=5).rows
    epoch = np.concatenate([rows(0, step, 23) for step in range(4)])
    assert len(set(epoch)) == 20
    assert set(rows(0, 4, 23)) != set(epoch[:5])  # the second epoch starts at step 4


def test_a_step_sees_the_same_images_whatever_was_asked_before() -> None:
    rows, steps = Supervised(batch_size=4).rows, [17, 3, 40, 3, 17]
    seen = [rows(1, step, 24).tolist() for step in steps]
    assert seen[0] == seen[4] and seen[1] == seen[3]
    assert rows(2, 17, 24).tolist() != seen[0]


def batch_of(rows: list[int], size: int) -> WeightedBatch:
    batch = read_batch(SOURCE, np.array(rows), size, device_mesh(), np.dtype(np.float32))
    return jax.tree.map(jnp.asarray, batch)


def after_a_step(procedure: Supervised, batch: WeightedBatch) -> tuple[SupervisedState, Sums]:
    state, frozen = procedure.init(jax.random.key(0), batch.inputs, network=Known())
    assert frozen == {}
    return procedure.step(state, frozen, batch, jax.random.key(0), network=Known(), task=Classification(), start=0)


def test_filled_rows_do_not_change_the_gradient() -> None:
    moments = []
    for size in (3, 8):
        state, _ = after_a_step(Supervised(), batch_of([9, 2, 6], size))
        moments.append(state.opt_state[0].mu["scale"])
    np.testing.assert_allclose(moments[0], moments[1], rtol=1e-6)
    assert float(moments[0][0, 0]) != 0


def test_a_step_gives_the_sums_of_its_batch_before_the_update() -> None:
    state, sums = after_a_step(Supervised(Adam(0.5)), batch_of([9, 2, 6], 4))
    loss, correct = known_sums(SOURCE, np.array([9, 2, 6]))
    assert float(sums.count) == 3 and float(sums.metrics["accuracy"]) == correct
    assert float(sums.metrics["loss"]) == pytest.approx(loss, rel=1e-6)
    assert float(sums.mean_loss(Classification())) == pytest.approx(loss / 3, rel=1e-6)
    assert abs(float(state.params["scale"][0, 0]) - 1) > 0.4


def test_sums_are_sums() -> None:
    task = Classification()
    one, two = (
        Sums(jnp.float32(count), {"loss": jnp.float32(loss), "accuracy": jnp.float32(right)})
        for loss, right, count in ((1.5, 2, 4), (0.25, 1, 2))
    )
    assert (one + two).values(task) == {"loss": 1.75 / 6, "accuracy": 0.5}
    assert (one.zero() + two).values(task) == two.values(task)
    assert {type(leaf) for leaf in jax.tree.leaves(one.zero())} == {np.ndarray}


def test_training_ends_at_its_last_step() -> None:
    procedure = Supervised(num_steps=10)
    state, _ = procedure.init(jax.random.key(0), jnp.zeros((1, 1, 5, 1)), network=Known())
    assert type(state) is SupervisedState
    assert [procedure.ended(state, step) for step in (0, 9, 10, 11)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"num_steps": 0}, r"^num_steps = 0; allowed: at least 1$"),
        ({"batch_size": 0}, r"^batch_size = 0; allowed: at least 1$"),
    ],
)
def test_fields_that_make_no_sense(fields: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Supervised(**fields)
