"""Networks, and their classical twins. One a file."""
