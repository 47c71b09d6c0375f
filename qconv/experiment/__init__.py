"""The spec of a run, and where experiments are found."""
