"""A network that a finished run has trained, as a stage of another one."""

from pathlib import Path
from typing import Annotated, Any

import flax.linen as nn
import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Array, Float
from tyro.conf import Suppress

import qconv
from qconv.bounds import require
from qconv.errors import InputError, RunError
from qconv.experiment.arms import Arm, arms
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.experiment.rivals import Twin
from qconv.models.first_stages import FirstStages
from qconv.models.network import Network
from qconv.models.pretrained import Pretrained
from qconv.models.quantum_calls import trace
from qconv.models.twin import WithTwin
from qconv.models.weight_files import keep_weights
from qconv.runs.data_file import knowing_its_data
from qconv.runs.restore import restored_arm
from qconv.runs.run_directory import read_run
from qconv.runs.summary import read_run_summary


class FromRun(WithTwin):
    """The network of a finished run, cut before one of its stages, with the weights that were trained there.

        HybridNet(FromRun("runs/quanv_mnist/RUN_ID/seed0"), SquashedDense(6), QuantumDense(circuit), LinearHead())

    The run is read where this module is made: its weights are written to the first folder of `QCONV_WEIGHTS`, by
    default `weights`, and known by their SHA-256 from then on. So what this module is does not depend on where the run
    lies, nor on whether it is still there; one that was trained anew is another module, and makes another run. An
    experiment whose run is not given yet is written with `FromRun()`, and trained with `--model.backbone.run RUN`.

    Where quantum layers are taken, the classical twin has what the classical twin of the same run has trained.
    """

    run: str = ""
    """Directory of the run: runs/<experiment>/<run id>/seed<k>; forgotten once it has been read."""
    stop: str = ""
    """The stage before which the network is cut; by default the last one. Forgotten likewise."""
    arm: str = ""
    """Which network of the run, by its folder, such as `twin`; by default the experiment's own. Forgotten likewise."""
    trainable: bool = False
    """Whether training changes the weights further; if not, what the network makes of all images is computed once."""
    taken: Annotated[Pretrained | None, Suppress] = None
    """What was read."""
    rival: Annotated[Pretrained | None, Suppress] = None
    """What a classical twin has in its place: the same where no quantum layer is in it, else what the classical twin of
    the run has trained, if it has one."""

    def __post_init__(self) -> None:
        if self.run:
            self._take(Path(self.run))
        for name in ("stop", "arm"):
            require(self, name, not getattr(self, name), "nothing without a run, whose network it says more about")
        for name in ("taken", "rival"):
            part = getattr(self, name)
            if part is not None and part.trainable != self.trainable:
                object.__setattr__(self, name, part.clone(trainable=self.trainable))
        super().__post_init__()

    def __call__(self, inputs: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch ..."]:
        """The features of each image.

        Raises:
            InputError: no run was given, its weights are not found, or the images have other channels than there.
        """
        if self.taken is None:
            raise InputError("run = ''; allowed: the directory of a finished run, runs/<experiment>/<run id>/seed<k>")
        return self.taken(inputs, train=train)

    @nn.nowrap
    def twin(self) -> nn.Module:
        """The network in its place without quantum layers; where there are none, an equal module.

        Raises:
            InputError: there are, and the run has trained no classical twin.
        """
        if self.taken is None:
            return self
        if self.rival is None:
            raise InputError(
                "the network taken from a run has quantum layers, and that run has trained no classical twin, whose "
                "weights the twin would have here; allowed: a run with one, or rivals = ()"
            )
        return FromRun(trainable=self.trainable, taken=self.rival, rival=self.rival)

    @nn.nowrap
    def _take(self, folder: Path) -> None:
        """Reads the run, and forgets where it lies."""
        experiment = knowing_its_data(folder, read_run(folder)[1])
        _require_results(folder)
        by_folder = {arm.folder: arm for arm in arms(experiment)}
        require(self, "arm", self.arm in by_folder, ", ".join(map(repr, by_folder)))
        rival = taken = _trained(folder, experiment, by_folder[self.arm], self.stop)
        with precision(experiment.dtype):
            is_quantum = bool(trace(taken.network, experiment.element.inputs).calls)
        if is_quantum:
            twin = by_folder.get(Twin.folder)
            rival = _trained(folder, experiment, twin, self.stop) if twin else None
        object.__setattr__(self, "taken", taken)
        object.__setattr__(self, "rival", rival)
        for name in ("run", "stop", "arm"):
            object.__setattr__(self, name, "")


def _require_results(folder: Path) -> None:
    """Refuses a run that is not finished, or whose weights mean something else today."""
    if not (folder / "summary.json").is_file():
        raise RunError(f"{folder} is not finished: its last checkpoint is no result; train it to its end first")
    numerics = read_run_summary(folder).provenance[-1].numerics
    if numerics != qconv.NUMERICS:
        raise RunError(
            f"{folder} was computed with numerics {numerics}, and these are {qconv.NUMERICS}: its weights would make "
            "other features here; train it anew with --renew"
        )


def _trained(folder: Path, experiment: Experiment, arm: Arm, stop: str) -> Pretrained:
    """A network of a run without its last stages, its weights kept in a file."""
    network = arm.network
    if not isinstance(network, Network):
        raise InputError(f"{folder} has trained a {type(network).__name__}, which has no stages; allowed: a Network")
    part = FirstStages(network, stop or network.stages()[-1])
    restored = restored_arm(folder, experiment, arm, None)
    if restored is None:
        raise RunError(f"no checkpoint of the {arm.name} in {folder}")
    with precision(experiment.dtype):
        variables = restored.loop.variables(restored.state)
        inputs = jax.ShapeDtypeStruct((1, *experiment.element.inputs), np.dtype(experiment.dtype))
        needed = flatten_dict(jax.eval_shape(part.init, jax.random.key(0), inputs))
    # Of the whole network the part knows itself as `network`.
    found: dict[Any, Any] = flatten_dict(jax.device_get(variables))
    return Pretrained(part, keep_weights(unflatten_dict({path: found[path[0], *path[2:]] for path in needed})))
