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

__all__ = ["Figure", "MaxNLocator", "Rectangle", "imread"]
