"""Differentiable quantum convolution for images, native to JAX.

The public names are those of `__init__.pyi`, in groups; each is imported when it is first used. All else is private.
"""

import lazy_loader

__version__ = "0.1.0"

NUMERICS = 2
"""Version of what the library computes: raised whenever a spec gives other numbers than before, beyond rounding.

Every run says with which one it was computed; results of another one are never shown as results of this one."""

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
