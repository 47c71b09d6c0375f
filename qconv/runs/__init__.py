"""Training: pure steps, one visible loop, checkpoints, all devices."""
