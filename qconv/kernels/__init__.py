"""Kernels: how alike two points are, by the states of circuits, by what they measure, and classically."""
