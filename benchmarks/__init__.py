"""``make bench``: how fast the replay is beside the plain way and beside the models alone; only ratios are claims."""
