"""Check, list, publish and remove variants that have run."""
