"""Runs: the loop around a procedure, in memory; checkpoints, metrics and summaries around it, over all devices."""
