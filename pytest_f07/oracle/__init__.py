"""The oracle: compute the scores that F05 would have given, in a process of its own.

It reads the sealed files itself, makes each model's input by plain loops, and calls ``Model.predict``. It shares only
the package's readers with the server, so that an error of the server does not repeat here.
"""
