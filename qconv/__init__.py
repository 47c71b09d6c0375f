"""Differentiable quantum convolution for images, native to JAX."""

__version__ = "0.1.0"

NUMERICS = 2
"""Version of what the library computes: raised whenever a spec gives other numbers than before, beyond rounding.

Every run says with which one it was computed; results of another one are never shown as results of this one."""
