"""Networks, and their classical twins."""
