"""A run on several machines: workers of a Dask cluster, each with a server of its own, and their driver."""
