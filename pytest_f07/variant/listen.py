"""Open the server's port: pytest opens it before a run changes anything, and the server inherits it."""

from __future__ import annotations

import errno
import socket

from pytest_f07.errors import F07Error


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket at ``host``:``port``.

    :param port: 0 takes any free port.
    :raises F07Error: where the address is none of this machine or the port is taken.
    """
    try:
        [family, kind, protocol, _, address] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise F07Error(f"runtime.host is {host!r}, which is no address here ({error}); 127.0.0.1 always is.") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise F07Error(f"port {port} of {host} cannot be used: {error.strerror}. {_advice(error)}") from None
    return listener


def _advice(error: OSError) -> str:
    """Return what can be done about a port that cannot be taken."""
    if error.errno == errno.EADDRINUSE:
        return "End the program that has it, or set runtime.port in params.yaml (0 takes any free port)."
    if error.errno in (errno.EACCES, errno.EPERM):
        return "Set runtime.port in params.yaml to one from 1024 (0 takes any free port)."
    return "Set runtime.host in params.yaml to an address of this machine; 127.0.0.1 always is one."
