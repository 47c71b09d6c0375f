"""A register for whole vectors as an estimator."""

from typing import Any

import flax.linen as nn

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.estimators.nested import plain
from qconv.estimators.network_classifier import NetworkClassifier
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.heads import LinearHead
from qconv.models.networks import QuantumClassifier


class QuantumVectorClassifier(NetworkClassifier):
    """Circuits on whole vectors and a linear head: by default a qubit for each column.

        classifier = QuantumVectorClassifier(random_state=0).fit(points, labels)
        classifier.predict_proba(others)

    The smallest number of each column among the training points becomes 0, and the largest 1.

    Args:
        features: circuits, with angles of their own.
        circuit: of a point; None for `Circuit(Angle(), HardwareEfficient(depth=2))`. Of one that is given a search
            reaches the fields: `circuit__ansatz__depth`.
        learning_rate: the highest one.
        batch_size: points of a step; all of them, where there are fewer.
        max_iter: epochs, at most. In each, every point is seen once, but for a ragged rest.
        early_stopping: whether a part of the training points is kept to be predicted after each epoch: training ends
            when that has not become better for a while, and the best epoch is taken.
        validation_fraction: that part, the same of each class.
        n_iter_no_change: epochs without more accuracy on it after which training ends.
        tol: what accuracy must rise by to count.
        warm_start: whether a fit begins with what the last one has found, where there is one.
        random_state: fixes first parameters, the order of points, and which are kept.

    Attributes:
        classes_: the classes, in their order.
        image_shape_: (1, columns, 1).
        lowest_, highest_: what becomes 0 and what becomes 1.
        n_iter_: epochs.
        loss_curve_: the loss of each epoch, while it was trained on.
        validation_scores_: the accuracy on the part that is kept, after each epoch; empty without.
        network_, variables_: the network and all that it has learned, for `network_.apply`.

    See `qconv.QuantumDense` for the layer.
    """

    def __init__(
        self,
        *,
        features: int = 1,
        circuit: Circuit | None = None,
        learning_rate: float = 5e-3,
        batch_size: int = 64,
        max_iter: int = 50,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            batch_size=batch_size,
            max_iter=max_iter,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            tol=tol,
            warm_start=warm_start,
            random_state=random_state,
        )
        self.features = features
        self.circuit = circuit

    def _network(self) -> nn.Module:
        circuit = Circuit(Angle(), HardwareEfficient(depth=2)) if self.circuit is None else self.circuit
        return QuantumClassifier(QuantumDense(circuit, plain(self.features)), LinearHead(num_classes=None))
