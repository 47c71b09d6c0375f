"""Eight devices compute what one computes."""

from pathlib import Path

import numpy as np
import pytest

from tests.processes import Workshop, lines_of

# Batches of 20 are filled up to 24 rows on eight devices, and test batches of 80 images hold the 16 there are.
PROGRAM = """
from pathlib import Path

import flax.linen as nn
import jax
import numpy as np
from jax.sharding import AxisType
from rich.console import Console

from qconv.errors import InputError
from qconv.experiment.loading import load
from qconv.models.networks import ClassicalNet
from qconv.runs.fit import fit
from qconv.runs.loop import Loop
from qconv.runs.mesh import device_mesh
from qconv.runs.rehearsal import rehearse
from tests.variants import changed

one = jax.make_mesh((1,), ("batch",), axis_types=(AxisType.Auto,), devices=jax.devices()[:1])
assert device_mesh().size == 8
tiny, _ = load("tiny")
train, test = tiny.data.load("train"), tiny.data.load("test")
for size in (16, 20):
    for mesh in (one, device_mesh()):
        folder = Path(f"{size}-{mesh.size}")
        folder.mkdir()
        loop = Loop(changed(tiny, batch_size=size), tiny.model, train, test, mesh)
        fitted = fit(loop, name="network", folder=folder, console=Console(quiet=True))
        assert {len(leaf.devices()) for leaf in jax.tree.leaves(fitted.state)} == {mesh.size}
        np.save(folder / "theta.npy", fitted.state.trained.params["conv"]["theta"])
        np.save(folder / "right.npy", fitted.evaluation.per_item)


class Normalised(nn.Module):
    @nn.compact
    def __call__(self, features, *, train=False):
        return nn.Dense(4)(nn.BatchNorm(use_running_average=not train)(features.reshape(len(features), -1)))


model = ClassicalNet(Normalised())
rehearse(changed(tiny, batch_size=16), model, device_mesh())
rehearse(changed(tiny, batch_size=20), model, one)
try:
    rehearse(changed(tiny, batch_size=20), model, device_mesh())
except InputError as error:
    Path("refused").write_text(str(error))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a folder for each batch size and number of devices."""
    workshop = Workshop.make(tmp_path_factory)
    process = workshop.run(program=("-c", PROGRAM), XLA_FLAGS="--xla_force_host_platform_device_count=8")
    assert process.returncode == 0, process.stderr
    return workshop.folder


@pytest.mark.parametrize("size", [16, 20])
def test_eight_devices_train_as_one_does(folder: Path, size: int) -> None:
    one, eight = (folder / f"{size}-{count}" for count in (1, 8))
    lines = lines_of(one), lines_of(eight)
    assert len(lines[0]) == 9 and [list(line) for line in lines[0]] == [list(line) for line in lines[1]]
    values = ([value for line in part for value in line.values()] for part in lines)
    np.testing.assert_allclose(*values, rtol=1e-5)
    np.testing.assert_allclose(np.load(one / "theta.npy"), np.load(eight / "theta.npy"), rtol=1e-4, atol=1e-6)
    right = np.load(one / "right.npy"), np.load(eight / "right.npy")
    assert right[0].shape == (16,)
    np.testing.assert_array_equal(*right)


def test_rows_that_fill_a_batch_up_may_not_count_in_its_statistics(folder: Path) -> None:
    assert (folder / "refused").read_text() == (
        "batch_size = 20; allowed: multiples of the 8 devices, since ClassicalNet keeps batch_stats of its batches"
    )
