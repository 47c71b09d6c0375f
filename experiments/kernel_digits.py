"""Kernel machines on 5,000 MNIST digits: two pixels on each of 392 qubits, beside RBF, linear and cos^2.

make train EXP=kernel_digits

NUMBERS
"""

from qconv import (
    Circuit,
    DenseAngle,
    Experiment,
    FidelityKernel,
    Identity,
    KernelFit,
    KernelMachine,
    LinearMachine,
    Mnist5k,
    ProductMachine,
    RbfMachine,
)

experiment = Experiment(
    data=Mnist5k(),
    model=KernelMachine(FidelityKernel(Circuit(DenseAngle(scale=1.0), Identity())), num_points=4000),
    procedure=KernelFit(C=(0.01, 0.1, 1.0, 10.0), scales=(2.0, 4.0, 6.0, 8.0, 12.0)),
    rivals=(RbfMachine(), LinearMachine(), ProductMachine()),
    log_every=1,
    checkpoint_every=1,
)
