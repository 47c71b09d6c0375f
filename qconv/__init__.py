"""Differentiable quantum convolution for images, native to JAX."""

__version__ = "0.1.0"
