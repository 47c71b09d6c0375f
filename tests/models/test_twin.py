"""Quantum layers are found by a network's calls; classical ones take their places in its twin, or it is refused."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.core import FrozenDict

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.circuit.tree import Tree
from qconv.data.synthetic import Synthetic
from qconv.diagnostics.patches import layer_inputs
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.layers.classical_conv import ClassicalConv
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_layer import QuantumLayer
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.models.quantum_calls import trace, watch
from qconv.models.twin import classical_twin
from qconv.procedures.supervised import Supervised
from qconv.report.filters import filters_figure
from qconv.simulate.expectations import expectations
from qconv.simulate.pauli_tree import maps

KEY = jax.random.key(0)
CONV = QuantumConv(Circuit(Angle(), HardwareEfficient(1, ("ry",))), strides=2)
"""Four angles."""
SUM = CONV.clone(channels="sum")
"""Four angles for each input channel."""
SHAPE = (4, 4, 1)
IMAGES = jnp.asarray(np.random.default_rng(0).random((2, *SHAPE)), jnp.float32)
DATA = Synthetic(8, 4, 4, num_classes=2)


class Net(nn.Module):
    """A module from images to maps, and a dense layer with names that quantum layers use."""

    first: nn.Module

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool = False) -> jax.Array:
        hidden = self.first(images)
        hidden = nn.Dense(3, name="scaling")(hidden.reshape(len(hidden), -1))
        return nn.Dense(2, name="theta")(hidden)


class Field(nn.Module):
    layer: nn.Module

    def __call__(self, images: jax.Array) -> jax.Array:
        return self.layer(images)


class Keyword(nn.Module):
    layer: nn.Module

    def __call__(self, images: jax.Array) -> jax.Array:
        return self.layer(images=images)


class Sequence(nn.Module):
    """Layers in a tuple, the last called twice, beside one that is never called."""

    layers: tuple[nn.Module, ...]
    unused: nn.Module
    width: int = 3

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        hidden = images
        for layer in (*self.layers, self.layers[-1]):
            hidden = layer(hidden)
        return hidden


class Twice(nn.Module):
    layer: nn.Module

    def __call__(self, images: jax.Array) -> jax.Array:
        return self.layer(self.layer(images)[..., :1])


class ByName(nn.Module):
    layers: Any

    def __call__(self, images: jax.Array) -> jax.Array:
        return self.layers["b"][0](self.layers["a"](images))


class Setup(nn.Module):
    def setup(self) -> None:
        self.layer = CONV.copy()

    def __call__(self, images: jax.Array) -> jax.Array:
        return self.layer(images)


class Compact(nn.Module):
    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        return CONV.copy()(images)


class Factory(nn.Module):
    make: Callable[[], nn.Module]

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        return self.make()(images)


class Step(nn.Module):
    layer: nn.Module

    @nn.compact
    def __call__(self, images: jax.Array, _: Any) -> tuple[jax.Array, None]:
        return self.layer(images), None


def scanned(layer: nn.Module) -> nn.Module:
    steps: Any = nn.scan(Step, variable_axes={"params": 0}, split_rngs={"params": True}, length=3)
    return Carried(steps(layer))


class Carried(nn.Module):
    steps: nn.Module

    def __call__(self, images: jax.Array) -> jax.Array:
        return self.steps(images, None)[0]


def several(layer: nn.Module) -> nn.Module:
    make: Any = nn.vmap(
        Field, in_axes=None, out_axes=-1, axis_size=3, variable_axes={"params": 0}, split_rngs={"params": True}
    )
    return make(layer)


JitField: Any = nn.jit(Field)
JitCompact: Any = nn.jit(Compact)
RematField: Any = nn.remat(Field)
RematConv: Any = nn.remat(QuantumConv)
SMALL = CONV.clone(strides=1, features=1, circuit=CONV.circuit)

IN_FIELDS = {
    "a field": (CONV, [("first",)], 4),
    "a field of a field": (Field(Field(CONV)), [("first", "layer", "layer")], 4),
    "a keyword": (Keyword(CONV), [("first", "layer")], 4),
    "a tuple": (
        Sequence((CONV, nn.Conv(4, (1, 1)), SUM, nn.Conv(4, (1, 1))), unused=SUM),
        [("first", "layers_0"), ("first", "layers_2")],
        4 + 4 * 4,
    ),
    "called twice": (Twice(CONV), [("first", "layer")], 4),
    "a dict": (ByName({"a": CONV, "b": (nn.Conv(1, (1, 1)),)}), [("first", "layers_a")], 4),
    "a frozen dict": (ByName(FrozenDict(a=nn.Conv(1, (1, 1)), b=(CONV,))), [("first", "layers_b_0")], 4),
    "remat": (RematField(CONV), [("first", "layer")], 4),
    "remat of the layer": (RematConv(CONV.circuit, 1, 2, 2), [("first",)], 4),
    "jit": (JitField(CONV), [("first", "layer")], 4),
    "scan": (scanned(nn.Sequential((SMALL, nn.Conv(1, (1, 1))))), [("first", "steps", "layer", "layers_0")], 3 * 4),
    "vmap": (several(CONV), [("first", "layer")], 3 * 4),
}
MADE = {
    "setup": (Setup(), [("first", "layer")]),
    "compact": (Compact(), [("first", "QuantumConv_0")]),
    "compact in a field": (Field(Compact()), [("first", "layer", "QuantumConv_0")]),
    "a function": (Factory(CONV.copy), [("first", "QuantumConv_0")]),
    "compact in jit": (JitCompact(), [("first", "QuantumConv_0")]),
    "compact in remat": (RematField(Compact()), [("first", "layer", "QuantumConv_0")]),
}


@pytest.mark.parametrize("name", [*IN_FIELDS, *MADE])
def test_quantum_layers_are_found_and_their_parameters_counted(name: str) -> None:
    layers, paths = (IN_FIELDS | MADE)[name][:2]
    model = Net(layers)
    for _ in range(2):  # a compiled part is not passed through again
        traced = trace(model, SHAPE)
        assert [call.path for call in traced.calls] == paths
        assert all(isinstance(call.layer, QuantumConv) and call.layer.scope is None for call in traced.calls)
    assert traced.calls and traced.outputs.shape == (1, 2)
    assert traced.num_quantum_parameters == (IN_FIELDS[name][2] if name in IN_FIELDS else 4)


@pytest.mark.parametrize("name", IN_FIELDS)
def test_the_twin_has_a_classical_layer_for_each_quantum_layer(name: str) -> None:
    layers, paths, _ = IN_FIELDS[name]
    twin = classical_twin(Net(layers))
    called: list[tuple[str, ...]] = []

    def record(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        assert not isinstance(context.module, QuantumLayer) or context.method_name != "__call__"
        if isinstance(context.module, ClassicalConv) and context.method_name == "__call__":
            called.append(context.module.path)
        return call(*args, **kwargs)

    with nn.intercept_methods(record):
        variables = jax.eval_shape(twin.init, KEY, IMAGES)
    assert list(dict.fromkeys(called)) == paths
    found = trace(twin, SHAPE)
    assert found.calls == [] and found.num_quantum_parameters == 0 and found.outputs.shape == (1, 2)
    gradient = jax.eval_shape(jax.grad(lambda v: jnp.sum(twin.apply(v, IMAGES) ** 2)), variables)
    assert jax.tree.map(np.shape, gradient) == jax.tree.map(np.shape, variables)
    if name != "a dict":  # it makes the network itself one that cannot be hashed
        assert hash(twin) == hash(classical_twin(Net(layers))) and twin == classical_twin(Net(layers))
        arms(Experiment(DATA, Net(layers), procedure=Supervised(batch_size=4)))


@pytest.mark.parametrize("name", MADE)
def test_a_network_whose_quantum_layer_cannot_be_replaced_is_refused(name: str) -> None:
    experiment = Experiment(DATA, Net(MADE[name][0]), procedure=Supervised(batch_size=4))
    with pytest.raises(InputError, match=r"makes a QuantumConv where it is called.*make the QuantumConv a field"):
        arms(experiment)


def test_the_rest_of_the_network_is_left_as_it_is() -> None:
    layers = Sequence((CONV, nn.Conv(4, (1, 1)), SUM), unused=CONV)
    model = QuanvNet(Field(layers).clone(name="front"), LinearHead(2))
    twin = classical_twin(model)
    front = twin.conv.layer
    assert twin.head is model.head and twin.conv.name == "front" and front.layers[1] is layers.layers[1]
    assert front.layers[0].like == CONV and front.layers[2].like == SUM and front.width == 3
    assert classical_twin(twin) is twin and classical_twin(model.head) is model.head
    assert classical_twin((model.head, 3)) == (model.head, 3)
    assert classical_twin(CONV.clone(name="first")).name == "first"


def test_a_layer_in_two_places_is_one_layer_in_the_twin_too() -> None:
    class Both(nn.Module):
        one: nn.Module
        other: nn.Module

        def __call__(self, images: jax.Array) -> jax.Array:
            return self.one(images) + self.other(images)

    shared = CONV.copy()
    for model, parameters in ((Both(shared, shared), 4), (Both(shared, CONV.copy()), 8)):
        assert trace(model, SHAPE).num_quantum_parameters == parameters
        twin = classical_twin(model)
        assert (twin.one is twin.other) == (parameters == 4)
        weights = jax.eval_shape(twin.init, KEY, IMAGES)["params"]
        assert len(jax.tree.leaves(weights)) == parameters // 4


class Lookalike(nn.Module):
    """A classical layer with what quantum layers have."""

    twin: int = 3

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        return images * self.param("theta", nn.initializers.ones, ()) * self.twin

    def in_features(self, shape: tuple[int, ...]) -> int:
        raise NotImplementedError  # only quantum layers are asked


class WithMethod(nn.Module):
    layer: nn.Module

    def __call__(self, images: jax.Array) -> jax.Array:
        return self.twin(images)

    def twin(self, images: jax.Array) -> jax.Array:
        return self.layer(images)


def test_names_make_no_layer_quantum() -> None:
    model = Net(Lookalike())
    assert classical_twin(model) is model
    traced = trace(model, SHAPE)
    assert traced.calls == [] and traced.num_quantum_parameters == 0
    model = Net(WithMethod(nn.Sequential((Lookalike(), CONV))))
    assert trace(model, SHAPE).num_quantum_parameters == 4
    assert trace(classical_twin(model), SHAPE).num_quantum_parameters == 0
    arms(Experiment(DATA, model, procedure=Supervised(batch_size=4)))


class Apart(nn.Module):
    """Parameters of a quantum layer under another name."""

    layer: QuantumConv

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        layer: Any = self.layer.clone(parent=None)
        params = self.param("elsewhere", lambda key: layer.init(key, images)["params"])
        return layer.apply({"params": params}, images)


def test_parameters_that_cannot_be_counted_are_refused() -> None:
    with pytest.raises(InputError, match="the parameters of QuantumConv are not where it is called"):
        trace(Net(Apart(CONV)), SHAPE)


class Cosine(QuantumLayer):
    """The expectation of Z after RY(x + theta), with a layer of its own, by hand."""

    scale: nn.Module

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        return jnp.cos(self.scale(images) + self.param("theta", nn.initializers.ones, ()))

    circuit = Circuit()

    @nn.nowrap
    def in_features(self, shape: tuple[int, ...]) -> int:
        return shape[-1]

    @nn.nowrap
    def patch_size(self, in_features: int) -> int:
        return 1

    @nn.nowrap
    def patches(self, inputs: Any, /) -> Any:
        return inputs.reshape(1, -1, 1)

    @nn.nowrap
    def chosen_engine(self, in_features: int, num_patches: int) -> str:
        return "by hand"

    @nn.nowrap
    def title(self, in_features: int) -> str:
        return "cosine"

    @nn.nowrap
    def twin(self) -> nn.Module:
        return nn.Dense(1)


@pytest.mark.parametrize(
    "wrap", [lambda layer: layer, RematField, JitField, several], ids=["a field", "remat", "jit", "several"]
)
def test_no_tracer_escapes(wrap: Callable[[nn.Module], nn.Module]) -> None:
    model = Net(wrap(Cosine(nn.Dense(1))))
    with jax.checking_leaks():
        traced = trace(model, SHAPE)
        variables = jax.jit(model.init)(KEY, IMAGES)
        jax.jit(lambda v: watch(model, v, IMAGES).popitem()[1])(variables) if wrap is not several else None
    copies = 3 if wrap is several else 1
    assert traced.num_quantum_parameters == 3 * copies  # those of the layer in it are its own
    (call,) = traced.calls
    assert isinstance(call.layer, Cosine) and call.layer.scale.scope is None
    assert trace(classical_twin(model), SHAPE).calls == []


@pytest.mark.parametrize("name", ["a tuple", "called twice", "a keyword", "remat", "remat of the layer", "jit"])
def test_inputs_and_outputs_of_quantum_layers(name: str) -> None:
    model = Net(IN_FIELDS[name][0])
    variables: Any = jax.jit(model.init)(KEY, IMAGES)
    for _ in range(2):
        seen = jax.jit(lambda v: watch(model, v, IMAGES))(variables)
        assert list(seen) == IN_FIELDS[name][1]
    calls = trace(model, SHAPE).calls
    np.testing.assert_array_equal(seen[calls[0].path][0], IMAGES)
    for call in calls:
        params: Any = variables["params"]
        for part in call.path:
            params = params[part]
        inputs, outputs = seen[call.path]
        expected: Any = jax.jit(call.layer.apply)({"params": params}, inputs)
        np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_what_a_loop_keeps_is_not_shown() -> None:
    model = Net(scanned(nn.Sequential((SMALL, nn.Conv(1, (1, 1))))))
    variables: Any = jax.jit(model.init)(KEY, IMAGES)
    assert watch(model, variables, IMAGES) == {}
    with pytest.raises(InputError, match="what QuantumConv is given does not leave the transformation around it"):
        layer_inputs(model, np.asarray(IMAGES), 0)
    assert filters_figure(model, variables, variables, np.asarray(IMAGES)) is None


def test_a_network_that_asks_its_layer_for_more_than_the_twin_has_is_refused() -> None:
    class Asking(nn.Module):
        conv: QuantumConv = CONV

        @nn.compact
        def __call__(self, images: jax.Array, *, train: bool = False) -> jax.Array:
            return nn.Dense(2)(self.conv(images).reshape(len(images), -1) * self.conv.features)

    experiment = Experiment(DATA, Asking(), procedure=Supervised(batch_size=4))
    with pytest.raises(
        InputError, match=r"the classical twin of Asking cannot take images .*: AttributeError: .*features"
    ):
        arms(experiment)


def test_a_network_that_writes_in_evaluation_is_watched() -> None:
    class Counting(nn.Module):
        layer: QuantumConv = CONV

        @nn.compact
        def __call__(self, images: jax.Array) -> jax.Array:
            calls = self.variable("counts", "calls", lambda: jnp.zeros((), jnp.int32))
            calls.value = calls.value + 1
            return self.layer(images)

    variables = Counting().init(KEY, IMAGES)
    ((path, (inputs, _)),) = watch(Counting(), variables, IMAGES).items()
    assert path == ("layer",) and np.array_equal(inputs, IMAGES)


class Bare(nn.Module):
    """Runs a circuit on the four pixels of a corner without a layer for it."""

    before: nn.Module = Lookalike()
    wrap: Callable[[Any], Any] = staticmethod(lambda function: function)

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        theta = self.param("theta", nn.initializers.zeros, Circuit().param_shape(4))
        run = self.wrap(lambda theta, patches: expectations(Circuit(), theta, patches))
        corner = run(theta, images[:, :2, :2, 0].reshape(-1, 4))
        return self.before(images) + corner.sum(1)[:, None, None, None]


@pytest.mark.parametrize("wrap", [lambda function: function, jax.jit, jax.checkpoint])
def test_circuits_outside_of_quantum_layers_are_refused(wrap: Any) -> None:
    experiment = Experiment(DATA, Net(Bare(wrap=wrap)), procedure=Supervised(batch_size=4))
    words = r"^the network runs a quantum circuit outside of a quantum layer; make it a QuantumLayer, which has"
    with pytest.raises(InputError, match=words):
        arms(experiment)
    beside = Experiment(DATA, Net(Bare(nn.Sequential((CONV, SUM)), wrap)), procedure=Supervised(batch_size=4))
    words = "^the classical twin, as the network, runs a quantum circuit outside of a quantum layer"
    with pytest.raises(InputError, match=words):
        arms(beside)


def test_a_tree_outside_of_quantum_layers_is_refused() -> None:
    class BareTree(nn.Module):
        @nn.compact
        def __call__(self, images: jax.Array) -> jax.Array:
            theta = tuple(jnp.zeros((1, *shape)) for shape in Tree().param_shapes(SHAPE))
            return images + maps(Tree(), theta, images)[0]

    with pytest.raises(InputError, match=r"^the network runs a quantum circuit outside of a quantum layer"):
        arms(Experiment(DATA, Net(BareTree()), procedure=Supervised(batch_size=4)))
