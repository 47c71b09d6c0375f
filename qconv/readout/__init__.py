"""Readouts: what is measured, and so the channels of the output. `base` says what a readout is."""
