"""A classical network in front of a circuit, and a classical head behind it."""

import flax.linen as nn

from qconv.models.network import Network


class HybridNet(Network):
    """Features of a classical network, as many numbers of them as the circuit encodes, the circuit, and a head.

        HybridNet(SmallCNN(), SquashedDense(6), QuantumDense(Circuit(Angle(), HardwareEfficient())), LinearHead())

    The dressed circuit of Mari et al., Quantum 4:340 (2020), section 3.3, where a network that was trained on other
    images makes the features, and is frozen; here it may also be trained with the rest. `DressedNet` is the same
    without a backbone.
    """

    backbone: nn.Module
    """From images to features: `SmallCNN`, `ResNet`, `ViT`, several side by side as `Fused`, one with weights from a
    file as `Pretrained`, or one that a finished run has trained as `FromRun`."""
    numbers: nn.Module
    """From features to the numbers in [0, 1] that the circuit encodes: a `SquashedDense`."""
    quantum: nn.Module
    """The circuit: a `QuantumDense`, or a classical layer."""
    head: nn.Module
    """From what the circuit measures to the outputs."""
