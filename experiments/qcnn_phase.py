"""The QCNN of Cong, Choi and Lukin learns a topological phase from the solvable line of its phase diagram.

make train EXP=qcnn_phase

Training states are 40 ground states of 9 spins at h2 = 0, where the phase ends at h1 = J in a long chain; test states
lie all over the (h1, h2) plane, and `plane.png` in the run directory shows what the network says of each.

Expect a test accuracy of 0.786 ± 0.004 over three seeds (twin 0.821 ± 0.004, with twice the parameters), in about a
minute with the twin on 2 CPU cores (measured 2026-11-22). At h2 = 0 P(SPT) passes 1/2 at h1 = 0.83 J: the change is
gradual in a short open chain, and begins early (0.87 J with 12 spins, seed 0). The border to the paramagnetic phase has
the right shape all over the plane, too low by about 0.2 J in h2. That to the antiferromagnetic phase is missed, by both
networks: no training state lies there. (The paper reports the whole phase diagram, from a larger network.) The twin
sees amplitudes with their signs and is sure of itself, also where it is wrong: its test loss is three times as large.
"""

from qconv.ansatz.cong import CongQCNN
from qconv.circuit.circuit import Circuit
from qconv.data.cluster_ising import ClusterIsing
from qconv.encoding.amplitude import Amplitude
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.heads import LogProbabilities
from qconv.models.quantum_classifier import QuantumClassifier
from qconv.optimizers import Adam
from qconv.readout.probabilities import Probabilities

experiment = Experiment(
    data=ClusterIsing(num_qubits=9),
    model=QuantumClassifier(
        dense=QuantumDense(Circuit(Amplitude(), CongQCNN(), Probabilities()), angle_range=0.3),
        head=LogProbabilities(),
    ),
    optimizer=Adam(learning_rate=3e-2, schedule="cosine"),
    num_steps=400,
    batch_size=40,
)
