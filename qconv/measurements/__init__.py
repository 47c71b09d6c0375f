"""What a table shows beside trained networks: classical baselines, and figures of circuits."""
