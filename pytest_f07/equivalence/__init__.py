"""Hold what the server answered against other ways to ask: the oracle, and ``/infer``."""
