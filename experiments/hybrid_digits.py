"""A small CNN, a circuit of eight qubits and a dense layer, trained together on 5,000 MNIST digits.

make train EXP=hybrid_digits
"""

from qconv import (
    Adam,
    Angle,
    Circuit,
    Experiment,
    HybridNet,
    LinearHead,
    Mnist5k,
    PauliZ,
    QuantumDense,
    SmallCNN,
    SquashedDense,
    StronglyEntangling,
    Supervised,
)

experiment = Experiment(
    data=Mnist5k(),
    model=HybridNet(
        backbone=SmallCNN(features=(8, 16, 32, 64)),
        numbers=SquashedDense(width=8),
        quantum=QuantumDense(Circuit(Angle(), StronglyEntangling(depth=3), PauliZ())),
        head=LinearHead(),
    ),
    procedure=Supervised(Adam(learning_rate=1e-2, schedule="cosine"), num_steps=600),
)
