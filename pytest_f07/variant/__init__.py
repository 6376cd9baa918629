"""Describe a variant: its paths, parameters, F06 package, seal, manifest and registry entry."""
