"""An autoencoder."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from qconv.bounds import require_at_least
from qconv.data.reduced import Reduction, Transform


@dataclass(frozen=True)
class Autoencoder(Reduction):
    """The hidden layer of a network that learns to give training images back: dense with ReLU, dense with sigmoid.

    Trained by Adam with learning rate 0.001 on the mean squared error, in batches of 32.

    Source: Hur, Kim and Park, "Quantum convolutional neural network for classical data classification", Quantum Machine
    Intelligence 4:3 (2022), whose code has this network, 10 epochs, and Keras' defaults for the rest.
    """

    numbers: int = 8
    """Width of the hidden layer."""
    epochs: int = 10
    """Passes over the training images."""
    fit_seed: int = 0
    """Fixes the first weights and the order of the images; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "numbers", "epochs")
        require_at_least(self, 0, "fit_seed")

    def fit(self, images: Float[np.ndarray, "images pixels"]) -> Transform:
        """Trains the network."""
        import jax
        import jax.numpy as jnp
        import optax
        from flax import linen as nn

        init = nn.initializers.glorot_uniform()
        encoder, decoder = nn.Dense(self.numbers, kernel_init=init), nn.Dense(images.shape[1], kernel_init=init)
        keys = jax.random.split(jax.random.key(self.fit_seed))
        params: Any = {
            "encoder": encoder.init(keys[0], images[:1]),
            "decoder": decoder.init(keys[1], np.zeros((1, self.numbers), np.float32)),
        }
        tx = optax.adam(1e-3)

        def loss(params: Any, batch: Any) -> Any:
            hidden: Any = encoder.apply(params["encoder"], batch)
            output: Any = decoder.apply(params["decoder"], nn.relu(hidden))
            return jnp.mean((nn.sigmoid(output) - batch) ** 2)

        def step(state: Any, rows: Any) -> Any:
            params, moments = state
            updates, moments = tx.update(jax.grad(loss)(params, jnp.asarray(images)[rows]), moments)
            return (optax.apply_updates(params, updates), moments), None

        @jax.jit
        def epoch(state: Any, rows: Any) -> Any:
            return jax.lax.scan(step, state, rows)[0]

        rng = np.random.default_rng(self.fit_seed)
        size = min(32, len(images))
        state = (params, tx.init(params))
        for _ in range(self.epochs):
            order = rng.permutation(len(images))[: len(images) // size * size]
            state = epoch(state, order.reshape(-1, size))
        weights = jax.tree.map(np.asarray, state[0]["encoder"]["params"])
        return partial(_encode, weights["kernel"], weights["bias"])


def _encode(kernel: np.ndarray, bias: np.ndarray, images: np.ndarray) -> np.ndarray:
    return np.maximum(images @ kernel + bias, 0)
