"""Specs to JSON and back, and the run id."""

import dataclasses
import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flax.linen as nn
import numpy as np
import pytest

import qconv
from qconv.circuit.circuit import Circuit
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.discovery import available
from qconv.experiment.experiment import Experiment
from qconv.experiment.loading import load
from qconv.experiment.spec import from_json, run_id, to_json
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised
from qconv.readout.pauli import PauliStrings
from qconv.tasks.losses import SquaredError
from tests.processes import TINY
from tests.variants import changed

EXPERIMENT = Experiment(Synthetic(), QuanvNet(QuantumConv(strides=2), LinearHead(4)))


@dataclass(frozen=True)
class Holder:
    """Holds anything."""

    value: Any


@pytest.mark.parametrize("name", list(available()))
def test_every_experiment_survives_json(name: str) -> None:
    experiment, _ = load(name)
    text = json.dumps(to_json(experiment))
    restored = from_json(json.loads(text))
    assert restored == experiment and hash(restored) == hash(experiment)
    assert run_id(restored) == run_id(experiment)


def test_json_names_classes_and_has_every_field() -> None:
    value = to_json(EXPERIMENT)
    assert value["class"] == "qconv.Experiment"
    assert set(value) == {"class"} | {field.name for field in dataclasses.fields(Experiment)}
    assert value["data"] == {"class": "qconv.Synthetic"} | dataclasses.asdict(Synthetic())
    supervised = {field.name for field in dataclasses.fields(Supervised)}
    assert value["procedure"]["class"] == "qconv.Supervised" and set(value["procedure"]) == {"class"} | supervised
    assert value["task"] == {"class": "qconv.Classification", "loss": {"class": "qconv.CrossEntropy"}}
    assert value["rivals"] == [{"class": "qconv.Twin"}]
    assert value["model"]["conv"]["circuit"]["readout"] == {"class": "qconv.PauliZ"}
    assert "parent" not in value["model"] and "name" not in value["model"]


@pytest.mark.parametrize(
    "changes",
    [
        {"num_steps": 999},
        {"batch_size": 63},
        {"eval_every": 100},
        {"dtype": "float64"},
        {"optimizer": Adam(2e-3)},
        {"loss": SquaredError()},
        {"rivals": ()},
        {"split": "validation"},
        {"data": Synthetic(data_seed=1)},
        {"model": QuanvNet(QuantumConv(strides=2), LinearHead(5))},
        {"model": QuanvNet(QuantumConv(strides=(2, 2)), LinearHead(4))},
        {"model": QuanvNet(QuantumConv(Circuit(readout=PauliStrings(("Z",))), strides=2), LinearHead(4))},
        {"model": QuanvNet(QuantumConv(Circuit(reuploads=1), strides=2), LinearHead(4))},
        {"model": QuanvNet(QuantumConv(Circuit(trainable_scaling=True), strides=2), LinearHead(4))},
    ],
)
def test_run_id_changes_with_every_field(changes: dict[str, Any]) -> None:
    assert run_id(changed(EXPERIMENT, **changes)) != run_id(EXPERIMENT)


def test_run_id_ignores_the_seed() -> None:
    assert run_id(dataclasses.replace(EXPERIMENT, seed=7)) == run_id(EXPERIMENT)
    assert len(run_id(EXPERIMENT)) == 10


@pytest.fixture
def tiny_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "experiments").mkdir()
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "experiments" / "tiny.py"
    sys.modules.pop("experiments.tiny", None)


def id_of(file: Path, source: str) -> str:
    """The run id of the experiment in a file that a new process would see."""
    file.write_text(source)
    sys.modules.pop("experiments.tiny", None)
    importlib.invalidate_caches()
    return run_id(load("tiny")[0])


def test_run_id_changes_with_the_source_of_an_own_ansatz(tiny_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # else two sources of one second and length look alike
    first = id_of(tiny_file, TINY)
    assert id_of(tiny_file, TINY) == first
    assert id_of(tiny_file, TINY.replace("circuit.ry(", "circuit.rx(")) != first


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("data", "class"),
            "qconv.data.gone.Gone",
            "the spec names qconv.data.gone.Gone, which cannot be built: ModuleNotFoundError: No mo",
        ),
        (("data", "class"), "qconv.Gone", "the spec names qconv.Gone, which cannot be built: AttributeError: "),
        (("data", "class"), "qconv.data.synthetic.Gone", "the spec names qconv.data.synthetic.Gone, which cannot be"),
        (("data", "gone"), 1, "qconv.Synthetic, which cannot be built: .*unexpected keyword.*'gone'"),
        (("data", "height"), 0, "height = 0; allowed: at least 1"),
        (("model", "conv", "strids"), 1, "QuantumConv, which cannot be built: .*unexpected keyword.*'strids'"),
    ],
)
def test_a_class_or_field_that_is_gone_is_named(path: tuple[str, ...], value: Any, message: str) -> None:
    spec = part = to_json(EXPERIMENT)
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(InputError, match=message):
        from_json(spec)


def test_every_class_of_qconv_has_its_public_name_however_it_was_written() -> None:
    """So a module of the library may move, and finished runs are still found."""

    def names(value: Any) -> Iterator[str]:
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from names(part)
        if isinstance(value, dict):
            yield value["class"]

    found = {name for own in available() for name in names(to_json(load(own)[0]))}
    of_library = {name for name in found if name.startswith("qconv.")}
    assert len(of_library) > 20 and of_library == {
        f"qconv.{getattr(qconv, n.split('.')[-1]).__name__}" for n in of_library
    }
    assert (
        from_json({"class": "qconv.data.synthetic.Synthetic"}) == from_json({"class": "qconv.Synthetic"}) == Synthetic()
    )


def test_layers_of_flax_are_written_with_what_differs_from_their_defaults() -> None:
    """These are functions, which JSON cannot say."""
    model = QuanvNet(QuantumConv(strides=2), nn.Sequential((nn.Conv(4, (2, 2), use_bias=False), nn.Dense(3))))
    spec = dataclasses.replace(EXPERIMENT, model=model)
    value = to_json(spec)
    assert from_json(json.loads(json.dumps(value))) == spec
    conv, dense = value["model"]["head"]["layers"]
    assert conv["class"].endswith(".Conv") and conv["features"] == 4 and conv["kernel_size"] == [2, 2]
    assert conv["use_bias"] is False and dense["features"] == 3 and dense["use_bias"] is True
    assert "kernel_init" not in conv and "kernel_init" not in dense
    own = dataclasses.replace(EXPERIMENT, model=QuanvNet(QuantumConv(), nn.Dense(3, kernel_init=nn.initializers.ones)))
    with pytest.raises(InputError, match=r"^a spec holds <function ones.*; allowed: frozen dataclasses, Flax modules"):
        to_json(own)


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, np.zeros(2), print, Synthetic, 1j], ids=repr)
def test_a_spec_holds_only_what_json_can_say(value: Any) -> None:
    with pytest.raises(InputError) as error:
        to_json(Holder((value,)))
    assert str(error.value).startswith(f"a spec holds {value!r}; allowed: frozen dataclasses, Flax modules, tuples,")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_does_not_know_is_refused(value: float) -> None:
    with pytest.raises(InputError, match=rf"^a spec holds {value}; allowed: finite numbers"):
        to_json(Holder((value,)))


def test_a_class_inside_a_function_is_refused() -> None:
    @dataclass(frozen=True)
    class Local:
        pass

    with pytest.raises(InputError, match=r"Local in a spec must be a class at the top level of an importable module$"):
        to_json(Holder(Local()))


@pytest.mark.parametrize("value", [0.1, 1e-300, 3.141592653589793, True, None, "θ", (), ((1, 2), (0, 0))])
def test_values_survive_exactly(value: Any) -> None:
    assert from_json(json.loads(json.dumps(to_json(value)))) == value


@pytest.mark.parametrize("name", ["num_steps", "batch_size", "log_every", "eval_every", "checkpoint_every"])
def test_budgets_are_at_least_1(name: str) -> None:
    with pytest.raises(InputError, match=rf"^{name} = 0; allowed: at least 1$"):
        changed(EXPERIMENT, **{name: 0})


def test_seed_is_not_negative() -> None:
    with pytest.raises(InputError, match=r"^seed = -1; allowed: 0 to 4294967295$"):
        dataclasses.replace(EXPERIMENT, seed=-1)
