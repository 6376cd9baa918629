"""One family of errors. Each message says what, where, what was found, what is valid, and what to do."""

LONGEST = 2000  # characters: a value that a message quotes may be a document


def printable(text: str) -> str:
    """Return ``text`` with what cannot be printed (a line break, an escape) written as Python does."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class F07Error(Exception):
    """A mistake that the user can mend: its text is the whole message, without a traceback.

    One line, whatever a file's names bring.
    """

    def __init__(self, text: str) -> None:
        shown = printable(text)
        super().__init__(shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…")


class BrokenRun(F07Error):
    """A run that began and could not be finished: nothing it left behind counts as a result."""


class WireError(Exception):
    """A message that is not what the contract says; the text says in one line what was found and what is valid."""


class TooLarge(WireError):
    """A message over one of the limits."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, or the name of its type where it has none, as a bare MemoryError."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
