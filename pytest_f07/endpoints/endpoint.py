"""What the run asks of a server of any kind; each protocol has a module of its own beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import pyarrow as pa

from pytest_f07.windows import Predictions

CONNECTIONS = 3  # requests in flight to a server that is not ours
MAX_ANSWER_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Provides:
    """What the answers of a server tell, so that the run can check it.

    :param scores: y_prob of each prediction; else labels alone.
    :param labels: y_pred of each prediction; else the run applies the threshold.
    :param identity: the digest of each model's file.
    :param rows: how an answer shows which rows it is of: by their digest, by the window itself, or by its place alone.
    :param non_finite: a score that is not a number exactly as it is, ``null`` in its place, or nothing.
    :param single: a route for one window.
    :param raw: the server takes windows as they are; else the run vectorizes them.
    """

    scores: bool = True
    labels: bool = True
    identity: bool = True
    rows: Literal["digest", "window", "place"] = "digest"
    non_finite: Literal["exact", "null", "none"] = "exact"
    single: bool = True
    raw: bool = True


class SentRequest(Protocol):
    """A request that is under way."""

    @property
    def sent(self) -> float:
        """When it was sent, by :func:`time.perf_counter`."""


RequestT = TypeVar("RequestT", bound=SentRequest)


class Endpoint(Protocol[RequestT]):
    """A server as the run sees it, whatever it speaks.

    All methods raise :class:`pytest_f07.errors.BrokenRun` for an answer that is wrong, :class:`TimeoutError` where none
    comes within the deadline, and another :class:`OSError` where the connection breaks.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The prediction names, in the order of every answer."""

    @property
    def timeout_s(self) -> float:
        """Seconds that an answer may take."""

    @property
    def provides(self) -> Provides:
        """What the answers tell; known once :meth:`identity` was asked."""

    @property
    def busy(self) -> bool:
        """Whether no more requests can be sent before the oldest is received."""

    def identity(self) -> dict[str, Any]:
        """Return what the server tells of itself and its models; it must be ready."""

    def send_batch(self, windows: pa.Array) -> RequestT:
        """Ask every model about a list array of windows, without waiting."""

    def receive_batch(self, request: RequestT) -> Predictions:
        """Return every model's answer; requests must be received in the order in which they were sent."""

    def infer(self, window: list[int]) -> list[dict[str, Any]]:
        """Return every model's answer to one window, in order, where the server has a route for it."""

    def close(self) -> None:
        """Close the connections."""
