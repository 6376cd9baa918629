"""The servers that can be validated: one file for each protocol."""
