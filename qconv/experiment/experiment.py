"""The spec of an experiment: one frozen object that says everything a run needs."""

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

import flax.linen as nn
import jax
import numpy as np
from tyro.conf import arg

from qconv.bounds import require_at_least, require_choices
from qconv.data.checked import checked_drawn_element, checked_element, load_checked
from qconv.data.dataset import Dataset, Element, Source
from qconv.data.validation import with_validation
from qconv.errors import InputError, refusing
from qconv.experiment.parts import check_parts
from qconv.experiment.rivals import Rival, Twin
from qconv.models.num_classes import with_num_classes
from qconv.procedures.procedure import Procedure
from qconv.procedures.supervised import Supervised
from qconv.tasks.classification import Classification
from qconv.tasks.task import Task


@dataclass(frozen=True)
class Experiment:
    """Data, network, task and procedure. Rivals, such as the classical twin, get the same of each."""

    data: Dataset
    """Where images come from."""
    model: nn.Module
    """The network."""
    procedure: Annotated[Procedure, arg(name="")] = field(default_factory=Supervised)
    """How parameters are found; its fields are options without a prefix."""
    task: Task = field(default_factory=Classification)
    """What is asked of the network."""
    rivals: tuple[Rival, ...] = (Twin(),)
    """Networks that are trained beside it, to compare it with."""
    seed: int = 0
    """Fixes initial parameters, the order of the images and what is drawn of them, and dropout."""
    log_every: int = 20
    """Steps from one line of metrics to the next."""
    eval_every: int = 200
    """Steps from one evaluation to the next; the last step always has one."""
    checkpoint_every: int = 200
    """Steps from one checkpoint to the next; the last step always has one."""
    dtype: Literal["float32", "float64"] = "float32"
    """Precision of images, parameters and circuits: float32 with complex64, or float64 with complex128."""
    split: Literal["test", "validation"] = "test"
    """Images that the network is evaluated on: those for testing; or, to choose settings, those for validation that the
    data come with, or else a fifth of the training images, which it is then not trained on."""

    def __post_init__(self) -> None:
        check_parts(self)
        require_at_least(self, 1, "log_every", "eval_every", "checkpoint_every")
        require_choices(self)
        self._check_names()

    def _check_names(self) -> None:
        """Refuses names that would hide each other in metrics, pictures and the run directory."""
        task = self.task
        for what, names, reserved in (
            ("rivals", [rival.name for rival in self.rivals], ("quantum", "network")),
            (
                "folders of rivals",
                [rival.folder for rival in self.rivals],
                ("", "checkpoints", "frozen", "tensorboard", "work"),
            ),
            ("metrics", [metric.name for metric in (task.loss, *task.metrics)], ()),
            ("evidence", [kind.name for kind in task.evidence], ("curves", "circuit", "filters")),
        ):
            taken = {name for name in names if names.count(name) > 1 or name in reserved}
            if taken:
                raise InputError(
                    f"{what} have the name {taken.pop()!r}; allowed: each name once"
                    + (f", and none of {', '.join(map(repr, reserved))}" if reserved else "")
                )
            if no_words := [name for name in names if what != "rivals" and not re.fullmatch(r"\w[\w -]*", name)]:
                raise InputError(f"{what} have the name {no_words[0]!r}; allowed: letters, digits, _, - and blanks")
        if not task.metrics:
            raise InputError(f"{type(task).__name__} has no metrics; allowed: at least one, the headline")

    @property
    def element(self) -> Element:
        """What one item of the data is; nothing is read or downloaded to know it.

        Raises:
            InputError: see `checked_element`.
        """
        return checked_element(self.data)

    @property
    def network(self) -> nn.Module:
        """The model, with as many outputs as the data have classes where it leaves that to them.

        Raises:
            InputError: see `element`; or the data have no classes.
        """
        return with_num_classes(self.model, self.element.num_classes)

    @property
    def drawn_element(self) -> Element | None:
        """What training draws of an item, where it is another one each time; see `Dataset.drawn_element`.

        Raises:
            InputError: see `checked_drawn_element`.
        """
        return checked_drawn_element(self.data)

    @property
    def divided_data(self) -> Dataset:
        """The data with the split that the network is evaluated on."""
        return with_validation(self.data) if self.split == "validation" else self.data

    def training_items(self) -> Source:
        """The items to train on.

        Raises:
            InputError: they are not as promised.
            DataUnavailableError: the data are not there.
        """
        return load_checked(self.divided_data, "train")

    def held_out_items(self) -> Source:
        """The items that the network is evaluated on.

        Raises:
            InputError: they are not as promised.
            DataUnavailableError: the data are not there.
        """
        return load_checked(self.divided_data, self.split)

    def check(self, train: Source, held_out: Source) -> None:
        """Refuses what does not fit together, before any work.

        Raises:
            InputError: too few items for the procedure, none to evaluate, or a metric that is not one number for each
                item. What networks cannot do is refused by `arms`.
        """
        self.procedure.rows(self.seed, 0, len(train))
        if len(held_out) == 0:
            raise InputError(f"the {self.split} split has 0 images; allowed: at least 1")
        element = self.element
        outputs = jax.ShapeDtypeStruct((2, *self.task.output_shape(element)), np.float32)
        kind = np.float32 if element.num_classes is None else np.int32
        targets = jax.ShapeDtypeStruct((2, *element.targets), kind)
        for metric in (self.task.loss, *self.task.metrics):
            name = type(metric).__name__
            with refusing(f"{name} cannot be computed"):
                found = jax.eval_shape(metric.per_item, outputs, targets)
            if getattr(found, "shape", None) != (2,):
                raise InputError(f"{name} returns shape {getattr(found, 'shape', None)} for 2 images; allowed: (2,)")
