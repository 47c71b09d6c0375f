"""Runs of a few steps, for what is done with trained networks."""

from pathlib import Path

from rich.console import Console

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.dataset import Dataset
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory

CONV = QuantumConv(Circuit(ansatz=HardwareEfficient(depth=1)), kernel_size=(1, 2), strides=2)


def small(data: Dataset, classes: int, steps: int = 8) -> Experiment:
    """A network of two qubits in a window, which learns a little."""
    procedure = Supervised(Adam(learning_rate=3e-2), num_steps=steps, batch_size=8)
    return Experiment(data, QuanvNet(CONV, LinearHead(classes)), procedure)


def trained(experiment: Experiment, runs: Path) -> Path:
    """The directory of its run."""
    with RunDirectory("small", experiment, runs) as run:
        execute(run, Console(quiet=True))
    return run.folder
