"""Taking a port: a free one is held, a taken one and a host that is none here are named."""

from __future__ import annotations

import errno
import os
import socket
from fnmatch import fnmatchcase

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.listen import listen


def refused(host: str, port: int) -> str:
    with pytest.raises(F07Error) as caught:
        listen(host, port)
    [line] = str(caught.value).splitlines()
    return line


def test_any_free_port_is_taken_and_answers() -> None:
    with listen("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        socket.create_connection((host, port), timeout=5).close()


def test_a_taken_port_is_named_and_free_again_afterwards() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert refused("127.0.0.1", port) == (
            f"port {port} of 127.0.0.1 cannot be used: Address already in use. "
            "End the program that has it, or set runtime.port in params.yaml (0 takes any free port)."
        )
    listen("127.0.0.1", port).close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "<script>", "a b", "x" * 300, "a..b", "127.0.0.1\n", "\0"])
def test_a_host_that_is_none_here_is_named(host: str) -> None:
    shown = repr(host).replace("[", "[[]")
    assert fnmatchcase(refused(host, 0), f"runtime.host is {shown}, which is no address here (*); 127.0.0.1 always is.")


ADVICE = {
    errno.EADDRINUSE: "End the program that has it, or set runtime.port in params.yaml (0 takes any free port).",
    errno.EACCES: "Set runtime.port in params.yaml to one from 1024 (0 takes any free port).",
    errno.EADDRNOTAVAIL: "Set runtime.host in params.yaml to an address of this machine; 127.0.0.1 always is one.",
}


@pytest.mark.parametrize("number", ADVICE, ids=errno.errorcode.get)
def test_the_advice_is_what_mends_it(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    class Refusing(socket.socket):
        def bind(self, address: object) -> None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr("socket.socket", Refusing)
    assert refused("127.0.0.1", 80) == (f"port 80 of 127.0.0.1 cannot be used: {os.strerror(number)}. {ADVICE[number]}")


def test_an_address_of_another_machine_cannot_be_used() -> None:
    message = "port 0 of 192.0.2.1 cannot be used: Cannot assign *. Set runtime.host *."
    assert fnmatchcase(refused("192.0.2.1", 0), message)
