"""A quantum convolutional network on a qubit a pixel, 1,024 of them, for 5,000 MNIST digits.

make train EXP=qcnn_mnist_native

Expect a test accuracy of 0.944 ± 0.010 over three seeds (twin 0.961 ± 0.007), in two minutes with the twin on 2 CPU
cores (measured 2026-11-22). Settings were chosen on 800 of the training images, as docs/design.md tells.
"""

from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.circuit.tree import Tree
from qconv.data.mnist import Mnist5k
from qconv.encoding.angle import Angle
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_tree import QuantumTree
from qconv.models.heads import LinearHead
from qconv.models.tree_net import TreeNet
from qconv.optimizers import Adam
from qconv.readout.pauli import PauliXYZ

experiment = Experiment(
    data=Mnist5k(),
    model=TreeNet(
        tree=QuantumTree(Tree(Angle(), StronglyEntangling(depth=3), PauliXYZ(), block=(2, 2)), features=16, read=2),
        head=LinearHead(),
    ),
    optimizer=Adam(learning_rate=2e-2, schedule="cosine"),
    num_steps=1000,
)
