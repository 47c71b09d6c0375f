"""Ansätze: trainable circuits. One family a file; `base` says what an ansatz is."""
