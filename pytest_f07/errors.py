"""Define the errors of the package. A message names the place, the value, what is valid, and what to do."""

MAX_CHARACTERS = 2000  # a value that a message quotes may be a document


def printable(text: str) -> str:
    """Return ``text`` with what cannot be printed (a line break, an escape) written as Python does."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    """Return ``text`` in one line: each run of white space is one space."""
    return " ".join(text.split())


class F07Error(Exception):
    """A mistake that the user can mend: its text is the whole message, in one line, without a traceback."""

    def __init__(self, text: str) -> None:
        line = printable(text)
        super().__init__(line if len(line) <= MAX_CHARACTERS else f"{line[:MAX_CHARACTERS]}…")

    def _render_traceback_(self) -> list[str]:
        """Return what Jupyter shows in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class BrokenRun(F07Error):
    """A run that began and could not be finished: its files are no result."""


class WireError(Exception):
    """A message that breaks the contract; its text is one line with the value and what is valid."""


class TooLarge(WireError):
    """A message over one of the limits."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, or the name of its type where it has none, as a bare MemoryError."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
