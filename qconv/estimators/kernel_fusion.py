"""Several views of the same points, each with a kernel of its own, joined to one classifier."""

from collections.abc import Sequence
from functools import reduce
from operator import mul
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from qconv.bounds import require
from qconv.errors import InputError
from qconv.estimators.double import double_gram, params_of
from qconv.estimators.precomputed import PrecomputedSVC
from qconv.kernels.kernel import Kernel, Params
from qconv.kernels.weights import aligned_weights


class FittedView(NamedTuple):
    """A kernel and the columns that it sees."""

    kernel: Kernel
    params: Params
    columns: Int[np.ndarray, " columns"]
    """Their places among all columns."""

    def matrix(self, x: Float[np.ndarray, "left all"], y: Float[np.ndarray, "right all"] | None = None) -> np.ndarray:
        """The kernel of these columns of some points, with those of others or with themselves."""
        return double_gram(self.kernel, self.params, x[:, self.columns], None if y is None else y[:, self.columns])


class KernelFusionClassifier(PrecomputedSVC):
    """A support vector classifier on the joined kernels of several views: what several models or owners know of points.

        fusion = KernelFusionClassifier(
            [("shape", FidelityKernel(), slice(0, 8)), ("texture", RBF(), ["contrast", "energy"])], combine="learned"
        )
        fusion.fit(points, labels).weights_

    Kernels are set and searched over by their names: `shape__bandwidth`.

    Args:
        kernels: of each view its name, its kernel, and its columns: a slice, places, truth values, or the names that
            columns of a table have.
        combine: the mean of the kernels ("sum"); their product, for fidelity kernels that of the registers side by
            side; or the sum with the weights that align it best with the labels of the training points ("learned").
        C: price of a point on the wrong side.
        class_weight: factors of C by class, or "balanced"; None for 1.

    Attributes:
        classes_: the classes, in their order.
        weights_: the weight of each kernel, which sum to 1; all 1 for a product.
        views_: the kernels, their parameters, and the places of their columns.
        support_vectors_: the points that decide, all columns.
        svc_: scikit-learn's `SVC` on the precomputed matrix.

    See `qconv.aligned_weights` for the source of the weights.
    """

    def __init__(
        self,
        kernels: Sequence[tuple[str, Kernel, Any]],
        combine: Literal["sum", "product", "learned"] = "sum",
        C: float = 1.0,
        class_weight: Any = None,
    ) -> None:
        self.kernels = kernels
        self.combine = combine
        self.C = C
        self.class_weight = class_weight

    def _training_matrix(
        self, x: Float[np.ndarray, "points columns"], codes: Int[np.ndarray, " points"]
    ) -> Float[np.ndarray, "points points"]:
        self._check()
        names = getattr(self, "feature_names_in_", None)
        self.views_ = [
            FittedView(kernel, params_of(kernel, None, len(places)), places)
            for name, kernel, columns in self.kernels
            for places in [_places(name, columns, x.shape[1], names)]
        ]
        self.combine_ = self.combine
        matrices = [view.matrix(x) for view in self.views_]
        count = len(matrices)
        self.weights_ = {
            "sum": lambda: np.full(count, 1 / count),
            "product": lambda: np.ones(count),
            "learned": lambda: aligned_weights(matrices, codes),
        }[self.combine]()
        return self._joined(matrices)

    def _compared(
        self, x: Float[np.ndarray, "points columns"], vectors: Float[np.ndarray, "vectors columns"]
    ) -> Float[np.ndarray, "points vectors"]:
        return self._joined([view.matrix(x, vectors) for view in self.views_])

    def _joined(self, matrices: Sequence[Float[np.ndarray, "left right"]]) -> Float[np.ndarray, "left right"]:
        if self.combine_ == "product":
            return reduce(mul, matrices)
        return np.tensordot(self.weights_, np.stack(matrices), axes=1)

    def _check(self) -> None:
        """Refuses kernels that are no named views, before any work."""
        require(self, "combine", self.combine in ("sum", "product", "learned"), "'sum', 'product', 'learned'")
        views = self._views()
        fits = len(views) > 0 and len(views) == len(self.kernels) and all(isinstance(v[1], Kernel) for v in views)
        require(self, "kernels", fits, "one or more (name, qconv.Kernel, columns)")
        taken = {"kernels", "combine", "C", "class_weight"}
        for name, *_ in views:
            if "__" in name or name in taken:
                raise InputError(f"a kernel has the name {name!r}; allowed: each once, none of a parameter, without __")
            taken.add(name)

    def _views(self) -> list[tuple[str, Kernel, Any]]:
        """The views, as far as they are any: a search may set parameters to whatever it likes before a fit."""
        given = self.kernels if isinstance(self.kernels, list | tuple) else []
        return [view for view in given if isinstance(view, tuple) and len(view) == 3 and isinstance(view[0], str)]

    def _specs(self) -> dict[str, Any]:
        return {name: kernel for name, kernel, _ in self._views()}

    def _set_spec(self, name: str, spec: Any) -> None:
        # A list of its own: the old one may be that of another classifier.
        self.kernels = [(own, spec if own == name else kernel, columns) for own, kernel, columns in self.kernels]


def _places(name: str, columns: Any, count: int, names: Any) -> Int[np.ndarray, " columns"]:
    """The places of columns among all.

    Args:
        name: of the view.
        columns: as they are given.
        count: of all columns.
        names: of all columns; None where they have none.

    Raises:
        InputError: there are no such columns, or none at all.
    """
    wanted = columns if isinstance(columns, slice) else np.atleast_1d(columns)
    if isinstance(wanted, np.ndarray) and wanted.dtype.kind in "OUS":
        known = {} if names is None else {column: place for place, column in enumerate(names)}
        if missing := [column for column in wanted if column not in known]:
            there = ", ".join(map(str, known)) if known else "places, as the columns have no names"
            raise InputError(f"columns of {name!r} = {missing}; allowed: {there}")
        wanted = np.array([known[column] for column in wanted])
    try:
        found = np.arange(count)[wanted]
    except IndexError as error:
        raise InputError(f"columns of {name!r} = {columns!r}; allowed: some of the {count} columns") from error
    if not len(found):
        raise InputError(f"columns of {name!r} = {columns!r}; allowed: at least one of the {count} columns")
    return found
