"""From recorded gates to few steps on the states of all patches: ordered, gathered, and a program of them."""
