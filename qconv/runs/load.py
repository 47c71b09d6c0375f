"""Trained networks as functions."""

import logging
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import qconv
from qconv.data.checked import checked_element
from qconv.data.dataset import Dataset, names_of_classes, unit_range
from qconv.data.other_items import is_fitted
from qconv.errors import InputError, RunError, refusing
from qconv.experiment.arms import Arm, arms
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.models.network import output_of
from qconv.runs.data_file import knowing_its_data
from qconv.runs.json_files import read_json
from qconv.runs.provenance import of_run
from qconv.runs.restore import has_checkpoints, restored_arm
from qconv.runs.run_directory import check_contents, read_run
from qconv.tasks.task import Task

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A trained network of a run: a function from images to outputs.

    Outputs are what the loss is computed of, such as logits; of those for classes `task.loss.scores` makes scores, such
    as probabilities. It is compiled at the first call for each number of images, and differentiable with respect to the
    images. Inside of transformations as `jax.grad` a network of a float64 run needs JAX's 64-bit mode
    (`jax.enable_x64`).
    """

    folder: Path
    """The run directory."""
    experiment: Experiment
    """The spec of the run."""
    data: Dataset
    """What the network was trained on; what is known of an item and of the classes is there without any image."""
    arm: Arm
    """Which of its networks this is."""
    step: int
    """Training steps that are behind it."""
    variables: dict[str, Any]
    """All collections of the network, as `network.apply` takes them."""

    @property
    def task(self) -> Task:
        """What the network was trained for."""
        return self.experiment.task

    @property
    def classes(self) -> tuple[str, ...]:
        """What the classes are called, by their labels; none where targets are real numbers."""
        return names_of_classes(self.data)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height, width and channels of the images that the network takes."""
        return checked_element(self.data).inputs

    def __call__(self, images: Any) -> Float[Array, "..."]:
        """The outputs for a batch of images, or for one.

        Args:
            images: (batch, height, width, channels) or (height, width, channels), as the data of the run give them: for
                most, floating point in [0, 1]. uint8 is divided by 255. `prepared` makes them of pictures.

        Raises:
            InputError: another shape, or numbers of another kind.
        """
        shape = np.shape(images)
        if shape[-3:] != self.image_shape or len(shape) not in (3, 4) or 0 in shape:
            height, width, channels = self.image_shape
            raise InputError(
                f"images have shape {shape}; allowed: (batch, {height}, {width}, {channels}), or that of one image"
            )
        outputs = self._outputs(images)
        return outputs if len(shape) == 4 else outputs[0]

    def of_any_size(self, images: Any) -> Float[Array, "..."]:
        """The outputs for a batch of images of another height and width, as networks of convolutions can take them.

        Raises:
            InputError: this network cannot.
        """
        with refusing(f"{type(self.arm.network).__name__} cannot take images of shape {np.shape(images)[1:]}"):
            return self._outputs(images)

    def _outputs(self, images: Any) -> Float[Array, "..."]:
        with precision(self.experiment.dtype):
            given = images if isinstance(images, jax.Array) else np.asarray(images)
            if given.dtype == np.uint8:
                given = given.astype(np.float32) / np.float32(255)
            elif not jnp.issubdtype(given.dtype, jnp.floating):
                raise InputError(f"images are {given.dtype}; allowed: uint8 in 0..255, or floating point")
            batch = given.astype(self.experiment.dtype).reshape(-1, *given.shape[-3:])
            return self._program(self.variables, batch)

    def check_preparation(self) -> None:
        """Refuses pictures where what becomes of them was fitted to training images that have changed since.

        Raises:
            RunError: the files that the data are read from are others by now.
        """
        if is_fitted(self.data):
            check_contents(self.folder, self.experiment)

    def prepared(self, pictures: Any) -> Float[np.ndarray, "batch height width channels"]:
        """Pictures as the network takes them: whatever the data of the run do to their images is done.

        Args:
            pictures: (batch, height, width, channels) as the innermost dataset has them, uint8 or in [0, 1].

        Raises:
            InputError: see `qconv.Dataset.prepared`.
            RunError: see `check_preparation`.
        """
        self.check_preparation()
        return self.data.prepared(unit_range(np.asarray(pictures)))

    @cached_property
    def _program(self) -> Any:
        return jax.jit(partial(output_of, self.arm.network))


def load(run: str | Path, network: str = "") -> TrainedNetwork:
    """A trained network of a run, from its newest checkpoint: a function from images to outputs.

        network = qconv.load("runs/quanv_digits/1fbe3aaac8/seed0")
        logits = network(images)                               # images (batch, 8, 8, 1) in [0, 1]
        names = [network.classes[label] for label in logits.argmax(-1)]

    Where other numerics trained it than `qconv.NUMERICS`, a warning says that its outputs may be others now.

    No training or test data are needed, unless what the data do to images is fitted to them (`qconv.Scaled`,
    `qconv.Reduced`): then `prepared` needs them.

    Args:
        run: the run directory.
        network: which network, by its name or its folder, such as "twin"; by default the experiment's own.

    Raises:
        RunError: no run is there, it has no checkpoint of that network or none that can be read, or the code of its
            classes is another one by now.
        InputError: it has no network of that name.
    """
    folder = Path(run)
    experiment = _read(folder)
    found = arms(knowing_its_data(folder, experiment))
    for arm in found:
        if network in (arm.folder, arm.name):
            return _trained(folder, experiment, arm)
    names = ", ".join(repr(arm.folder or arm.name) for arm in found)
    raise InputError(f"network = {network!r}; allowed: {names}")


def load_all(folder: Path) -> list[TrainedNetwork]:
    """The networks of a run that have a checkpoint already, the experiment's own first.

    Raises:
        RunError: see `load`.
    """
    experiment = _read(folder)
    own, *rivals = arms(knowing_its_data(folder, experiment))
    begun = [own, *(arm for arm in rivals if has_checkpoints(folder, arm))]
    return [_trained(folder, experiment, arm) for arm in begun]


def _read(folder: Path) -> Experiment:
    """The spec of a run; it is said if other numerics have trained it."""
    _, experiment = read_run(folder)
    if (numerics := of_run(read_json(folder / "spec.json"))[-1].numerics) != qconv.NUMERICS:
        logger.warning(
            "%s was trained with numerics %s, and these are %s: its networks may say something else than they did",
            folder,
            "from before version 1" if numerics is None else numerics,
            qconv.NUMERICS,
        )
    return experiment


def _trained(folder: Path, experiment: Experiment, arm: Arm) -> TrainedNetwork:
    known = knowing_its_data(folder, experiment)
    restored = restored_arm(folder, known, arm, None)
    if restored is None:
        raise RunError(f"no checkpoint of the {arm.name} network in {folder} yet")
    _, loop, state = restored
    with precision(experiment.dtype):
        # Whoever calls it decides on which device: these arrays are tied to none.
        variables = jax.tree.map(jnp.asarray, jax.device_get(loop.variables(state)))
    return TrainedNetwork(folder, experiment, known.data, arm, int(state.step), variables)
