"""Data made for a quantum kernel, Havlíček et al. (2019): the ZZ feature map beside other kernels, 20 draws.

Havlíček, Córcoles, Temme, Harrow, Kandala, Chow and Gambetta, "Supervised learning with quantum-enhanced feature
spaces", Nature 567, 209 (2019). Two numbers a point; its class is what an observable in a random basis says of its
state under the ZZ feature map with two repetitions, and points within 0.3 of the border are left out. 20 training and 5
test points of each class, as in the tutorial of Qiskit Machine Learning, which has one draw, and 1.0 on it. We have 20
draws, each with a basis and points of its own, and also 200 training and 100 test points of each class.

All machines are support vector machines. C is 1, as in the tutorial, in the first section. In the others C, of 0.1 to
1,000, and the width of the kernel are chosen by cross-validation of the training points: the ZZ map has its own width
among those that are tried, and the Gaussian kernel as many others.

The kernel that made the data wins on them, as it must; the second repetition matters. It is no statement on other data.
"""

from collections.abc import Iterator
from typing import Literal

from qconv import (
    IQP,
    RBF,
    AdHoc,
    Circuit,
    Control,
    Experiment,
    FidelityKernel,
    Identity,
    Kernel,
    KernelFit,
    KernelMachine,
    Published,
    Row,
    Table,
)

DRAWS = range(20)
SOURCE = "github.com/qiskit-community/qiskit-machine-learning, docs/tutorials/03_quantum_kernel.ipynb, one draw"
ONE_DRAW = "one draw of 10 test points: one of them is 0.1"


def zz(repetitions: int, phases: Literal["product", "complement"] = "complement") -> Kernel:
    """The ZZ feature map with phases as in Qiskit, or the map of PennyLane."""
    return FidelityKernel(Circuit(IQP(repetitions, "all", phases, scale=1.0), Identity()), bandwidth=1.0)


KERNELS = {
    "ZZ map, 2 repetitions": zz(2),
    "ZZ map, 1 repetition": zz(1),
    "IQP with products, 2 repetitions": zz(2, "product"),
    "product map, cos^2": FidelityKernel(bandwidth=1.0),
}
TUNED = KernelFit(C=(0.1, 1.0, 10.0, 100.0, 1000.0), scales=(0.25, 0.5, 1.0, 2.0, 4.0))


def cells(kernel: Kernel, procedure: KernelFit, train: int, test: int) -> tuple[Experiment, ...]:
    """A machine for each draw."""
    return tuple(
        Experiment(
            data=AdHoc(num_train=2 * train, num_test=2 * test, data_seed=draw),
            model=KernelMachine(kernel, num_points=2 * train),
            procedure=procedure,
            rivals=(),
            seed=draw,
        )
        for draw in DRAWS
    )


def rows() -> Iterator[Row]:
    """Kernel by kernel, beside the Gaussian one."""
    for section, procedure, train, test in (
        ("20 training points a class, C = 1", KernelFit(C=(1.0,)), 20, 5),
        ("20 training points a class, C and width chosen", TUNED, 20, 5),
        ("200 training points a class, C and width chosen", TUNED, 200, 100),
    ):
        gaussian = Control("RBF", cells(RBF(0.5), procedure, train, test))
        for number, (name, kernel) in enumerate(KERNELS.items()):
            published = None
            if number == 0 and procedure is not TUNED:
                published = Published(1.0, SOURCE, tolerance=0.1, reason=ONE_DRAW)
            yield Row(name, cells(kernel, procedure, train, test), published, (gaussian,), section)


table = Table(rows=tuple(rows()))
