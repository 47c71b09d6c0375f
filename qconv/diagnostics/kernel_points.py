"""What a network's kernel machine sees."""

from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Float

from qconv.models.kernel_machine import KernelMachine
from qconv.models.network import Network, output_of


def kernel_machine(model: nn.Module) -> KernelMachine | None:
    """The kernel machine that a network is, or ends in; None where there is none."""
    if isinstance(model, Network) and (names := model.stages()):
        model = getattr(model, names[-1])
    return model if isinstance(model, KernelMachine) else None


def machine_points(
    model: nn.Module, items: Float[np.ndarray, "batch ..."], seed: int
) -> Float[np.ndarray, "batch columns"]:
    """What the kernel machine of a network is given, all numbers of an item in a row.

    Args:
        model: a network that is a kernel machine, or ends in one.
        items: what the network is given.
        seed: stages before the machine have the parameters that are drawn from it; they have nothing to train.
    """
    if isinstance(model, KernelMachine):
        return items.reshape(len(items), -1)
    assert isinstance(model, Network)  # the only one that ends in another
    stop = len(model.stages()) - 1

    def given(items: Any) -> Any:
        return output_of(model, model.init(jax.random.key(seed), items[:1], stop=stop), items, stop=stop)

    found = np.asarray(jax.jit(given)(items))
    return found.reshape(len(found), -1)
