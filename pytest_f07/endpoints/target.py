"""Say which server a run validates: one that it starts itself, or one that is already there."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pytest_f07.errors import F07Error
from pytest_f07.variant.address import NAME_PLACE, Address, ModelAddress
from pytest_f07.variant.cluster import ClusterParams


@dataclass(frozen=True)
class ManagedTarget:
    """The address of the server that a run starts.

    :param listener: the listening socket that the server inherits.
    :param nonce: a random name of this run; an answer without it comes from another server.
    """

    host: str
    port: int
    listener: socket.socket
    nonce: str

    def release(self) -> None:
        """Close the port."""
        self.listener.close()

    def describe(self) -> dict[str, Any]:
        """Return what the metadata tells of the server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return {"url": f"http://{host}:{self.port}", "protocol": "f07", "started_by_run": True}


@dataclass(frozen=True)
class UrlTarget:
    """A server that is already there.

    :param url: the base of its addresses, where ``{name}`` stands for the server's name of a model.
    :param models: by prediction_name, where the server's names differ.
    :param token: sent with each request; in no message.
    :param ca: a file of certificates to trust instead of the usual ones.
    """

    url: str
    protocol: str
    models: Mapping[str, ModelAddress] = field(default_factory=dict)
    token: str | None = field(default=None, repr=False)
    ca: Path | None = None

    @classmethod
    def of(cls, address: Address, root: Path, where: str) -> UrlTarget:
        """Return the target that a complete address names.

        :param root: the project's folder, which ``ca`` is relative to.
        :param where: the file, as messages name it.
        :raises F07Error: where the token is not in the environment or would travel in plain text, or the certificates
            cannot be read.
        """
        assert address.url is not None, "without a URL the run starts a server"
        token = _read_token(address.token_env, where)
        urls = [address.url, *(model.url for model in address.models.values() if model.url)]
        if token is not None and (plain := [url for url in urls if not _is_private(url)]):
            raise F07Error(
                f"{where}: runtime.token_env is set, and {plain[0]} is not encrypted: whoever is on the way reads the "
                "token. Use https://; plain http is for this machine alone."
            )
        ca = None if address.ca is None else root / address.ca
        if ca is not None:
            try:
                ssl.create_default_context(cafile=ca)
            except OSError as error:  # ssl's own errors are such
                reason = error.strerror or error
                raise F07Error(f"{where}: runtime.ca, {address.ca}, holds no certificates to read: {reason}.") from None
        return cls(address.url, address.protocol, address.models, token, ca)

    def name(self, prediction_name: str) -> str:
        """Return the server's name of a model."""
        return self.model(prediction_name).name or prediction_name

    def base(self, prediction_name: str) -> str:
        """Return the base of a model's addresses."""
        url = self.model(prediction_name).url or self.url
        return url.replace(NAME_PLACE, quote(self.name(prediction_name), safe=""))

    def model(self, prediction_name: str) -> ModelAddress:
        """Return what params.yaml says of a model's address."""
        return self.models.get(prediction_name, ModelAddress())

    def headers(self) -> dict[str, str]:
        """Return the headers of each request."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def release(self) -> None:
        """Do nothing: the server is somebody else's."""

    def describe(self) -> dict[str, Any]:
        """Return what the metadata tells of the server."""
        models = {name: model.document() for name, model in self.models.items()}
        described = {"url": self.url, "protocol": self.protocol, "started_by_run": False}
        return {**described, "models": models} if models else described


@dataclass(frozen=True)
class ClusterTarget:
    """The servers of a cluster's workers, which the run starts there.

    :param cluster: the workers.
    :param nonce: a random name of this run; an answer without it comes from another server.
    """

    cluster: ClusterParams
    nonce: str

    def release(self) -> None:
        """Do nothing: the driver holds no port."""

    def describe(self) -> dict[str, Any]:
        """Return what the metadata tells of the servers."""
        cluster = self.cluster
        where = {"scheduler": cluster.scheduler} if cluster.workers is None else {"workers": cluster.workers}
        return {"protocol": "f07", "started_by_run": True, **where}


Target = ManagedTarget | UrlTarget | ClusterTarget


def _read_token(name: str | None, where: str) -> str | None:
    if name is None:
        return None
    token = os.environ.get(name, "")
    if not token:
        raise F07Error(f"{where}: runtime.token_env is {name!r}, and the environment holds no such variable. Set it.")
    if not token.isascii() or not token.isprintable():
        raise F07Error(f"{where}: the token in {name} holds a character that no header can carry. Was it copied whole?")
    return token


def _is_private(url: str) -> bool:
    """Return whether nobody on the way can read what is sent to ``url``."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its name alone; no name is looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def first_difference(before: Mapping[str, Any], after: Mapping[str, Any], path: Sequence[str] = ()) -> str | None:
    """Return the first thing that a server says otherwise than before: ``models.trip.version was 1, and is 2``."""
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            if difference := first_difference(old, new, [*path, str(key)]):
                return difference
        elif old != new:
            return f"{'.'.join([*path, str(key)])} was {str(old)[:80]}, and is {str(new)[:80]}"
    return None
