"""A vision transformer with circuits in place of dense layers, on 5,000 MNIST digits.

make train EXP=quantum_vit_digits

Network, batches and epochs are those of github.com/salcc/QuantumTransformers for MNIST; `qconv.QuantumViT` says how its
1,672 parameters add up.

Expect an area under the curve of 0.986 ± 0.001 and a test accuracy of 0.864 ± 0.010 over five seeds (twin 0.986 ± 0.001
and 0.861 ± 0.006, with 1,852 parameters), in a minute with the twin on one CPU core (measured 2026-11-30). The circuits
do not help: cosines that they are equal to do as well, a dense layer on the pixels and a small convolutional network do
better (make table TAB=quantum_vit).

Nor do richer circuits, on 800 of the training images with 3,200 to train on (means of two seeds, which are up to 0.005
apart): 0.985 as it is, 0.983 without CNOTs, 0.984 with two layers, 0.982 with a strongly entangling one, 0.986 with RZ
and RY before the CNOTs, 0.985 with these and the numbers encoded twice.
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
LAYER = QuantumDense(CIRCUIT, angle_range=0.5, angle_distribution="normal")

experiment = Experiment(
    data=Mnist5k(),
    model=QuantumViT(projections=LAYER.clone(features=3), mixing=LAYER, hidden=LAYER),
    procedure=Supervised(Adam(learning_rate=1e-2, schedule="cosine"), num_steps=1860),
    task=ClassificationByAUC(),
)
