"""Tables of published papers: what their rows are, and the processes that run their cells."""
