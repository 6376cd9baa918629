"""A cluster on this machine that only this run reaches, and a scheduler that is not there."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

pytest.importorskip("distributed", reason="Dask is an extra")

from distributed.comm import connect

from pytest_f07.cluster.connect import check_scheduler, open_client
from pytest_f07.errors import F07Error
from pytest_f07.variant.cluster import ClusterParams


async def reach_as_a_stranger(address: str) -> None:
    """Connect without the cluster's keys.

    Not as a Client: one that fails is closed by the garbage collector, at any time, and can wait then for itself.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    (await connect(address, timeout=5, ssl_context=context)).abort()


def test_workers_on_this_machine_are_reached_by_nobody_else() -> None:
    with open_client(ClusterParams(workers=1)) as client:
        addresses = [client.scheduler.address, *client.scheduler_info()["workers"]]
        assert len(addresses) == 2
        assert all(address.startswith("tls://127.0.0.1:") for address in addresses)
        for address in addresses:
            with pytest.raises(OSError, match=r"closed|reset|certificate required"):
                asyncio.run(reach_as_a_stranger(address))
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(addresses[0].rpartition(":")[2])))


@pytest.fixture
def listener() -> Iterator[Callable[[bytes], int]]:
    """Listen as somebody who is no scheduler, and says some words to whoever comes; the port is returned."""
    with ExitStack() as stack:

        def listen(words: bytes) -> int:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def answer() -> None:
                with suppress(OSError):  # of accept, at the end
                    while True:
                        with server.accept()[0] as connection, suppress(ConnectionError):
                            connection.sendall(words)
                            while connection.recv(65_536):
                                pass

            thread = threading.Thread(target=answer)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown, socket.SHUT_RDWR)
            return int(server.getsockname()[1])

        yield listen


# an address, in which a port is that of somebody who says some words; what is said of it
NO_SCHEDULER = {
    "nobody": ("tcp://127.0.0.1:1", b"", "Connection refused. Is it running there, and without TLS?"),
    "nobody, encrypted": ("tls://127.0.0.1:1", b"", "Connection refused. Is it running .*certificates suit"),
    "no such host": ("tls://nowhere.invalid:8786", b"", ".*(known|resolution). Is it running"),
    "silent": ("tcp://127.0.0.1:{port}", b"", "it does not answer as a scheduler within 1 s. Is it running"),
    "another service": ("tcp://127.0.0.1:{port}", b"SSH-2.0-OpenSSH_9.2\r\n", "what it answers is no scheduler's. Is"),
    "no certificates": ("tls://127.0.0.1:{port}", b"", "Dask's configuration here names no certificates. Is it"),
}


@pytest.mark.parametrize(("address", "words", "told"), NO_SCHEDULER.values(), ids=NO_SCHEDULER)
def test_where_no_scheduler_answers_it_is_said_why(
    monkeypatch: pytest.MonkeyPatch, listener: Callable[[bytes], int], address: str, words: bytes, told: str
) -> None:
    monkeypatch.setattr("pytest_f07.cluster.connect.CONNECT_TIMEOUT_S", 1)
    address = address.format(port=listener(words))
    with pytest.raises(F07Error, match=f"^the scheduler at {address} cannot be reached: {told}"):
        check_scheduler(ClusterParams(address))


def test_for_workers_on_this_machine_nothing_is_started_to_look() -> None:
    check_scheduler(ClusterParams(workers=1024))
