"""The oracle: compute the scores that F05 would have given, in a process of its own.

It reads manifest, summaries, datasets and model files itself, makes each model's input by plain loops, and calls
``Model.predict`` without oneDNN, whose kernels the server uses. It shares only the look into a model file and the
translation of older ones with the server, so that an error of the server does not repeat here.
"""
