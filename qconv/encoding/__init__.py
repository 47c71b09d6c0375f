"""Encodings: classical data to quantum state. One family a file; `base` says what an encoding is."""
