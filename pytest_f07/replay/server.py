"""Start, watch and stop the server of a run, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_f07.endpoints.endpoint import Endpoint


# A connection breaks a moment before its process is gone.
EXIT_TIMEOUT_S = 2


class Server(Protocol):
    """The server of a run: a process of its own, or one that is already there."""

    def start(self, client: Endpoint[Any]) -> dict[str, Any]:
        """Wait until the server answers, and return what it tells of itself."""

    def wait_for_exit(self, seconds: float) -> str | None:
        """Return why its process ended; None where it does not end within ``seconds``."""

    def stop(self) -> None:
        """Stop what the run has started."""


class RunningServer:
    """A server that somebody else has started: a run starts nothing, watches nothing and stops nothing."""

    def start(self, client: Endpoint[Any]) -> dict[str, Any]:
        """Return what the server tells of itself."""
        return client.identity()

    def wait_for_exit(self, seconds: float) -> None:
        """Return None: nobody here sees its process."""

    def stop(self) -> None:
        """Do nothing."""
