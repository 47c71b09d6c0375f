"""Matplotlib's figures, which are all that pictures need of it: they have no backend.

Matplotlib refuses to be imported where MPLBACKEND names a backend that it cannot find, such as that of a notebook whose
commands run in an environment of their own. So everything of Matplotlib is imported from here.
"""

import os
from contextlib import suppress

_backend = os.environ.pop("MPLBACKEND", "")
try:
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.image import imread
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import MaxNLocator
finally:
    if _backend:
        os.environ["MPLBACKEND"] = _backend
if _backend:
    with suppress(ValueError):  # who draws with pyplot in the same process gets the backend all the same
        matplotlib.rcParams["backend"] = _backend

__all__ = ["Figure", "MaxNLocator", "Rectangle", "color_of", "imread"]

_COLORS = ("#1f5fa8", "#c8641b", "#2f7d4f", "#8a3a8f", "#6b6b6b", "#b59a1d")


def color_of(network: int) -> str:
    """The colour of a network in the pictures of a run, by its place among the run's networks."""
    return _COLORS[network % len(_COLORS)]
