"""A network whose weights come from a file."""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from flax.core import unfreeze
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Array, Float

from qconv.digests import check_digest
from qconv.errors import InputError
from qconv.models.network import FROZEN, TRAINED, knows_training
from qconv.models.weight_files import read_weights


class Pretrained(nn.Module):
    """A network that starts from the weights of a file, instead of random ones.

    The file is known by its SHA-256 and looked for in the folders that `QCONV_WEIGHTS` names, by default `weights`: so
    a spec says which weights, and not where they lie. It is a file of safetensors or an npz; each variable of the
    network is in it, and nothing else, under its path in Flax, such as `params/Conv_0/kernel` or, where the network has
    parameters only, `Conv_0.kernel`. `qconv.save_weights` writes such files.

    Unless it is trained, all that it has is in the collection `frozen`; as the first stage of a `Network` its outputs
    are computed once for all images.
    """

    network: nn.Module
    """The network, with the names and shapes of the file."""
    weights: str
    """SHA-256 of the file, 64 hexadecimal digits."""
    trainable: bool = False
    """Whether training changes the weights further."""

    def __post_init__(self) -> None:
        check_digest(self.weights)
        super().__post_init__()

    @nn.compact
    def __call__(self, inputs: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch ..."]:
        """What the network makes of its inputs; one that is not trained behaves as outside of training.

        Raises:
            InputError: the file is not found, or its names and shapes are not those of the network.
        """
        told = {"train": train and self.trainable} if knows_training(self.network) else {}
        starting = self.is_initializing()

        def kept(variables: Mapping[str, Any]) -> Mapping[str, Any]:
            values = _from_file(self.weights, unfreeze(dict(variables))) if starting and variables else variables
            return values if self.trainable or not values else {FROZEN: values}

        call = nn.map_variables(
            lambda network, inputs: network(inputs, **told),
            mapped_collections=True,
            trans_in_fn=lambda variables: variables if self.trainable else variables.get(FROZEN, {}),
            trans_out_fn=kept,
            init=starting,
            mutable=True,
        )
        return call(self.network, inputs)


def _from_file(digest: str, drawn: dict[str, Any]) -> dict[str, Any]:
    """The variables of a network with the values of a file, which is read when the program runs and not when traced."""
    arrays = read_weights(digest)
    if not {name.partition("/")[0] for name in arrays} & set(drawn):
        arrays = {f"{TRAINED}/{name}": array for name, array in arrays.items()}
    wanted = flatten_dict(drawn, sep="/")
    problems = [f"{name} is missing" for name in wanted if name not in arrays]
    problems += [f"{name} is left over" for name in arrays if name not in wanted]
    problems += [
        f"{name} has shape {arrays[name].shape} and not {leaf.shape}"
        for name, leaf in wanted.items()
        if name in arrays and arrays[name].shape != leaf.shape
    ]
    problems += [
        f"{name} holds {arrays[name].dtype} and not {leaf.dtype}"
        for name, leaf in wanted.items()
        if name in arrays and not np.can_cast(arrays[name].dtype, leaf.dtype, "same_kind")
    ]
    if problems:
        more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise InputError(f"weights = {digest[:12]}... do not fit the network: {', '.join(problems[:3])}{more}")
    shapes = {name: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for name, leaf in wanted.items()}

    def values() -> dict[str, np.ndarray]:
        return {name: np.asarray(arrays[name], leaf.dtype) for name, leaf in shapes.items()}

    return unflatten_dict(jax.pure_callback(values, shapes), sep="/")
