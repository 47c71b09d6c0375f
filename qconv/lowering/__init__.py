"""From recorded gates to few steps on the states of all patches: grouped, fused, scheduled, absorbed at both ends."""
