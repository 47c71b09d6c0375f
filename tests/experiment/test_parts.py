"""What a spec may be made of, and what is said of the rest."""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.dataset import Element
from qconv.data.resized import Resized
from qconv.data.synthetic import Synthetic
from qconv.data.validation import WithValidation
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.experiment.discovery import available
from qconv.experiment.experiment import Experiment
from qconv.experiment.loading import load
from qconv.experiment.rivals import Twin
from qconv.layers.quantum_conv import QuantumConv
from qconv.measurements.base import Measured, Measurement
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.optimizers import Sgd
from qconv.procedures.supervised import Supervised
from qconv.readout.pauli import PauliZ
from qconv.tables.rows import Control, Row, load_table
from qconv.tasks.classification import Classification
from qconv.tasks.losses import CrossEntropy
from tests.processes import TINY

ALLOWED = "; allowed: classes with @dataclass(frozen=True), Flax modules, tuples, numbers, strings, bools and None"


class Turns(Ansatz):
    """Abstract methods of all subclasses below."""

    def param_shape(self, num_qubits):
        return (num_qubits,)

    def __call__(self, circuit, theta):
        for qubit in range(circuit.num_qubits):
            circuit.ry(qubit, theta=theta[qubit])


@dataclass
class Thawed(Turns):
    depth: int = 1


@dataclass(unsafe_hash=True)
class Hashed(Turns):
    depth: int = 1


@dataclass(frozen=True, eq=False)
class OnlyItself(Turns):
    depth: int = 1


@dataclass(frozen=True)
class Holder(Turns):
    held: Any = None


class Undecorated(Holder):
    depth: int = 1


class Plain(Holder):
    """Other methods, no other fields."""

    name: ClassVar[str] = "plain"


class Module(nn.Module):
    held: Any = None

    def __call__(self, features, *, train=False):
        return features


def experiment(ansatz: Any = None, **others: Any) -> Experiment:
    conv = QuantumConv(Circuit(ansatz=HardwareEfficient(1) if ansatz is None else ansatz))
    options: Any = {"data": Synthetic(), "model": QuanvNet(conv, LinearHead(4)), **others}
    return Experiment(**options)


@pytest.mark.parametrize(
    ("ansatz", "said"),
    [
        (Turns(), "ansatz of Circuit holds an object of the class Turns, which is no dataclass"),
        (Thawed(), "ansatz of Circuit holds an object of the class Thawed, a dataclass without frozen=True"),
        (Hashed(), "the class Hashed, a dataclass without frozen=True"),
        (OnlyItself(), "the class OnlyItself, a dataclass with eq=False"),
        (Undecorated(), "the class Undecorated, which is no dataclass itself, so that what it adds are no fields"),
        (Holder([1]), "held of Holder holds an object of the class list, which is no dataclass"),
        (Holder((1, {"a": 1})), "held of Holder holds an object of the class dict, which is no dataclass"),
        (Holder(np.ones(2)), "held of Holder holds an object of the class ndarray, which is no dataclass"),
        (Holder(jnp.ones(2)), "held of Holder holds an object of the class ArrayImpl, which is no dataclass"),
        (Holder(Holder(Thawed())), "held of Holder holds an object of the class Thawed, a dataclass without frozen"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_class_that_is_no_value_is_named(ansatz: Any, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)) as error:
        experiment(ansatz)
    assert str(error.value).endswith(ALLOWED) and "\n" not in str(error.value)


def thawed(base: Any) -> Any:
    """An object of a subclass of `base` that somebody has forgotten to freeze."""
    methods = {name: lambda self, *_: None for name in base.__abstractmethods__}
    return type("Thawed", (base,), {**methods, "element": Element((8, 8, 1), num_classes=4)})()


@pytest.mark.parametrize(
    "build",
    [
        lambda: experiment(data=thawed(Synthetic.__mro__[1])),
        lambda: experiment(data=Resized(thawed(Synthetic.__mro__[1]))),
        lambda: experiment(data=WithValidation(thawed(Synthetic.__mro__[1]))),
        lambda: experiment(procedure=thawed(Supervised.__mro__[1])),
        lambda: experiment(procedure=Supervised(thawed(Sgd.__mro__[1]))),
        lambda: experiment(task=thawed(Classification.__mro__[1])),
        lambda: experiment(task=Classification(thawed(CrossEntropy.__mro__[1]))),
        lambda: experiment(rivals=(Twin(), thawed(Twin.__mro__[1]))),
        lambda: experiment(model=QuanvNet(QuantumConv(Circuit(thawed(Angle.__mro__[1]))), LinearHead())),
        lambda: experiment(model=QuanvNet(QuantumConv(Circuit(readout=thawed(PauliZ.__mro__[1]))), LinearHead())),
        lambda: experiment(model=QuanvNet(QuantumConv(), Module(thawed(Sgd.__mro__[1])))),
        lambda: Row("mine", (Counted(thawed(Sgd.__mro__[1])),)),
        lambda: Row("mine", (Counted(),), controls=(Control("other", (Counted(thawed(Sgd.__mro__[1])),)),)),
    ],
    ids=[
        *("data", "data of data", "data that are divided", "procedure", "optimizer", "task", "loss", "rival"),
        *("encoding", "readout", "head", "measurement", "control"),
    ],
)
def test_classes_of_every_kind_are_looked_at(build: Any) -> None:
    with pytest.raises(InputError, match="the class Thawed, which is no dataclass; allowed: "):
        build()


@dataclass(frozen=True)
class Counted(Measurement):
    held: Any = None

    def measure(self):
        return Measured(1.0)


def test_what_is_allowed_can_be_hashed() -> None:
    values = (1, (2.0, "a"), None, True, jnp.sin, jnp.float32, np.dtype(float))
    for ansatz in (
        Holder(),
        Holder(values),
        Holder(Holder(HardwareEfficient(2))),
        Plain(3),
    ):
        spec = experiment(ansatz, model=QuanvNet(QuantumConv(Circuit(ansatz=ansatz)), Module((1, 2))))
        assert hash(spec) == hash(dataclasses.replace(spec)) and spec == dataclasses.replace(spec)


def test_everything_that_comes_with_the_library_is_allowed() -> None:
    for name in available():
        hash(load(name)[0])
    for name in available("table"):
        load_table(name)


def test_the_line_that_makes_the_experiment_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "experiments").mkdir()
    source = TINY.replace("@dataclass(frozen=True)\nclass Turns", "@dataclass\nclass Turns")
    (tmp_path / "experiments" / "thawed_turns.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    line = source[: source.index("experiment = Experiment(")].count("\n") + 1
    with pytest.raises(InputError) as error:
        load("thawed_turns")
    assert str(error.value) == (
        f"{tmp_path / 'experiments' / 'thawed_turns.py'}, line {line}: InputError: ansatz of Circuit holds an object "
        f"of the class Turns, a dataclass without frozen=True{ALLOWED}"
    )
