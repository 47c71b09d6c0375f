"""What is said about values of a wrong type: in a process of its own, since pytest's type checker would be first."""

import json
import subprocess
import sys

import pytest

CASES = {
    "Angle(axis='W')": "axis = 'W'; allowed: 'X', 'Y', 'Z'",
    "BasicEntangler(rotation='x')": "rotation = 'x'; allowed: 'rx', 'ry', 'rz'",
    "DenseAngle(axes='ZX')": "axes = 'ZX'; allowed: 'XY', 'XZ', 'YX', 'YZ'",
    "FRQI(angle='cubic')": "angle = 'cubic'; allowed: 'linear', 'arcsin'",
    "IQP(pattern='star')": "pattern = 'star'; allowed: 'ring', 'chain', 'all'",
    "IQP(phases='sum')": "phases = 'sum'; allowed: 'product', 'complement'",
    "HardwareEfficient(entangler='swap')": "entangler = 'swap'; allowed: 'cnot', 'cz', 'none'",
    "HardwareEfficient(pattern='star')": "pattern = 'star'; allowed: 'ring', 'chain', 'all'",
    "HardwareEfficient(rotations=('rx', 'h'))": "rotations = ('rx', 'h'); allowed: one or more of",
    "HurConvolution(pattern='all')": "pattern = 'all'; allowed: 'ring', 'chain'",
    "HurPooling(kind='crot')": "kind = 'crot'; allowed: 'zx', 'general'",
    "HurPooling(pairs=((0, 0, 1),))": "pairs = ((0, 0, 1),); allowed: one or more pairs of different qubits",
    "LinearHead(distribution='even')": "distribution = 'even'; allowed: 'normal', 'uniform'",
    "ResNet(stem='tiny')": "stem = 'tiny'; allowed: 'small', 'large'",
    "ResNet(block='wide')": "block = 'wide'; allowed: 'basic', 'bottleneck'",
    "ViT(pooling='max')": "pooling = 'max'; allowed: 'token', 'mean'",
    "SquashedDense(distribution='even')": "distribution = 'even'; allowed: 'normal', 'uniform'",
    "Scaled(Synthetic(), 'robust')": "scaling = 'robust'; allowed: 'standard', 'range'",
    "Synthetic().load('all')": "split = 'all'; allowed: 'train', 'test'",
    "BarsAndStripes().load('all')": "split = 'all'; allowed: 'train', 'test'",
    "Spirals().load('all')": "split = 'all'; allowed: 'train', 'test'",
    "Experiment(Synthetic(), LinearHead(), dtype='float16')": "dtype = 'float16'; allowed: 'float32', 'float64'",
    "Experiment(Synthetic(), LinearHead(), split='train')": "split = 'train'; allowed: 'test', 'validation'",
    "Experiment(Synthetic(), LinearHead(), rivals=(Twin(), Twin()))": "rivals have the name 'classical twin'; allowed",
    "QuantumConv(kernel_size=2.5)": "kernel_size = 2.5; allowed",
    "QuantumConv(kernel_size=(2, 2, 2))": "kernel_size = (2, 2, 2); allowed",
    "QuantumConv(kernel_size=None)": "kernel_size = None; allowed",
    "QuantumConv(strides='2')": "strides = 2; allowed",
    "QuantumConv(padding='CIRCULAR')": "padding = 'CIRCULAR'; allowed: 'SAME', 'VALID'",
    "QuantumConv(padding=None)": "padding = None; allowed",
    "QuantumConv(padding=(1, 1))": "padding = (1, 1); allowed",
    "QuantumConv(padding=((1,), (1, 1, 1)))": "padding = ((1,), (1, 1, 1)); allowed",
    "QuantumConv(channels='mixed')": "channels = 'mixed'; allowed: 'joint', 'sum', 'concatenate'",
    "QuantumConv(device=Device('fast'))": "engine = 'fast'; allowed: 'auto', 'statevector', 'unitary'",
    "QuantumConv(param_dtype='int8')": "param_dtype = 'int8'; allowed: 'float32', 'float64'",
    "QuantumConv().init(jax.random.key(0), jax.numpy.ones((4, 4)))": "images have shape (4, 4); allowed: (...,",
}

SCRIPT = """
import json, sys, jax
from qconv.ansatz.basic_entangler import BasicEntangler
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.hur_convolution import HurConvolution
from qconv.ansatz.hur_pooling import HurPooling
from qconv.data.bars_and_stripes import BarsAndStripes
from qconv.data.scaled import Scaled
from qconv.data.spirals import Spirals
from qconv.data.synthetic import Synthetic
from qconv.encoding.angle import Angle
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.frqi import FRQI
from qconv.encoding.iqp import IQP
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.rivals import Twin
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.resnet import ResNet
from qconv.models.squashed_dense import SquashedDense
from qconv.models.vit import ViT
from qconv.simulate.device import Device

messages = {}
for case in json.loads(sys.argv[1]):
    try:
        messages[case] = f"no error: {eval(case)}"
    except InputError as error:
        messages[case] = str(error)
    except Exception as error:
        messages[case] = repr(error)
print(json.dumps(messages))
"""


@pytest.fixture(scope="module")
def messages() -> dict[str, str]:
    command = [sys.executable, "-c", SCRIPT, json.dumps(list(CASES))]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(finished.stdout)


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_allowed_is_said(messages, case):
    assert messages[case].startswith(CASES[case])
