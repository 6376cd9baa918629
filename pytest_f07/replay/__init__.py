"""The client of the black box: starts it, sends every row of every dataset, logs every answer."""
