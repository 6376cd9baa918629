"""One family of errors. Each message says what, where, what was found, what is valid, and what to do."""


class F07Error(Exception):
    """A mistake that the user can mend: its text is the whole message, without a traceback."""


class BrokenRun(F07Error):
    """A run that began and could not be finished: nothing it left behind counts as a result."""
