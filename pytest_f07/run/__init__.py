"""One run of a variant: everything checked before it, then every stage from the server to the verdicts."""
