"""What several tests use: the catalogue, several readouts at once, any gates as an ansatz, what an ansatz records."""

import dataclasses
import importlib
import inspect
import pkgutil
from dataclasses import MISSING, dataclass, fields
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from qconv import layers, models
from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit
from qconv.data.dataset import ArraySource, Dataset, Element
from qconv.data.folder import FolderOfImages
from qconv.experiment.experiment import Experiment
from qconv.gates.tape import Tape
from qconv.models.network import Network
from qconv.readout.base import Readout
from qconv.simulate.choose import engine_named
from qconv.tasks.classification import Classification
from tests import oracle

OF_EXTRAS = ("transfer_imagenet",)
"""Experiments whose data come with an extra, which need not be installed."""

OF_OTHER_RUNS = ("fusion",)
"""Experiments whose data are what other networks make of images, which are trained first: in a minute or more."""


def catalogue(base: type) -> list[Any]:
    """Each class of qconv with this base, with its defaults: found in the package that the base is in."""
    package, found = importlib.import_module(base.__module__.rpartition(".")[0]), []
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        members = vars(importlib.import_module(module.name)).values()
        classes = [c for c in members if isinstance(c, type) and issubclass(c, base) and not inspect.isabstract(c)]
        found += [cls() for cls in classes if cls.__module__ == module.name]
    return found


def modules() -> list[nn.Module]:
    """All layers with their defaults, the twins of those that have one, and all heads."""
    packages = [layers, models]
    names = [module.name for p in packages for module in pkgutil.iter_modules(p.__path__, p.__name__ + ".")]
    found: list[Any] = []
    for name in names:
        for cls in vars(importlib.import_module(name)).values():
            own = isinstance(cls, type) and issubclass(cls, nn.Module) and cls.__module__ == name
            if own and not inspect.isabstract(cls) and not issubclass(cls, Network) and not _needs_fields(cls):
                found.append(cls())
    return [*found, *(module.twin() for module in found if hasattr(module, "twin"))]


def changed(experiment: Experiment, **changes: Any) -> Experiment:
    """An experiment with other fields: its own, or those of its procedure, or the `loss` of its task.

    What a procedure has, but not as a field, such as the steps of one that takes as many as it needs, stays as it is.
    """
    procedure: Any = experiment.procedure
    of_procedure = {name: changes.pop(name) for name in list(changes) if hasattr(procedure, name)}
    own = {field.name for field in fields(procedure)}
    if of_procedure := {name: value for name, value in of_procedure.items() if name in own}:
        changes["procedure"] = dataclasses.replace(procedure, **of_procedure)
    if "loss" in changes:
        changes["task"] = Classification(changes.pop("loss"))
    return dataclasses.replace(experiment, **changes)


def element_of(experiment: Experiment) -> Element:
    """What an item of its data is; where these are a user's own, with three classes."""
    data = experiment.data
    if isinstance(data, FolderOfImages):
        return Element((data.height, data.width, data.channels), num_classes=3)
    return experiment.element


@dataclass(frozen=True)
class Made(Dataset):
    """Items of any kind from a seed, in no time: nothing here needs a network."""

    shapes: tuple[Any, ...]
    """Those of an `Element`."""
    num_train: int
    num_test: int

    @property
    def element(self):
        return Element(*self.shapes)

    def load(self, split):
        rng, count = np.random.default_rng(split == "test"), self.num_train if split == "train" else self.num_test
        images = rng.random((count, *self.element.inputs), np.float32)
        numbers = rng.random((count, *self.element.targets))
        classes = self.element.num_classes
        return ArraySource(images, numbers if classes is None else (numbers * classes).astype(int), classes)


def _needs_fields(cls: Any) -> bool:
    """Twins need the layer that they stand for."""
    return any(f.init and f.default is f.default_factory is MISSING for f in fields(cls))


def inputs_of(module: nn.Module, dtype: Any) -> jax.ShapeDtypeStruct:
    """What all of `modules` take: two images of 2x2 pixels, larger ones, or two vectors."""
    others = {"LogProbabilities": (2, 2)} | dict.fromkeys(("ResNet", "SmallCNN", "ViT"), (2, 4, 4, 1))
    return jax.ShapeDtypeStruct(others.get(type(module).__name__, (2, 2, 2, 1)), dtype)


@dataclass(frozen=True)
class Joined(Readout):
    """The channels of several readouts, one after the other: one compilation for all."""

    readouts: tuple[Readout, ...]

    def observables(self, num_qubits):
        return tuple(string for readout in self.readouts for string in readout.observables(num_qubits))


ONE = ("theta",)
HERMITIAN = np.array([[0.3, 1 - 2j], [1 + 2j, -0.8]])
TABLE: dict[str, tuple[int, tuple[str, ...], dict[str, Any]]] = {
    **{name: (1, (), {}) for name in ("x", "y", "z", "h", "s", "t", "sd", "wroot")},
    **{name: (2, (), {}) for name in ("cnot", "cy", "cz", "swap", "ox", "oy", "oz")},
    **{name: (3, (), {}) for name in ("toffoli", "fredkin")},
    **{name: (1, ONE, {}) for name in ("rx", "ry", "rz", "phase")},
    **{name: (2, ONE, {}) for name in ("rxx", "ryy", "rzz", "cphase", "iswap")},
    **{name: (2, ONE, {}) for name in ("crx", "cry", "crz", "orx", "ory", "orz")},
    "u": (1, ("theta", "phi", "lbd"), {}),
    "cu": (2, ("theta", "phi", "lbd"), {}),
    "r": (1, ("theta", "alpha", "phi"), {}),
    "cr": (2, ("theta", "alpha", "phi"), {}),
    "exp": (1, ("theta",), {"unitary": HERMITIAN}),
    "exp1": (2, ("theta",), {"unitary": oracle.kron(oracle.X, oracle.Z)}),
    "unitary": (1, (), {"unitary": oracle.u(0.7, -1.3, 2.1)}),
    "multicontrol": (3, (), {"unitary": oracle.u(0.7, -1.3, 2.1), "ctrl": (1, 0)}),
}
"""Gates by name: on how many qubits they act, their angles, and what else they are given."""


@dataclass(frozen=True)
class Gates(Ansatz):
    """Gates as (name, qubits, indices of their angles in theta)."""

    gates: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    num_params: int

    def param_shape(self, num_qubits):
        return (self.num_params,)

    def __call__(self, circuit, theta):
        for name, qubits, indices in self.gates:
            _, angles, fixed = TABLE[name]
            params = {key: theta[index] for key, index in zip(angles, indices, strict=True)}
            getattr(circuit, name)(*qubits, **params, **fixed)


class GateList:
    """Keeps the gates and the angles they are given."""

    def __init__(self, num_qubits: int) -> None:
        self.num_qubits = num_qubits
        self.gates: list[tuple[str, tuple[int, ...]]] = []
        self.angles: list[float] = []

    def __getattr__(self, name: str) -> Any:
        def append(*qubits: Any, **angles: Any) -> None:
            if not isinstance(qubits[0], int):  # one gate for each
                for place, own in enumerate(zip(*qubits, strict=True)):
                    append(*own, **{key: angle[place] for key, angle in angles.items()})
                return
            self.gates.append((name, qubits))
            self.angles += [float(angle) for angle in angles.values()]

        return append


def gate_list(ansatz: Ansatz, num_qubits: int) -> GateList:
    """What an ansatz appends when its angles are 0, 1, 2, ..."""
    shape = ansatz.param_shape(num_qubits)
    circuit = GateList(num_qubits)
    ansatz(circuit, jnp.arange(float(np.prod(shape))).reshape(shape))
    return circuit


def recorded_unitary(tape: Tape) -> np.ndarray:
    """The product of the recorded matrices, put together by NumPy: cheap, as nothing is compiled."""
    product = np.eye(2**tape.num_qubits)
    for gate in tape.gates:
        product = oracle.embed(np.asarray(gate.matrix), gate.qubits, tape.num_qubits) @ product
    return product


def published_unitary(gates: str, angles: Any, num_qubits: int) -> np.ndarray:
    """The oracle's unitary of gates such as "ry0 u1 cnot10", a control before its target, that take angles in turn."""
    queue, product = iter(angles), np.eye(2**num_qubits)
    for text in gates.split():
        name = text.rstrip("0123456789")
        params = {key: next(queue) for key in TABLE[name][1]}
        qubits = [int(digit) for digit in text[len(name) :]]
        product = oracle.embed(oracle.GATES[name](**params), qubits, num_qubits) @ product
    assert not list(queue), "angles are left over"
    return product


def uncached(engine: str, circuit: Circuit, theta: Any, columns: Any, scaling: Any = None) -> Any:
    """The channels of patches in columns, without the `jit` of `expectations`, which keeps what it has traced."""
    found = engine_named(engine).evaluation(circuit, len(columns), theta[None], scaling)
    return found.read(circuit.readout.decode, columns)[0]
