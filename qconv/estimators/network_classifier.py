"""Classifiers that are networks, trained in memory."""

from abc import abstractmethod
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, Float, Int, Shaped
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from qconv.bounds import require, require_at_least
from qconv.data.dataset import ArraySource, Element
from qconv.errors import InputError
from qconv.estimators.given_items import GivenItems
from qconv.estimators.image_rows import Shape
from qconv.estimators.labels import checked_classes
from qconv.estimators.nested import SpecParams, plain
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.kernels.gram import block_size
from qconv.models.network import TRAINED, output_of
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised
from qconv.runs.loop import Loop, LoopState
from qconv.runs.mesh import device_mesh, replicated
from qconv.runs.rehearsal import rehearse
from qconv.runs.training import moments_of

FLOATS = (np.float32, np.float64)
"""What points are looked at as; whole numbers as the first."""


Own = TypeVar("Own", bound="NetworkClassifier")


class NetworkClassifier(SpecParams, ClassifierMixin, BaseEstimator):
    """A network that Adam trains on the cross-entropy; its learning rate falls to 0 along a half cosine.

    The numbers of points are brought to 0 to 1 first, as the training points say. A subclass gives the network, and
    lists the parameters with its own.
    """

    def __init__(
        self,
        *,
        learning_rate: float,
        batch_size: int,
        max_iter: int,
        early_stopping: bool,
        validation_fraction: float,
        n_iter_no_change: int,
        tol: float,
        warm_start: bool,
        random_state: Any,
    ) -> None:
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self: Own, X: Any, y: Any) -> Own:
        """Trains the network.

        Args:
            X: training points, as the class says.
            y: a label for each, of any kind.

        Raises:
            ValueError: points or labels that are none, a single class, or parameters that do not fit each other.
            RunError: training diverges.
        """
        require_at_least(self, 1, "batch_size", "max_iter", "n_iter_no_change")
        require(self, "validation_fraction", 0 < self.validation_fraction < 1, "more than 0 and less than 1")
        rows, y, shape = self._training_rows(X, y)
        classes, codes = checked_classes(y)
        before = self._warm_variables(classes, shape)
        self.classes_, self.image_shape_ = classes, shape
        if before is None:
            self.lowest_, self.highest_ = self._range(rows)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self._train(self._images(rows), codes, seed, before)
        return self

    def predict(self, X: Any) -> Shaped[np.ndarray, " points"]:
        """The class of each point."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(1)]

    def predict_proba(self, X: Any) -> Float[np.ndarray, "points classes"]:
        """The probability of each class, in float32."""
        check_is_fitted(self)
        return _probabilities(self.network_, self.variables_, self._images(self._new_rows(X)))

    @abstractmethod
    def _network(self) -> nn.Module:
        """The network, which leaves the number of classes to the data."""

    def _training_rows(self, X: Any, y: Any) -> tuple[Float[np.ndarray, "points numbers"], Any, Shape]:
        """Training points as rows, their labels, and what a row is as an image: by default a line of numbers."""
        rows, y = validate_data(self, X, y, dtype=FLOATS)
        return rows, y, (1, rows.shape[1], 1)

    def _new_rows(self, X: Any) -> Float[np.ndarray, "points numbers"]:
        """Points as rows like those of the training."""
        return validate_data(self, X, reset=False, dtype=FLOATS)

    def _range(self, rows: Float[np.ndarray, "points numbers"]) -> tuple[Any, Any]:
        """What becomes 0 and what becomes 1: by default of each number by itself."""
        return rows.min(0), rows.max(0)

    def _images(self, rows: Float[np.ndarray, "points numbers"]) -> Float[np.ndarray, "points height width channels"]:
        extent = np.where(self.highest_ > self.lowest_, self.highest_ - self.lowest_, 1)
        return ((rows - self.lowest_) / extent).astype(np.float32).reshape(-1, *self.image_shape_)

    def _warm_variables(self, classes: np.ndarray, shape: Shape) -> Any:
        """What the last fit has found, where this one begins with it."""
        if not (self.warm_start and hasattr(self, "variables_")):
            return None
        if shape != self.image_shape_ or not np.array_equal(classes, self.classes_):
            raise InputError(
                f"warm_start with points of shape {shape} and the classes {classes.tolist()}; allowed: those of the "
                f"last fit, {self.image_shape_} and {self.classes_.tolist()}"
            )
        return self.variables_

    def _train(
        self,
        images: Float[np.ndarray, "points height width channels"],
        codes: Int[np.ndarray, " points"],
        seed: int,
        before: Any,
    ) -> None:
        """Finds the variables of the network, from those of the last fit on if there are any."""
        kept = None
        if self.early_stopping:
            images, kept_images, codes, kept_codes = train_test_split(
                images, codes, test_size=self.validation_fraction, stratify=codes, random_state=seed
            )
            kept = kept_images, kept_codes
        loop = self._loop(images, codes, seed)
        self.network_, self.loss_curve_, self.validation_scores_ = loop.network, [], []
        state = None if before is None else _with_variables(loop, before)
        experiment, best, waited = loop.experiment, -np.inf, 0
        for moment in moments_of(loop, state):
            if not moment.train:  # the epoch goes on
                continue
            self.loss_curve_.append(moment.train[experiment.task.loss.name])
            is_last = moment.step == experiment.procedure.num_steps
            score = float(moment.step)  # where nothing is kept, the last epoch is the best
            if kept is not None:
                found = _probabilities(loop.network, moment.variables, kept[0]).argmax(1)
                score = float((found == kept[1]).mean())
                self.validation_scores_.append(score)
                waited = 0 if score >= best + self.tol else waited + 1
                is_last |= waited >= self.n_iter_no_change
            if score > best:
                best, self.variables_ = score, jax.device_get(moment.variables)
            if is_last:  # the loop would evaluate the network now
                break
        self.n_iter_ = len(self.loss_curve_)

    def _loop(
        self, images: Float[np.ndarray, "points height width channels"], codes: Int[np.ndarray, " points"], seed: int
    ) -> Loop:
        """The loop that trains the network, with a line of metrics for each epoch."""
        batch_size = min(plain(self.batch_size), len(images))
        steps = len(images) // batch_size
        procedure = Supervised(
            Adam(plain(self.learning_rate), schedule="cosine"), plain(self.max_iter) * steps, batch_size
        )
        data = GivenItems(Element(self.image_shape_, (), len(self.classes_)))
        experiment = Experiment(data, self._network(), procedure, rivals=(), seed=seed, log_every=steps)
        # Each epoch is looked at here: the loop itself is to evaluate nothing.
        experiment = replace(experiment, eval_every=procedure.num_steps)
        source = ArraySource(images, codes, len(self.classes_), -np.inf, np.inf)
        with precision(experiment.dtype):
            mesh = device_mesh()
            rehearse(experiment, experiment.network, mesh)
            return Loop(experiment, experiment.network, source, None, mesh)


def _with_variables(loop: Loop, variables: Any) -> LoopState:
    """The first state of a loop, with what was found before in the place of fresh variables.

    Raises:
        InputError: the network has other ones.
    """
    with precision(loop.experiment.dtype):
        first = jax.tree.map(lambda leaf: leaf.copy(), loop.first)
        if jax.tree.map(np.shape, loop.variables(first)) != jax.tree.map(np.shape, variables):
            raise InputError("warm_start with a network of other parameters; allowed: the one of the last fit")
        collections = {name: variables[name] for name in first.trained.collections}
        trained = first.trained.replace(params=variables[TRAINED], collections=collections)
        return first.replace(trained=jax.device_put(trained, replicated(loop.mesh)))


def _probabilities(
    network: nn.Module, variables: Any, images: Float[np.ndarray, "points height width channels"]
) -> Float[np.ndarray, "points classes"]:
    """What a network says of images, in blocks that are filled up, so that few sizes are compiled."""
    size = block_size(len(images))
    found = []
    with precision("float32"):
        for start in range(0, len(images), size):
            own = images[start : start + size]
            filled = np.concatenate([own, np.broadcast_to(own[-1:], (size - len(own), *own.shape[1:]))])
            found.append(np.asarray(_softmax(network, variables, filled))[: len(own)])
    return np.concatenate(found)


@partial(jax.jit, static_argnames="network")
def _softmax(
    network: nn.Module, variables: Any, images: Float[Array, "points height width channels"]
) -> Float[Array, "points classes"]:
    return jax.nn.softmax(output_of(network, variables, images))
