"""Quantum convolution as an estimator."""

from typing import Any

import flax.linen as nn
import numpy as np
from jaxtyping import Float
from sklearn.utils import Tags
from sklearn.utils.validation import validate_data

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.estimators.image_rows import Shape, as_rows, shape_of_rows
from qconv.estimators.nested import plain
from qconv.estimators.network_classifier import FLOATS, NetworkClassifier
from qconv.layers.quantum_conv import Channels, QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.patches import Padding, Size


class QuantumConvClassifier(NetworkClassifier):
    """Quantum convolution and a linear head, trained on arrays of images.

        classifier = QuantumConvClassifier(features=4, kernel_size=2, random_state=0).fit(images, labels)
        classifier.predict_proba(others)

    Images are (images, height, width) or (images, height, width, channels), or rows with `image_shape`. The darkest
    number of the training images becomes 0 and the brightest 1, whatever they are: 0 to 255, 0 to 16, or any others.

    Args:
        features: filters.
        kernel_size: height and width of the window.
        strides: step from one window to the next.
        padding: SAME, VALID, a number of pixels, or ((top, bottom), (left, right)).
        channels: how channels of images map to qubits; see `qconv.QuantumConv`.
        circuit: of each window; None for `Circuit(Angle(), HardwareEfficient(depth=2))`. Of one that is given a search
            reaches the fields: `circuit__encoding__scale`.
        image_shape: of images that are given as rows: (height, width) or (height, width, channels), of which one may
            be -1, as in NumPy's `reshape`.
        learning_rate: the highest one.
        batch_size: images of a step; all of them, where there are fewer.
        max_iter: epochs, at most. In each, every image is seen once, but for a ragged rest.
        early_stopping: whether a part of the training images is kept to be predicted after each epoch: training ends
            when that has not become better for a while, and the best epoch is taken.
        validation_fraction: that part, the same of each class.
        n_iter_no_change: epochs without more accuracy on it after which training ends.
        tol: what accuracy must rise by to count.
        warm_start: whether a fit begins with what the last one has found, where there is one.
        random_state: fixes first parameters, the order of images, and which are kept.

    Attributes:
        classes_: the classes, in their order.
        image_shape_: height, width and channels.
        lowest_, highest_: what becomes 0 and what becomes 1.
        n_iter_: epochs.
        loss_curve_: the loss of each epoch, while it was trained on.
        validation_scores_: the accuracy on the part that is kept, after each epoch; empty without.
        network_, variables_: the network and all that it has learned, for `network_.apply`.

    See `qconv.QuantumConv` for the layer.
    """

    def __init__(
        self,
        *,
        features: int = 4,
        kernel_size: Size = 2,
        strides: Size = 1,
        padding: Padding = "SAME",
        channels: Channels = "joint",
        circuit: Circuit | None = None,
        image_shape: tuple[int, ...] | None = None,
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
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding
        self.channels = channels
        self.circuit = circuit
        self.image_shape = image_shape

    def _network(self) -> nn.Module:
        circuit = Circuit(Angle(), HardwareEfficient(depth=2)) if self.circuit is None else self.circuit
        layer = QuantumConv(
            circuit,
            plain(self.features),
            kernel_size=plain(self.kernel_size),
            strides=plain(self.strides),
            padding=self.padding,
            channels=self.channels,
        )
        return QuanvNet(layer, LinearHead(num_classes=None))

    def _training_rows(self, X: Any, y: Any) -> tuple[Float[np.ndarray, "points numbers"], Any, Shape]:
        rows, shape = as_rows(X, None, self.image_shape)
        rows, y = validate_data(self, rows, y, dtype=FLOATS)
        return rows, y, shape or shape_of_rows(rows.shape[1], self.image_shape)

    def _new_rows(self, X: Any) -> Float[np.ndarray, "points numbers"]:
        rows, _ = as_rows(X, self.image_shape_, self.image_shape)
        return validate_data(self, rows, reset=False, dtype=FLOATS)

    def _range(self, rows: Float[np.ndarray, "points numbers"]) -> tuple[Any, Any]:
        return rows.min(), rows.max()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
