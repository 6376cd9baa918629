"""Write numbers in sentences, the same in terminal, report and messages."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return ``1 model``, ``1,024 models``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def agreeing(number: int, singular: str, plural: str) -> str:
    """Return the verb that goes with ``number`` things: ``1 of 3 windows differs``."""
    return singular if number == 1 else plural


def pace(windows_per_second: float) -> str:
    """Return ``4,802 windows/s``."""
    return f"{windows_per_second:,.0f} windows/s"
