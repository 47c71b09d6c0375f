"""What a circuit can do before it is trained: one measure a file, as pure functions of states or of a circuit."""
