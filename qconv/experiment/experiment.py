"""The spec of an experiment: one frozen object that says everything a run needs."""

from dataclasses import dataclass, field
from typing import Literal

import jax
import numpy as np

from qconv.data.dataset import Dataset, Source
from qconv.errors import InputError, refusing
from qconv.experiment.parts import check_parts
from qconv.losses import CrossEntropy, Loss
from qconv.models.base import ImageModel
from qconv.models.quantum_calls import trace
from qconv.models.twin import check_twin
from qconv.optimizers import Adam, Optimizer
from qconv.simulate.memory import available_bytes, gibibytes


@dataclass(frozen=True)
class Experiment:
    """Data, network, optimiser and budget. The classical twin gets the same of each, but for the quantum layers."""

    data: Dataset
    """Where images come from."""
    model: ImageModel
    """The network."""
    optimizer: Optimizer = field(default_factory=Adam)
    """How it is trained."""
    num_steps: int = 1000
    """Training steps."""
    batch_size: int = 64
    """Images of a step, over all devices."""
    seed: int = 0
    """Fixes initial parameters, the order of the images, and dropout."""
    log_every: int = 20
    """Steps from one line of metrics to the next."""
    eval_every: int = 200
    """Steps from one pass over the test images to the next; the last step always has one."""
    checkpoint_every: int = 200
    """Steps from one checkpoint to the next; the last step always has one."""
    dtype: Literal["float32", "float64"] = "float32"
    """Precision of images, parameters and circuits: float32 with complex64, or float64 with complex128."""
    sampling: Literal["epochs", "replacement"] = "epochs"
    """Every image once in each epoch (epochs), or batches drawn from all images with replacement (replacement)."""
    loss: Loss = field(default=CrossEntropy())
    """What is minimised."""
    plateau: int = 0
    """Steps of an interval: training ends before `num_steps` where the mean training loss of the last interval and that
    of the one before differ by no more than half the standard error of the last; 0 for never."""

    def __post_init__(self) -> None:
        check_parts(self)
        for name in ("num_steps", "batch_size", "log_every", "eval_every", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} = {getattr(self, name)}; allowed: at least 1")
        if self.sampling not in ("epochs", "replacement"):
            raise InputError(f"sampling = {self.sampling!r}; allowed: 'epochs', 'replacement'")
        if self.plateau < 0 or self.plateau == 1:
            raise InputError(f"plateau = {self.plateau}; allowed: 0, or at least 2 steps")
        if self.dtype not in ("float32", "float64"):
            raise InputError(f"dtype = {self.dtype!r}; allowed: 'float32', 'float64'")

    def check(self, train: Source, test: Source) -> None:
        """Refuses what does not fit together, before any work.

        Raises:
            InputError: a batch larger than the data, splits of different image size, a network that cannot take the
                images (kernel, register, memory) or has another number of classes than the data, a loss that is not
                one number for each image or has no score for each class, or a circuit that its classical twin would
                run, too.
        """
        if self.batch_size > len(train):
            raise InputError(f"batch_size = {self.batch_size}; allowed: at most the {len(train)} training images")
        if len(test) == 0:
            raise InputError("the test split has 0 images; allowed: at least 1")
        if train.image_shape != test.image_shape:
            raise InputError(f"training images have shape {train.image_shape}, test images {test.image_shape}")
        with refusing(f"{type(self.model).__name__} cannot take images of shape {train.image_shape}"):
            network = trace(self.model, train.image_shape)
        # Parameters, their gradient, and Adam's two moments.
        needed = 4 * network.num_parameters * np.dtype(self.dtype).itemsize
        if needed > (available := available_bytes()):
            raise InputError(
                f"the network has {network.num_parameters:,} parameters, and to train them takes {gibibytes(needed)}; "
                f"{gibibytes(available)} are there"
            )
        logits = network.outputs
        if logits.shape != (1, self.data.num_classes):
            raise InputError(
                f"the model gives logits of shape {logits.shape[1:]}, but the data have {self.data.num_classes} "
                "classes; set num_classes of its head"
            )
        check_twin(self.model, network, train.image_shape)
        outputs = jax.ShapeDtypeStruct((2, self.data.num_classes), np.dtype(np.float32))
        labels = jax.ShapeDtypeStruct((2,), np.dtype(np.int32))
        name = type(self.loss).__name__
        with refusing(f"{name} cannot be computed"):
            losses, scores = jax.eval_shape(self.loss, outputs, labels), jax.eval_shape(self.loss.scores, outputs)
        for given, allowed in ((losses, labels), (scores, outputs)):
            if given.shape != allowed.shape:
                what = "of each image" if allowed is labels else "as scores"
                raise InputError(f"{name} returns shape {given.shape} {what} for 2 images; allowed: {allowed.shape}")
