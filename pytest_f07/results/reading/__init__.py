"""A finished run, read back: whether it is complete and as the run left it, and what it says."""
