"""Gates: the library of those there are, the tape that records them, and where they go."""
