"""Networks that start from the weights of a file."""

import hashlib
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict
from rich.console import Console

from qconv import (
    Digits,
    Experiment,
    InputError,
    LinearHead,
    Pretrained,
    QuantumConv,
    QuanvNet,
    Supervised,
    arms,
    save_weights,
    training,
)
from qconv.experiment.spec import run_id
from qconv.models.network import num_frozen_stages, output_of
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory


class Normalised(nn.Module):
    """A layer that has more than parameters, and is told whether it is trained."""

    conv: nn.Module

    @nn.compact
    def __call__(self, images, *, train=False):
        return nn.BatchNorm(use_running_average=not train, momentum=0.5)(self.conv(images))


NETWORKS = {
    "classical": Normalised(nn.Conv(3, (3, 3))),
    "quantum": Normalised(QuantumConv(features=2)),
    "a layer": QuantumConv(features=2),
}
IMAGES = jnp.asarray(np.random.default_rng(0).random((5, 8, 8, 1), np.float32))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.setenv("QCONV_WEIGHTS", f"{tmp_path / 'none'}:{folder}")
    return folder


def weights_of(network: nn.Module) -> dict:
    """Variables that no initialiser draws."""
    drawn = network.init(jax.random.key(0), IMAGES)
    leaves, tree = jax.tree.flatten(drawn)
    rng = np.random.default_rng(1)
    return jax.tree.unflatten(tree, [jnp.asarray(rng.random(leaf.shape, np.float32)) for leaf in leaves])


@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_starts_from_its_file(name: str, trainable: bool, folder: Path) -> None:
    network = NETWORKS[name]
    variables = weights_of(network)
    model = Pretrained(network, save_weights(folder / "a.safetensors", variables), trainable)
    started = jax.jit(model.init)(jax.random.key(3), IMAGES)
    assert set(started) == (set(variables) if trainable else {"frozen"})
    np.testing.assert_array_equal(output_of(model, started, IMAGES), output_of(network, variables, IMAGES))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_not_trained_stays_and_is_computed_once(name: str, folder: Path) -> None:
    network = NETWORKS[name]
    digest = save_weights(folder / "a.safetensors", weights_of(network))
    for trainable in (False, True):
        model = QuanvNet(Pretrained(network, digest, trainable), LinearHead())
        experiment = Experiment(Digits(), model, Supervised(num_steps=3), rivals=())
        assert num_frozen_stages(model, (8, 8, 1), np.float32) == (not trainable)
        quantum = 32 if name != "classical" and trainable else 0
        assert arms(experiment)[0].traced.num_quantum_parameters == quantum
        moments = list(training(experiment))
        after = experiment.procedure.variables(moments[-1].state.trained)
        if trainable:
            first = flatten_dict(model.init(jax.random.key(experiment.seed), IMAGES)["params"])
            changed = flatten_dict(after["params"])
            assert all(np.any(changed[path] != first[path]) for path in first if path[0] == "conv")
            assert ("batch_stats" in after) == (name != "a layer")
        else:
            assert "conv" not in after["params"] and "batch_stats" not in after


def test_where_the_file_lies_is_no_part_of_a_run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = save_weights(folder / "a.safetensors", weights_of(NETWORKS["classical"]))
    model = QuanvNet(Pretrained(NETWORKS["classical"], digest), LinearHead())
    experiment = Experiment(Digits(), model, Supervised(num_steps=2))
    before = run_id(experiment)
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    (elsewhere / "a.safetensors").rename(elsewhere / "b.safetensors")
    monkeypatch.setenv("QCONV_WEIGHTS", str(elsewhere))
    with RunDirectory("own", experiment, tmp_path / "runs") as run:
        execute(run, Console(quiet=True))
    assert run.run_id == before


def test_npz_and_names_with_points_are_read_too(folder: Path) -> None:
    network = NETWORKS["classical"]
    variables = weights_of(network)
    np.savez(folder / "a.npz", **{".".join(path): leaf for path, leaf in flatten_dict(variables).items()})
    conv = nn.Conv(3, (3, 3))
    kernel = {"kernel": np.ones((3, 3, 1, 3), np.float64), "bias": np.arange(3.0)}
    np.savez(folder / "b.npz", **kernel)  # ty: ignore[invalid-argument-type] - its stub takes these for flags
    for module, expected, name in ((network, variables, "a.npz"), (conv, {"params": kernel}, "b.npz")):
        model = Pretrained(module, sha256(folder / name))
        started = model.init(jax.random.key(3), IMAGES)
        np.testing.assert_allclose(output_of(model, started, IMAGES), output_of(module, expected, IMAGES), rtol=1e-6)
        assert {leaf.dtype for leaf in jax.tree.leaves(started)} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"kernel": jnp.ones((3, 3, 1, 3))}, "params/bias is missing"),
        ({"kernel": jnp.ones((3, 3, 1, 3)), "bias": jnp.ones(3), "scale": jnp.ones(3)}, "params/scale is left over"),
        ({"kernel": jnp.ones((3, 3, 3, 3)), "bias": jnp.ones(3)}, r"shape \(3, 3, 3, 3\) and not \(3, 3, 1, 3\)"),
        (
            {"kernel": jnp.ones((3, 3, 1, 3), complex), "bias": jnp.ones(3)},
            "params/kernel holds complex64 and not float32",
        ),
    ],
)
def test_a_file_of_another_network_is_refused(arrays: dict, message: str, folder: Path) -> None:
    model = QuanvNet(Pretrained(nn.Conv(3, (3, 3)), save_weights(folder / "a.safetensors", arrays)), LinearHead())
    with pytest.raises(InputError, match=message):
        next(training(Experiment(Digits(), model)))


def test_a_file_that_is_not_there_or_damaged_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="64 digits"):
        Pretrained(nn.Conv(3, (3, 3)), "resnet.safetensors")
    (folder / "a.safetensors").write_bytes(b"none")
    for digest, message in (("0" * 64, r"no file.*a.safetensors \("), (sha256(folder / "a.safetensors"), "be read")):
        with pytest.raises(InputError, match=message):
            Pretrained(nn.Conv(3, (3, 3)), digest).init(jax.random.key(0), IMAGES)
    with pytest.raises(InputError, match=r"ends in \.safetensors"):
        save_weights(folder / "a.bin", {})


def test_a_place_that_cannot_be_written_is_said(folder: Path) -> None:
    (folder / "taken.safetensors").mkdir()
    with pytest.raises(InputError, match=r"^cannot write weights to .*taken\.safetensors: Is a directory$"):
        save_weights(folder / "taken.safetensors", {})


def test_other_files_beside_it_do_not_matter(folder: Path) -> None:
    (folder / "a_folder.npz").mkdir()
    conv = nn.Conv(3, (3, 3))
    digest = save_weights(folder / "z.safetensors", weights_of(conv))
    Pretrained(conv, digest).init(jax.random.key(0), IMAGES)
    with pytest.raises(InputError, match=r"no file with this SHA-256 in .*a_folder\.npz \(Is a directory\)"):
        Pretrained(conv, "0" * 64).init(jax.random.key(0), IMAGES)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
