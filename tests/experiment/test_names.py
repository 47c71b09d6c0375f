"""Names that would hide each other in metrics, pictures and run directories are refused."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import pytest

from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.rivals import Rival, Twin
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.tasks.classification import Accuracy, Classification
from qconv.tasks.evidence import Evidence
from qconv.tasks.metric import Metric

MODEL = QuanvNet(LinearHead(4), LinearHead(4))


@dataclass(frozen=True)
class Lost(Metric):
    """It would take the place of the loss, and be what is trained."""

    name: ClassVar[str] = "loss"

    def per_item(self, outputs, targets):
        return outputs[:, 0]


@dataclass(frozen=True)
class Seen(Evidence):
    name: ClassVar[str] = "seen"

    def of_batch(self, outputs, targets, weights):
        return jnp.sum(weights)

    def figure(self, found, evaluated):
        return None


@dataclass(frozen=True)
class Curves(Seen):
    name: ClassVar[str] = "curves"


@dataclass(frozen=True)
class Asked(Classification):
    """A task of any metrics and evidence."""

    metrics: tuple[Metric, ...] = (Accuracy(),)
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Other(Rival):
    name: ClassVar[str] = "other"
    folder: ClassVar[str] = "twin"

    def network(self, model, traced):
        return MODEL

    def check(self, model, traced, rival):
        pass


@dataclass(frozen=True)
class Quantum(Other):
    name: ClassVar[str] = "quantum"
    folder: ClassVar[str] = "quantum"


@dataclass(frozen=True)
class Above(Other):
    folder: ClassVar[str] = ""


@dataclass(frozen=True)
class Within(Other):
    folder: ClassVar[str] = "checkpoints"


@dataclass(frozen=True)
class Outside(Other):
    folder: ClassVar[str] = "../seed1"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"task": Asked(metrics=(Accuracy(), Accuracy()))},
            "metrics have the name 'accuracy'; allowed: each name once",
        ),
        ({"task": Asked(metrics=(Accuracy(), Lost()))}, "metrics have the name 'loss'; allowed: each name once"),
        ({"task": Asked(metrics=())}, "Asked has no metrics; allowed: at least one, the headline"),
        (
            {"task": Asked(evidence=(Seen(), Seen()))},
            "evidence have the name 'seen'; allowed: each name once, and none ",
        ),
        (
            {"task": Asked(evidence=(Curves(),))},
            "evidence have the name 'curves'; allowed: each name once, and none of ",
        ),
        ({"rivals": (Twin(), Twin())}, "rivals have the name 'classical twin'; allowed: each name once, and none of "),
        (
            {"rivals": (Twin(), Other())},
            "folders of rivals have the name 'twin'; allowed: each name once, and none of ",
        ),
        (
            {"rivals": (Quantum(),)},
            "rivals have the name 'quantum'; allowed: each name once, and none of 'quantum', 'n",
        ),
        ({"rivals": (Above(),)}, "folders of rivals have the name ''; allowed: each name once, and none of '', 'check"),
        (
            {"rivals": (Outside(),)},
            "folders of rivals have the name '../seed1'; allowed: letters, digits, _, - and blan",
        ),
        ({"rivals": (Within(),)}, "folders of rivals have the name 'checkpoints'; allowed: each name once, and none o"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value.partition(";")[0],
)
def test_a_name_stands_for_one_thing(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        Experiment(Synthetic(), MODEL, **fields)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


def test_different_names_are_allowed() -> None:
    assert Experiment(Synthetic(), MODEL, task=Asked(evidence=(Seen(),)), rivals=(Other(),)).rivals == (Other(),)
