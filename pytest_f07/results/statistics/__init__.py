"""Intervals and tests, each small and exact, with the source of its formula; nothing here knows a run."""
