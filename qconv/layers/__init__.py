"""Flax layers. One a file."""
