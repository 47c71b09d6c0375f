"""Eight devices compute what one computes."""

from pathlib import Path

import numpy as np
import pytest

from tests.processes import Workshop, lines_of

# Batches of 20 are filled up to 24 rows on eight devices, and test batches of 80 images hold the 16 there are.
PROGRAM = """
from dataclasses import replace
from pathlib import Path

import flax.linen as nn
import jax
import numpy as np
from jax.sharding import AxisType
from rich.console import Console

from qconv.errors import InputError
from qconv.experiment.loading import load
from qconv.models.classical_net import ClassicalNet
from qconv.training.fit import fit
from qconv.training.mesh import device_mesh
from qconv.training.rehearsal import rehearse

one = jax.make_mesh((1,), ("batch",), axis_types=(AxisType.Auto,), devices=jax.devices()[:1])
assert device_mesh().size == 8
tiny, _ = load("tiny")
train, test = tiny.data.load("train"), tiny.data.load("test")
for size in (16, 20):
    for mesh in (one, device_mesh()):
        experiment = replace(tiny, batch_size=size)
        folder = Path(f"{size}-{mesh.size}")
        folder.mkdir()
        options = {"label": "network", "train": train, "test": test, "console": Console(quiet=True)}
        fitted = fit(experiment, experiment.model, folder=folder, mesh=mesh, **options)
        assert {len(leaf.devices()) for leaf in jax.tree.leaves(fitted.state)} == {mesh.size}
        np.save(folder / "theta.npy", fitted.state.params["conv"]["theta"])


class Normalised(nn.Module):
    @nn.compact
    def __call__(self, features, *, train=False):
        return nn.Dense(4)(nn.BatchNorm(use_running_average=not train)(features.reshape(len(features), -1)))


model = ClassicalNet(Normalised())
rehearse(replace(tiny, batch_size=16), model, train, device_mesh())
rehearse(replace(tiny, batch_size=20), model, train, one)
try:
    rehearse(replace(tiny, batch_size=20), model, train, device_mesh())
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


def test_rows_that_fill_a_batch_up_may_not_count_in_its_statistics(folder: Path) -> None:
    assert (folder / "refused").read_text() == (
        "batch_size = 20; allowed: multiples of the 8 devices, since ClassicalNet keeps batch_stats of its batches"
    )
