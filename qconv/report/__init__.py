"""What a run shows: tables, curves, and drawings of circuits and filters."""
