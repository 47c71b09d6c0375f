"""No number of a spec ends in anything but an error in one line: every field of every class of the library is tried."""

import dataclasses
import importlib
import inspect
import math
import pkgutil
import typing
from collections.abc import Iterator
from typing import Any

import flax.linen as nn
import jax
import numpy as np
import pytest

import qconv
from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.hur_pooling import HurPooling
from qconv.circuit.circuit import Circuit
from qconv.circuit.tree import Tree
from qconv.data.dataset import Dataset
from qconv.data.digits import Digits
from qconv.data.pca import PCA
from qconv.data.reduced import Reduction
from qconv.data.synthetic import Synthetic
from qconv.data.validation import WithValidation
from qconv.diagnostics.sampling import Sampling
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.parts import check_parts
from qconv.experiment.rivals import Rival
from qconv.kernels.classical import RBF
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_dense import QuantumDense
from qconv.measurements.base import Measurement
from qconv.measurements.mlp import Mlp
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.optimizers import Optimizer
from qconv.procedures.procedure import Procedure
from qconv.procedures.supervised import Supervised
from qconv.readout.base import Readout
from qconv.readout.pauli import PauliZ
from qconv.tasks.evidence import Evidence
from qconv.tasks.losses import CrossEntropy
from qconv.tasks.metric import Metric
from qconv.tasks.task import Task

KINDS = (
    *(Ansatz, Circuit, Dataset, Encoding, Evidence, Experiment, Measurement, Metric, nn.Module, Optimizer, Procedure),
    *(Readout, Reduction, Rival, Sampling, Task, Tree),
)
MODEL = QuanvNet(QuantumConv(), LinearHead())
NEEDED: dict[str, Any] = {
    "data": Digits(),
    "model": MODEL,
    "reduction": PCA(),
    "train": 5,
    "test": 5,
    "conv": MODEL.conv,
    "head": MODEL.head,
    "quantum": QuantumDense(),
    "ansatz": HardwareEfficient(),
    "encoding": Angle(),
    "readout": PauliZ(),
    "pixels": 1,
    "kept": 1,
    "count": 1,
    "kernel": RBF(),
    "gates": (),
    "widths": (64,),
    "points": (Mlp(), Mlp(seed=1)),
    "at": (1.0, 2.0),
    "loss": CrossEntropy(),
    **dict.fromkeys(("projections", "mixing", "hidden"), QuantumDense()),
    **dict.fromkeys(
        (
            "channels",
            "features",
            "kernel_size",
            "strides",
            "size",
            "patch",
            "width",
            "depth",
            "num_heads",
            "hidden_width",
        ),
        2,
    ),
}
"""What fields get that have no default, or none that makes sense."""


def classes() -> Iterator[type]:
    """The classes of the library that a spec may hold."""
    for module in pkgutil.walk_packages(qconv.__path__, "qconv."):
        if module.name in ("qconv.__main__", "qconv.data.tfds_prepare", "qconv.lowering.light_cones"):
            continue  # the last one's encoding is made of a circuit, and stands in no spec
        for cls in vars(importlib.import_module(module.name)).values():
            own = isinstance(cls, type) and cls.__module__ == module.name and issubclass(cls, KINDS)
            if own and dataclasses.is_dataclass(cls) and not inspect.isabstract(cls):
                yield cls


def made(cls: Any, **values: Any) -> Any:
    """An object of the class."""
    needed = {
        field.name: NEEDED.get(field.name, Synthetic())
        for field in dataclasses.fields(cls)
        if field.default is field.default_factory
        or field.name in ("points", "at", "size")  # two are missing, and images small
    }
    return cls(**{**{name: value for name, value in needed.items() if name not in ("parent", "name")}, **values})


def numbers_of(cls: Any) -> Iterator[tuple[str, Any, type]]:
    """Name and type of its fields that hold numbers, those that may be None or several too, and which numbers."""
    hints = typing.get_type_hints(cls, localns={"Module": nn.Module})
    for field in dataclasses.fields(cls):
        for kind in (int, float) if field.name not in ("parent", "name") else ():
            if holding(hints[field.name], kind, 0) is not None:
                yield field.name, hints[field.name], kind


def holding(hint: Any, kind: type, value: float) -> Any:
    """Something of the type `hint` that holds the number; None if there is none."""
    if hint is kind:
        return value
    arguments = [holding(argument, kind, value) for argument in typing.get_args(hint)]
    found = [argument for argument in arguments if argument is not None]
    if not found:
        return None
    return tuple(found) if typing.get_origin(hint) is tuple else found[0]


CASES = [(cls, name, hint, kind) for cls in classes() for name, hint, kind in numbers_of(cls)]


def refused(cls: type, name: str, value: Any) -> bool:
    """Whether an object with the value is refused, by its class or as a part of a spec."""
    try:
        check_parts(made(cls, **{name: value}))
    except InputError as error:
        assert "\n" not in str(error) and "allowed: " in str(error)
        return True
    return False


def test_there_are_numbers_to_try() -> None:
    assert len(CASES) > 60
    found = {(cls, name) for cls, name, _, _ in CASES}
    assert {
        (Experiment, "seed"),
        (Supervised, "num_steps"),
        (Supervised, "batch_size"),
        (WithValidation, "fraction"),
        (QuantumConv, "angle_range"),
        (QuantumConv, "strides"),
        (HurPooling, "pairs"),
    } <= found


@pytest.mark.parametrize(("cls", "name", "hint", "kind"), CASES, ids=[f"{cls.__name__}.{n}" for cls, n, _, _ in CASES])
def test_a_number_that_nothing_can_count_to_is_refused(cls: type, name: str, hint: Any, kind: type) -> None:
    check_parts(made(cls))
    for value in (2**63, 10**30) if kind is int else (math.nan, math.inf, -math.inf):
        assert refused(cls, name, holding(hint, kind, value)), value
    if name.endswith("seed"):
        assert refused(cls, name, -1) and refused(cls, name, 2**32) and not refused(cls, name, 2**32 - 1)


def test_seeds_that_are_allowed_are_all_different() -> None:
    """`jax.random.key` takes 2**32 for 0."""
    seeds = (0, 1, 2**31 - 1, 2**31, 2**32 - 1)
    assert len({jax.random.key_data(jax.random.key(seed)).tobytes() for seed in seeds}) == len(seeds)
    for seed in seeds:
        np.random.default_rng([seed, 1])
        np.random.RandomState(seed)
