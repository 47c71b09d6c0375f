"""Encoding, ansatz and readout as one pure function, and the engines that evaluate it."""
