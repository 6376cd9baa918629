"""The black box: a process of its own that loads the models and answers over HTTP."""
