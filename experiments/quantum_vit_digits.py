"""A vision transformer with circuits in place of dense layers, on 5,000 MNIST digits.

make train EXP=quantum_vit_digits
"""

from qconv import (
    Adam,
    Angle,
    BasicEntangler,
    Circuit,
    ClassificationByAUC,
    Experiment,
    Mnist5k,
    PauliZ,
    QuantumDense,
    QuantumViT,
    Supervised,
)

CIRCUIT = Circuit(Angle("X", scale=1.0), BasicEntangler(depth=1), PauliZ())

experiment = Experiment(
    data=Mnist5k(),
    model=QuantumViT(
        projections=QuantumDense(CIRCUIT, features=3, angle_range=0.5, angle_distribution="normal"),
        mixing=QuantumDense(CIRCUIT, angle_range=0.5, angle_distribution="normal"),
        hidden=QuantumDense(CIRCUIT, angle_range=0.5, angle_distribution="normal"),
    ),
    procedure=Supervised(Adam(learning_rate=1e-2, schedule="cosine"), num_steps=1860),
    task=ClassificationByAUC(),
)
