"""The yardstick: what F05 would have said of a window, in a process of its own.

It reads manifest, summaries, datasets and model files itself, makes each model's input by plain loops, and asks
``Model.predict`` without oneDNN, whose kernels the server uses. With the server it shares the look into a model file
and nothing else, so that the two can only agree by both being right.
"""
