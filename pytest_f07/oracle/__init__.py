"""The yardstick: what F05 would have said of a window, in a process of its own.

It reads the sealed files itself, makes each model's input by plain loops, and asks ``Model.predict``. With the server
it shares the package's readers and nothing else, so that the two can only agree by both being right.
"""
