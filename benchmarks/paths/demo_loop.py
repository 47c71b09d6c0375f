"""The Python loop of the published demos: one call of a QNode for each patch."""

from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.paths.base import Path, Prepared
from benchmarks.paths.pennylane_qnode import qnode

_SAMPLE = 16


class DemoLoop(Path):
    """Not a peer's best form, hence its name; forward only, on a few patches, and scaled."""

    @property
    def name(self) -> str:
        """In tables and results."""
        return "naive loop of the demos"

    def prepare(self, case: Case) -> Prepared:
        """default.qubit on NumPy arrays, nothing compiled, as the quanvolution demo does."""
        node = qnode(case, interface="numpy")
        sample = min(_SAMPLE, case.num_patches)

        def forward(weights: Any, patches: Any) -> np.ndarray:
            return np.array([node(weights, patch) for patch in patches])

        patches = case.patches()[0, :sample]
        return Prepared(forward, case.weights()[0, 0], patches, compiled=False, sample=sample)
