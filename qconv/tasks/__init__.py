"""What is asked of a network: losses, metrics, and what is drawn of its outputs. One idea a file."""
