"""qconv as a user runs it: in processes of their own, in a folder with an experiment of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

TINY = '''"""A tiny experiment that does at a given read of its images what a test wants.

Trains in no time.
"""

import json
import os
import resource
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit
from qconv.data.synthetic import Synthetic
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised

reads = 0


def act():
    """Obeys the environment variable AT, such as "5 kill", at that read of training images."""
    read, _, action = os.environ.get("AT", "").partition(" ")
    if read != str(reads):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
    elif action == "wait":
        Path("waiting").touch()
        while not Path("go").exists():
            time.sleep(0.02)
    else:  # "full BYTES": no file gets longer than that
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(action.split()[1]),) * 2)


class Watched:
    """A source that writes down which images it was asked for, just before they are used unless AHEAD is set."""

    in_memory = "AHEAD" not in os.environ

    def __init__(self, source, split):
        self.source, self.split = source, split

    def __len__(self):
        return len(self.source)

    def __getitem__(self, indices):
        global reads
        if self.split == "train":
            reads += 1
            act()
        if "READS" in os.environ:
            with open(os.environ["READS"], "a") as file:
                print(json.dumps([self.split, indices.tolist()]), file=file)
        return self.source[indices]


@dataclass(frozen=True)
class WatchedImages(Synthetic):
    """Synthetic images, watched."""

    def load(self, split):
        return Watched(super().load(split), split)


@dataclass(frozen=True)
class Turns(Ansatz):
    """RY on every qubit."""

    depth: int = 1
    """Number of layers."""

    def param_shape(self, num_qubits):
        return (self.depth, num_qubits)

    def __call__(self, circuit, theta):
        for angles in theta:
            for qubit in range(circuit.num_qubits):
                circuit.ry(qubit, theta=angles[qubit])


experiment = Experiment(
    data=WatchedImages(num_images=64),
    model=QuanvNet(
        conv=QuantumConv(Circuit(ansatz=Turns()), kernel_size=(1, 2), strides=2), head=LinearHead(num_classes=4)
    ),
    procedure=Supervised(optimizer=Adam(learning_rate=1e-2), num_steps=12, batch_size=16),
    log_every=2,
    eval_every=4,
    checkpoint_every=4,
)
'''


@dataclass(frozen=True)
class Workshop:
    """A folder to run qconv in, with the experiment `tiny`."""

    folder: Path
    cache: Path
    """Compiled programs, shared by all tests of a session."""

    @classmethod
    def make(cls, factory: pytest.TempPathFactory) -> "Workshop":
        """A new one."""
        folder = factory.mktemp("workshop")
        (folder / "experiments").mkdir()
        (folder / "experiments" / "tiny.py").write_text(TINY)
        return cls(folder, compiled_programs(factory))

    def start(self, *args: str, program: tuple[str, ...] = ("-m", "qconv"), **variables: str) -> subprocess.Popen[str]:
        """Starts a command; `variables` are added to the environment."""
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "JAX_COMPILATION_CACHE_DIR": str(self.cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "TF_CPP_MIN_LOG_LEVEL": "3",  # XLA's remarks about programs from the cache
            "COLUMNS": "100",
        }
        return subprocess.Popen(
            [sys.executable, *program, *args],
            cwd=self.folder,
            env=environment | variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *args: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return finish(self.start(*args, **options))

    def seed_folder(self, runs: str, seed: int = 0) -> Path:
        """The only run of `tiny` in a folder for runs."""
        (folder,) = (self.folder / runs / "tiny").glob(f"*/seed{seed}")
        return folder


def compiled_programs(factory: pytest.TempPathFactory) -> Path:
    """A folder for JAX's cache of compiled programs, the same for all processes of a session."""
    session = factory.getbasetemp()
    return (session.parent if "PYTEST_XDIST_WORKER" in os.environ else session) / "compiled"


def finish(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Waits for a process."""
    out, err = process.communicate(timeout=240)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def result(seed_folder: Path) -> dict[str, Any]:
    """What must be the same however often a run was stopped: metrics to the byte, states to the bit, the summary."""
    summary = json.loads((seed_folder / "summary.json").read_text())
    for arm in summary["arms"]:
        del arm["wall_seconds"], arm["step_seconds"]
    networks = [seed_folder / arm["folder"] for arm in summary["arms"]]
    assert networks == [seed_folder, seed_folder / "twin"]
    return {
        "metrics": [(folder / "metrics.jsonl").read_bytes() for folder in networks],
        "digests": [
            digest(folder / "checkpoints", arm["steps"]) for folder, arm in zip(networks, summary["arms"], strict=True)
        ],
        "summary": summary,
    }


def lines_of(folder: Path) -> list[dict[str, float]]:
    """The metrics of a network."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def digest(checkpoints: Path, step: int) -> str:
    """Of all values of the state in a checkpoint; restoring compares it with the values."""
    return json.loads((checkpoints / str(step) / "meta" / "metadata").read_text())["digest"]
