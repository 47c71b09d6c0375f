"""A quantum convolutional network on a qubit a pixel, 1,024 of them, for 5,000 MNIST digits.

make train EXP=qcnn_mnist_native

Expect a test accuracy of 0.944 ± 0.010 over three seeds (twin 0.961 ± 0.007), in two minutes with the twin on 2 CPU
cores (measured 2026-11-22). Settings were chosen on 800 of the training images, as docs/design.md tells.
"""

from qconv import (
    Adam,
    Angle,
    Experiment,
    LinearHead,
    Mnist5k,
    PauliXYZ,
    QuantumTree,
    StronglyEntangling,
    Supervised,
    Tree,
    TreeNet,
)

experiment = Experiment(
    data=Mnist5k(),
    model=TreeNet(
        tree=QuantumTree(Tree(Angle(), StronglyEntangling(depth=3), PauliXYZ(), block=(2, 2)), features=16, read=2),
        head=LinearHead(),
    ),
    procedure=Supervised(Adam(learning_rate=2e-2, schedule="cosine"), num_steps=1000),
)
