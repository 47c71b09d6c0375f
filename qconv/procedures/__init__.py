"""How the parameters of a network are found. One procedure a file."""
