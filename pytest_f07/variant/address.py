"""Read ``runtime.url`` of params.yaml and what belongs to it: a server that somebody else has started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from pytest_f07.errors import F07Error
from pytest_f07.variant.names import composed

PROTOCOLS = ("f07", "f07-json", "tensorflow-serving", "kserve-v1", "open-inference", "mlflow")
# These answer for all models at once, and know them by their prediction names.
WHOLE_PACKAGE = ("f07", "f07-json")
ADDRESS_KEYS = ("url", "protocol", "token_env", "ca", "models")
MODEL_KEYS = ("name", "url", "version", "input", "output")
NAME_PLACE = "{name}"


@dataclass(frozen=True)
class ModelAddress:
    """A model as the server knows it, where that differs from the package.

    :param name: the server's name of the model; None: the prediction_name.
    :param url: the base of this model's requests; None: that of all models.
    :param version: of the model; None: the one that the server serves by itself.
    :param input: the name of the model's input, and ``output`` of its output; None: the only one.
    """

    name: str | None = None
    url: str | None = None
    version: str | None = None
    input: str | None = None
    output: str | None = None

    def document(self) -> dict[str, str]:
        """Return the mapping that params.yaml holds."""
        return {key: value for key in MODEL_KEYS if (value := getattr(self, key)) is not None}


@dataclass(frozen=True)
class Address:
    """A server that is already there, as params.yaml or the command line names it.

    :param url: the base of its addresses; None: the run starts a server of its own.
    :param token_env: the environment variable that holds the token.
    :param ca: a file of certificates to trust instead of the usual ones, relative to the project.
    :param models: by prediction_name.
    """

    url: str | None = None
    protocol: str = PROTOCOLS[0]
    token_env: str | None = None
    ca: str | None = None
    models: Mapping[str, ModelAddress] = field(default_factory=dict)

    @classmethod
    def parse(cls, runtime: Mapping[Any, Any], where: str) -> Address:
        """Return the address that ``runtime`` of params.yaml holds.

        :param where: the first words of each error message.
        :raises F07Error: for a wrong type, an unknown protocol, or a URL that cannot be used.
        """
        url, protocol = runtime.get("url"), runtime.get("protocol", cls.protocol)
        return cls(
            url=None if url is None else parse_url(url, f"{where}: runtime.url"),
            protocol=parse_protocol(protocol, f"{where}: runtime.protocol"),
            token_env=_parse_text(runtime, "token_env", "the name of an environment variable", f"{where}: runtime."),
            ca=_parse_text(runtime, "ca", "the path of a file of certificates", f"{where}: runtime."),
            models=_parse_models(runtime.get("models"), f"{where}: runtime.models"),
        )

    def override(self, url: str | None, protocol: str | None) -> Address:
        """Return the address with what the command line gives in place of its own.

        :raises F07Error: for a protocol or a URL that cannot be used.
        """
        changed = self
        if url is not None:
            changed = replace(changed, url=parse_url(url, "--f07-server-url"))
        if protocol is not None:
            changed = replace(changed, protocol=parse_protocol(protocol, "--f07-protocol"))
        return changed

    def check(self, prediction_names: Sequence[str], where: str) -> None:
        """Check that the parts belong together, and to the variant's models.

        :param where: the file, as messages name it.
        :raises F07Error: for keys that mean nothing without a URL or with this protocol, or a model that is not there.
        """
        if self.url is None:
            if given := ", ".join(f"runtime.{key}" for key in self.document()):
                raise F07Error(
                    f"{where}: {given} belong to a server that is already there. Set runtime.url, or --f07-server-url "
                    "on the command line, or take them out."
                )
            return
        if self.protocol in WHOLE_PACKAGE and (self.models or NAME_PLACE in self.url):
            raise F07Error(
                f"{where}: runtime.models and {NAME_PLACE} in runtime.url are for protocols that ask for one model at "
                f"a time; {self.protocol} asks for all at once, by their prediction names. Take them out."
            )
        for name in self.models:
            if name not in prediction_names:
                raise F07Error(
                    f"{where}: runtime.models names {name!r}, which is no model of this variant; its models are "
                    f"{', '.join(prediction_names)}."
                )

    def document(self) -> dict[str, Any]:
        """Return the keys of ``runtime`` in params.yaml that are not their defaults."""
        values = {key: getattr(self, key) for key in ADDRESS_KEYS[:4] if getattr(self, key) != getattr(Address, key)}
        models = {name: model.document() for name, model in self.models.items()}
        return {**values, "models": models} if models else values


def parse_url(value: object, what: str) -> str:
    """Return the base of a server's addresses, without a slash at its end.

    :param what: the first words of each error message.
    :raises F07Error: for what is no http or https address, or holds a user, a password, a query or a fragment.
    """
    example = "like http://127.0.0.1:8501"
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise F07Error(f"{what} is {value!r}; it must be the address of a server, {example}.")
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise F07Error(f"{what} cannot be read as an address ({error}); it must be {example}.") from None
    if parts.username is not None or parts.password is not None:
        raise F07Error(
            f"{what} holds a user or a password, and params.yaml is committed. Take them out of it; runtime.token_env "
            "names an environment variable that holds a token."
        )
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise F07Error(f"{what} is {value!r}; it must begin with http:// or https:// and name a host, {example}.")
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise F07Error(f"{what} is {value!r}; it must end with its path: the protocol adds the rest.")
    if set(value.replace(NAME_PLACE, "")) & {"{", "}"}:
        raise F07Error(f"{what} is {value!r}; only {NAME_PLACE} may stand in braces: the server's name of the model.")
    return value.rstrip("/")


def parse_protocol(value: object, what: str) -> str:
    """Return a protocol's name; raise :class:`F07Error` for another."""
    if not isinstance(value, str) or value not in PROTOCOLS:
        raise F07Error(f"{what} is {value!r}; it must be {', '.join(PROTOCOLS[:-1])} or {PROTOCOLS[-1]}.")
    return value


def _parse_text(mapping: Mapping[Any, Any], key: str, what: str, where: str) -> str | None:
    value = mapping.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and key in ("version", "name"):
        value = str(value)  # YAML reads 3 as a number
    if value is not None and (not isinstance(value, str) or not value or not value.isprintable()):
        raise F07Error(f"{where}{key} is {value!r}; it must be {what}.")
    return value


def _parse_models(value: object, where: str) -> dict[str, ModelAddress]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise F07Error(f"{where} is {value!r}; it must hold prediction names, each with {', '.join(MODEL_KEYS)}.")
    models = {composed(str(name)): _parse_model(entry, f"{where}.{name}") for name, entry in value.items()}
    if len(models) < len(value):
        raise F07Error(f"{where} names a model twice, with its accents written in two ways. Keep one.")
    return models


def _parse_model(entry: object, where: str) -> ModelAddress:
    if not isinstance(entry, Mapping):
        raise F07Error(f"{where} is {entry!r}; it must hold some of {', '.join(MODEL_KEYS)}.")
    for key in entry:
        if key not in MODEL_KEYS:
            raise F07Error(f"{where}: unknown key {key!r}; valid keys are {', '.join(MODEL_KEYS)}.")
    texts = {key: _parse_text(entry, key, "a text", f"{where}.") for key in MODEL_KEYS if key != "url"}
    url = None if entry.get("url") is None else parse_url(entry["url"], f"{where}.url")
    return ModelAddress(url=url, **texts)
