"""Rivals of a kernel machine: the same machine with another kernel."""

from dataclasses import dataclass, field
from typing import ClassVar

import flax.linen as nn

from qconv.errors import InputError
from qconv.experiment.rivals import Rival
from qconv.kernels.classical import RBF, Linear
from qconv.kernels.fidelity import FidelityKernel
from qconv.kernels.kernel import Kernel
from qconv.models.kernel_machine import KernelMachine
from qconv.models.quantum_calls import Traced
from qconv.models.rebuilt import Inside, rebuilt


@dataclass(frozen=True)
class OtherKernel(Rival):
    """The machine with another kernel: as many points, and as many penalties and scales are tried.

    A subclass has a name and a folder, and a kernel by default.
    """

    kernel: Kernel
    """The kernel in the place of the machine's own, before points are scaled."""

    def network(self, model: nn.Module, traced: Traced) -> nn.Module | None:
        """The network with the kernel replaced; None where it has no kernel machine, or it is the same kernel."""

        def replaced(module: nn.Module, inside: Inside) -> nn.Module:
            return module.clone(kernel=self.kernel) if isinstance(module, KernelMachine) else inside(module)

        other = rebuilt(model, replaced)
        return None if other == model else other

    def check(self, model: nn.Module, traced: Traced, rival: Traced | None) -> None:
        """Refuses a network without a kernel machine, or whose kernel is the rival's own."""
        if rival is None:
            raise InputError(
                f"rivals hold {type(self).__name__}, but {type(model).__name__} has no kernel or the same one; "
                "allowed: a KernelMachine with another kernel"
            )


@dataclass(frozen=True)
class RbfMachine(OtherKernel):
    """The machine with the Gaussian kernel."""

    name: ClassVar[str] = "RBF"
    folder: ClassVar[str] = "rbf"

    kernel: Kernel = field(default_factory=RBF)
    """The kernel, before points are scaled."""


@dataclass(frozen=True)
class LinearMachine(OtherKernel):
    """The machine with the linear kernel, whose scale is but another penalty."""

    name: ClassVar[str] = "linear"
    folder: ClassVar[str] = "linear"

    kernel: Kernel = field(default_factory=Linear)
    """The kernel, before points are scaled."""


@dataclass(frozen=True)
class ProductMachine(OtherKernel):
    """The machine with the kernel of single qubits, prod cos^2((x - y) / 2): a quantum kernel that needs no quantum."""

    name: ClassVar[str] = "cos^2"
    folder: ClassVar[str] = "cos2"

    kernel: Kernel = field(default_factory=FidelityKernel)
    """The kernel, before points are scaled."""
