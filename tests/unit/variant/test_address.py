"""Test ``runtime.url`` of params.yaml and what belongs to it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.address import Address, ModelAddress
from pytest_f07.variant.params import Params

URL = "http://127.0.0.1:8501"
PROTOCOLS = "f07, f07-json, tensorflow-serving, kserve-v1, open-inference or mlflow"


def parse(**runtime: Any) -> Address:
    return Params.parse({"parent_variant_f06": "v601", "runtime": runtime}, "p").address


def test_without_a_url_the_run_starts_a_server() -> None:
    assert parse(host="::1") == Address()
    assert Params("v601").document()["runtime"] == {"host": "127.0.0.1", "port": 5005}


def test_every_key_counts_and_is_kept() -> None:
    models = {"trip": {"name": "t", "url": "https://h:1/x/", "version": 3, "input": "x", "output": "y"}}
    runtime = {"url": URL + "/", "protocol": "mlflow", "token_env": "TOKEN", "ca": "certs/ca.pem", "models": models}
    address = parse(**runtime)
    trip = ModelAddress("t", "https://h:1/x", "3", "x", "y")
    assert address == Address(URL, "mlflow", "TOKEN", "certs/ca.pem", {"trip": trip})
    address.check(["trip"], "p")
    assert parse(**address.document()) == address


def test_the_command_line_replaces_single_keys() -> None:
    address = parse(url=URL, protocol="mlflow", token_env="TOKEN")
    assert address.override(None, None) == address
    assert address.override("https://other", None) == Address("https://other", "mlflow", "TOKEN")
    assert address.override(None, "kserve-v1") == Address(URL, "kserve-v1", "TOKEN")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no text": (
        {"url": 8501},
        "p: runtime.url is 8501; it must be the address of a server, like http://127.0.0.1:8501.",
    ),
    "no scheme": (
        {"url": "127.0.0.1:8501"},
        "p: runtime.url is '127.0.0.1:8501'; it must begin with http:// or https:// and name a host, "
        "like http://127.0.0.1:8501.",
    ),
    "another scheme": (
        {"url": "file:///etc/passwd"},
        "p: runtime.url is 'file:///etc/passwd'; it must begin with http:// or https:// and name a host, "
        "like http://127.0.0.1:8501.",
    ),
    "no port": (
        {"url": "http://h:99999"},
        "p: runtime.url cannot be read as an address (Port out of range 0-65535); it must be like "
        "http://127.0.0.1:8501.",
    ),
    "a password": (
        {"url": "http://me:secret@h"},
        "p: runtime.url holds a user or a password, and params.yaml is committed. Take them out of it; "
        "runtime.token_env names an environment variable that holds a token.",
    ),
    "a query": (
        {"url": "http://h/?key=1"},
        "p: runtime.url is 'http://h/?key=1'; it must end with its path: the protocol adds the rest.",
    ),
    "other braces": (
        {"url": "http://h/{model}"},
        "p: runtime.url is 'http://h/{model}'; only {name} may stand in braces: the server's name of the model.",
    ),
    "a line break": (
        {"url": "http://h\r\nX: 1"},
        r"p: runtime.url is 'http://h\r\nX: 1'; it must be the address of a server, like http://127.0.0.1:8501.",
    ),
    "protocol": ({"protocol": "grpc"}, f"p: runtime.protocol is 'grpc'; it must be {PROTOCOLS}."),
    "token": ({"token_env": 1}, "p: runtime.token_env is 1; it must be the name of an environment variable."),
    "ca": ({"ca": False}, "p: runtime.ca is False; it must be the path of a file of certificates."),
    "models": (
        {"models": ["trip"]},
        "p: runtime.models is ['trip']; it must hold prediction names, each with name, url, version, input, output.",
    ),
    "a model": (
        {"models": {"trip": "t"}},
        "p: runtime.models.trip is 't'; it must hold some of name, url, version, input, output.",
    ),
    "a model's key": (
        {"models": {"trip": {"port": 1}}},
        "p: runtime.models.trip: unknown key 'port'; valid keys are name, url, version, input, output.",
    ),
    "a model's value": ({"models": {"trip": {"input": 1}}}, "p: runtime.models.trip.input is 1; it must be a text."),
    "a model's password": (
        {"models": {"trip": {"url": "http://a:b@h"}}},
        "p: runtime.models.trip.url holds a user or a password, and params.yaml is committed. Take them out of it; "
        "runtime.token_env names an environment variable that holds a token.",
    ),
}


@pytest.mark.parametrize(("runtime", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_one_line(runtime: dict[str, Any], message: str) -> None:
    with pytest.raises(F07Error) as caught:
        parse(**runtime)
    assert str(caught.value) == message


UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "no url": (
        {"protocol": "mlflow", "token_env": "T"},
        "p: runtime.protocol, runtime.token_env belong to a server that is already there. Set runtime.url, or "
        "--f07-server-url on the command line, or take them out.",
    ),
    "one for all": (
        {"url": URL, "models": {"trip": {"name": "t"}}},
        "p: runtime.models and {name} in runtime.url are for protocols that ask for one model at a time; f07 asks for "
        "all at once, by their prediction names. Take them out.",
    ),
    "no such model": (
        {"url": URL, "protocol": "mlflow", "models": {"trap": {}}},
        "p: runtime.models names 'trap', which is no model of this variant; its models are trip.",
    ),
}


@pytest.mark.parametrize(("runtime", "message"), UNFIT.values(), ids=UNFIT)
def test_what_does_not_belong_together_is_one_line(runtime: dict[str, Any], message: str) -> None:
    with pytest.raises(F07Error) as caught:
        parse(**runtime).check(["trip"], "p")
    assert str(caught.value) == message
