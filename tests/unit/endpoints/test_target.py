"""Test which server is asked, and that no token leaves it unencrypted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_f07.endpoints.target import UrlTarget, first_difference, is_loopback
from pytest_f07.errors import F07Error
from pytest_f07.variant.address import Address, ModelAddress


def of(tmp_path: Path, **values: Any) -> UrlTarget:
    return UrlTarget.of(Address(**{"url": "http://127.0.0.1:1", **values}), tmp_path, "p")


def test_a_model_is_asked_under_the_servers_name_and_at_its_own_address(tmp_path: Path) -> None:
    models = {"a": ModelAddress(name="x y/z"), "b": ModelAddress(url="http://127.0.0.1:2/{name}")}
    target = of(tmp_path, url="http://127.0.0.1:1/{name}/v", protocol="mlflow", models=models)
    assert [target.base(name) for name in ("a", "b", "batería")] == [
        "http://127.0.0.1:1/x%20y%2Fz/v",
        "http://127.0.0.1:2/b",
        "http://127.0.0.1:1/bater%C3%ADa/v",
    ]


def test_the_token_comes_from_the_environment_and_is_in_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cret")
    target = of(tmp_path, token_env="TOKEN")
    assert target.headers() == {"Authorization": "Bearer s3cret"}
    assert "s3cret" not in f"{target!r}{target}{target.describe()}"


def test_no_token_no_header(tmp_path: Path) -> None:
    assert of(tmp_path).headers() == {}


REFUSED: dict[str, tuple[str | None, dict[str, Any], str]] = {
    "no variable": (
        None,
        {"token_env": "TOKEN"},
        "p: runtime.token_env is 'TOKEN', and the environment holds no such variable. Set it.",
    ),
    "a line break": (
        "a\nb",
        {"token_env": "TOKEN"},
        "p: the token in TOKEN holds a character that no header can carry. Was it copied whole?",
    ),
    "plain": (
        "t",
        {"token_env": "TOKEN", "url": "http://10.0.0.1"},
        "p: runtime.token_env is set, and http://10.0.0.1 is not encrypted: whoever is on the way reads the token. "
        "Use https://; plain http is for this machine alone.",
    ),
    "one model's": (
        "t",
        {"token_env": "TOKEN", "models": {"a": ModelAddress(url="http://h")}},
        "p: runtime.token_env is set, and http://h is not encrypted: whoever is on the way reads the token. "
        "Use https://; plain http is for this machine alone.",
    ),
    "no file": (
        None,
        {"ca": "ca.pem"},
        "p: runtime.ca, ca.pem, holds no certificates to read: No such file or directory.",
    ),
}


@pytest.mark.parametrize(("token", "values", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None, values: dict[str, Any], message: str
) -> None:
    if token is not None:
        monkeypatch.setenv("TOKEN", token)
    with pytest.raises(F07Error) as caught:
        of(tmp_path, **values)
    assert str(caught.value) == message


def test_certificates_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(F07Error, match=r"p: runtime.ca, ca.pem, holds no certificates to read: "):
        of(tmp_path, ca="ca.pem")


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_this_machine_is_known_by_its_name_alone(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer


def test_the_first_difference_names_its_place() -> None:
    before = {"status": "ready", "models": {"trip": {"version": "1", "ready": True}}}
    assert first_difference(before, before) is None
    after = {"status": "ready", "models": {"trip": {"version": "2", "ready": True}}}
    assert first_difference(before, after) == "models.trip.version was 1, and is 2"
    assert first_difference(before, {**before, "more": 1}) == "more was None, and is 1"
