"""Validate a sealed F06 package of Keras models in a real runtime.

A pytest plugin: ``pytest --f07-variant=v701`` starts a Flask server with the package's models, replays the package's
datasets through it exactly as read, and judges every model by what the server answered.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
