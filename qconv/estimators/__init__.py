"""Estimators: kernels and networks as scikit-learn takes them, in its pipelines, grids and Gaussian processes."""
