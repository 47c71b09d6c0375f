"""Classical methods that networks are compared with. One method a file."""
