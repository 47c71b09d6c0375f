"""The quantum layers of a network: those that it calls, whether they are fields or made on the way."""

import itertools
import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from flax.core import DenyList, unfreeze
from flax.traverse_util import flatten_dict
from jax.extend.core import jaxprs_in_params
from jaxtyping import Array, Float

from qconv.errors import InputError
from qconv.layers.classical_twin import ClassicalTwin
from qconv.layers.quantum_layer import QuantumLayer
from qconv.models.network import FROZEN, TRAINED

Path = tuple[str, ...]
"""Names of the modules from a network to one in it: where the parameters of that lie in each collection."""

_SEEN = "inputs and outputs of quantum layers"
"""A collection of variables, in which these leave transformations as `nn.remat`."""
_CIRCUITS = ("_quantum_circuit", "_quantum_states", "_quantum_tree")
"""The programs in which circuits run (`qconv.simulate`: `expectations`, `states`, `pauli_tree`), as JAX names them."""
_traces = itertools.count()


@dataclass(frozen=True)
class QuantumCall:
    """A quantum layer that a network calls."""

    layer: QuantumLayer
    """The layer, unbound."""
    in_features: int
    """What the layer says of the shape of its inputs; see `QuantumLayer`."""
    patches: int
    """Of an image, in each register."""
    path: Path
    """Where it is."""

    def engine(self, batch_size: int) -> str:
        """The engine that is used for so many images at once."""
        return self.layer.chosen_engine(self.in_features, batch_size * self.patches)


@dataclass(frozen=True, eq=False)
class Traced:
    """What one pass of a network shows without computing anything."""

    outputs: jax.ShapeDtypeStruct
    """What the network makes of one image."""
    calls: list[QuantumCall]
    """The quantum layers in the order of their first calls, each once, however often it is called."""
    num_parameters: int
    """Numbers in all collections, trained or not."""
    num_trained_parameters: int
    """Numbers that are trained."""
    num_quantum_parameters: int
    """Trained numbers that belong to quantum layers."""
    runs_circuits: bool
    """Whether any circuit runs, in a quantum layer or by a call of `expectations` or `maps` elsewhere."""


def trace(model: nn.Module, image_shape: tuple[int, ...]) -> Traced:
    """Runs a network on the shape of an image.

    Raises:
        InputError: the network cannot take the images, or has parameters of a quantum layer elsewhere than the layer.
    """
    calls: dict[Path, QuantumCall] = {}
    own_names: dict[Path, set[Path]] = {}

    def record(layer: QuantumLayer, inputs: Any, call: Callable[[], Any]) -> Any:
        output = call()
        # Bound modules hold tracers, which must not leave the trace.
        unbound = layer.clone(parent=None, name=None, _deep_clone=True, _reset_names=True)
        names = set(_collection(layer.variables, "params"))
        if own_names.setdefault(layer.path, names) != names:
            raise _misplaced(unbound)
        patches = math.prod(output.shape[:-1])  # of one image: an output for each
        calls.setdefault(layer.path, QuantumCall(unbound, layer.in_features(inputs.shape), patches, layer.path))
        return output

    images = jax.ShapeDtypeStruct((1, *image_shape), np.dtype(np.float32))
    everything = DenyList(("intermediates", _unique()))
    with _intercepted(record):
        program, (outputs, variables) = jax.make_jaxpr(
            lambda x: model.init_with_output(jax.random.key(0), x, mutable=everything), return_shape=True
        )(images)
    params = _collection(variables, "params")
    # What is not trained of a `Pretrained` network has its collections within `frozen`.
    held = (name for name in _collection(variables, "frozen") if "params" in name)
    there = {*params, *(tuple(part for part in name if part != "params") for name in held)}
    for path, names in own_names.items():
        if names != {name[len(path) :] for name in there if name[: len(path)] == path}:
            raise _misplaced(calls[path].layer)
    owned = [leaf for name, leaf in params.items() if any(name[: len(path)] == path for path in calls)]
    numbers = (sum(leaf.size for leaf in jax.tree.leaves(part)) for part in (variables, params, owned))
    return Traced(outputs, list(calls.values()), *numbers, runs_circuits=_runs_circuits(program.jaxpr))


def _runs_circuits(program: Any) -> bool:
    """Whether a program of JAX, or one that it calls, runs a circuit."""
    return any(
        step.params.get("name") in _CIRCUITS or any(map(_runs_circuits, jaxprs_in_params(step.params)))
        for step in program.eqns
    )


def watch(
    model: nn.Module,
    variables: Any,
    images: Float[Array, "batch height width channels"],
    paths: Sequence[Path] | None = None,
) -> dict[Path, tuple[Float[Array, "..."], Float[Array, "..."]]]:
    """What quantum layers, or those in their place, are given and make of it, at the first call of each; may be traced.

    Args:
        model: the network.
        variables: all of its collections.
        images: a batch.
        paths: where they are, in the order of the calls; of a classical twin, where those are that it stands in for.
            By default of all that the network calls.

    Returns:
        Inputs and outputs by path, in the order of the calls. A layer that is not there is in a transformation that
            keeps them, as `nn.scan`.
    """

    def record(layer: nn.Module, inputs: Any, call: Callable[[], Any]) -> Any:
        output = call()
        layer.sow(_SEEN, _SEEN, (inputs, output))
        return output

    with _intercepted(record, QuantumLayer | ClassicalTwin):
        # What the network itself writes is dropped, as in evaluation.
        _, collections = model.apply(variables, images, mutable=DenyList((TRAINED, FROZEN)))
    seen = _collection(collections, _SEEN)
    if paths is None:
        paths = [call.path for call in trace(model, images.shape[1:]).calls]
    return {path: seen[*path, _SEEN][0] for path in paths if (*path, _SEEN) in seen}


def output_with(
    model: nn.Module,
    variables: Any,
    images: Float[Array, "batch height width channels"],
    path: Path,
    change: Callable[[Array], Array],
) -> Array:
    """What a network makes of images where a quantum layer gives something else; may be traced.

    Args:
        model: the network, or its classical twin.
        variables: all of its collections.
        images: a batch.
        path: of the quantum layer, or in a twin of the classical one in its place.
        change: from the layer's outputs to what the network is given instead, at each call.
    """

    def replace(layer: nn.Module, inputs: Any, call: Callable[[], Any]) -> Any:
        output = call()
        return change(output) if layer.path == path else output

    with _intercepted(replace, QuantumLayer | ClassicalTwin):
        outputs, _ = model.apply(variables, images, mutable=DenyList((TRAINED, FROZEN, _unique())))
    return outputs


def _unique() -> str:
    """A name for a filter of collections that changes nothing: else `nn.jit` would remember an earlier trace."""
    return f"trace {next(_traces)}"


@contextmanager
def _intercepted(record: Callable[[Any, Any, Callable[[], Any]], Any], kind: Any = QuantumLayer) -> Generator[None]:
    """Calls of layers go through `record`, but for those that such a layer makes itself.

    Args:
        record: is given a layer, its inputs, and its call.
        kind: the class of layers, or a union of classes.
    """
    inside = False

    def intercept(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        nonlocal inside
        if inside or context.method_name != "__call__" or not isinstance(context.module, kind):
            return call(*args, **kwargs)
        inside = True
        try:
            inputs = args[0] if args else next(iter(kwargs.values()))
            return record(context.module, inputs, lambda: call(*args, **kwargs))
        finally:
            inside = False

    with nn.intercept_methods(intercept):
        yield


def _collection(variables: Any, name: str) -> dict[Path, Any]:
    """The leaves of one collection by path."""
    return flatten_dict(unfreeze(variables.get(name, {})))


def _misplaced(layer: QuantumLayer) -> InputError:
    return InputError(
        f"the parameters of {type(layer).__name__} are not where it is called, so they cannot be counted; "
        "make the layer a field of the network"
    )
