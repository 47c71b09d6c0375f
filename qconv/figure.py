"""Matplotlib's figures, which are all that pictures need of it: they have no backend.

Matplotlib refuses to be imported where MPLBACKEND names a backend that it cannot find, such as that of a notebook whose
commands run in an environment of their own. So everything of Matplotlib is imported from here.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from qconv.errors import InputError

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

__all__ = [
    "CLASS_COLORS",
    "Figure",
    "MaxNLocator",
    "Rectangle",
    "check_picture",
    "color_of",
    "colors_of_classes",
    "imread",
    "show_image",
]

CLASS_COLORS = "nipy_spectral"
"""The colours of the classes of masks, where there are more than two."""
_COLORS = ("#1f5fa8", "#c8641b", "#2f7d4f", "#8a3a8f", "#6b6b6b", "#b59a1d")


def color_of(network: int) -> str:
    """The colour of a network in the pictures of a run, by its place among the run's networks."""
    return _COLORS[network % len(_COLORS)]


def colors_of_classes(count: int) -> Any:
    """Red, green and blue of each class of a mask, from 0 to 255, as an array of shape (count, 3)."""
    return (matplotlib.colormaps[CLASS_COLORS]([label / max(1, count - 1) for label in range(count)]) * 255)[:, :3]


def show_image(ax: Any, image: Any) -> None:
    """Draws an image of any number of channels: three as colours, others as the grey of their mean.

    What goes beyond [0, 1], as standardised pixels do, is scaled to it.

    Args:
        ax: of a figure.
        image: (height, width, channels).
    """
    shown = image if image.shape[-1] == 3 else image.mean(-1)
    lowest, highest = min(0.0, float(shown.min())), max(1.0, float(shown.max()))
    ax.imshow((shown - lowest) / (highest - lowest), cmap="gray", vmin=0, vmax=1)


def check_picture(path: Path) -> None:
    """Refuses a file that no picture can be written to, before the work for it.

    Raises:
        InputError: its folder is not there, or no pictures have its ending.
    """
    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}: there is no folder {path.parent}")
    ending, formats = path.suffix.removeprefix("."), Figure().canvas.get_supported_filetypes()
    if ending.lower() not in formats:
        raise InputError(f"cannot write {path}: format {ending!r} is not supported; allowed: {', '.join(formats)}")
