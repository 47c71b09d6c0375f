"""The QCNN of Cong, Choi and Lukin learns a topological phase from the solvable line of its phase diagram.

make train EXP=qcnn_phase

Expect.
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
