"""serve7: the process that it becomes, the port that this inherits, and the line to try it."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_f07.commands import serve as module
from pytest_f07.commands.serve import serve
from pytest_f07.errors import F07Error
from pytest_f07.variant.listen import listen
from pytest_f07.variant.paths import Project
from tests.unit.small_package import make_project, tree


class Served(BaseException):
    """Raised where the process would be replaced."""

    def __init__(self, path: str, command: list[str], environment: dict[str, str]) -> None:
        self.path, self.command, self.environment = path, command, environment


@pytest.fixture
def listeners(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """The sockets that were opened, in a process that is not replaced."""
    opened: list[socket.socket] = []

    def open_listener(host: str, port: int) -> socket.socket:
        opened.append(listen("127.0.0.1" if ":" in host else host, port))  # not every machine has IPv6
        return opened[-1]

    def replace(path: str, command: list[str], environment: dict[str, str]) -> None:
        raise Served(path, command, environment)

    monkeypatch.setattr(module, "listen", open_listener)
    monkeypatch.setattr(os, "execve", replace)
    yield opened
    for listener in opened:
        listener.close()


def write_params(project: Project, text: str) -> None:
    project.variant("v701").params.write_text(f"parent_variant_f06: v601\n{text}\n")


def test_the_process_becomes_the_server_of_the_manifest_with_the_open_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listeners: list[socket.socket]
) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    project = make_project(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(Served) as caught:
        serve(project, "v701")
    [listener] = listeners
    manifest, served = str(project.variant("v701").manifest), caught.value
    arguments = ["-P", "-m", "pytest_f07.server", manifest, "--socket", str(listener.fileno())]
    assert (served.path, served.command) == (sys.executable, [sys.executable, *arguments])
    assert listener.get_inheritable()
    assert "PYTHONWARNINGS" not in served.environment  # a deprecation would end the server
    assert tree(tmp_path) == before


HOSTS = {"127.0.0.1": "127.0.0.1", "::1": "[::1]", "localhost": "localhost"}


@pytest.mark.parametrize(("host", "shown"), HOSTS.items(), ids=HOSTS)
def test_the_line_to_try_it_is_a_request_for_the_open_port(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], listeners: list[socket.socket], host: str, shown: str
) -> None:
    project = make_project(tmp_path)
    write_params(project, f"runtime: {{host: '{host}', port: 0}}")
    with pytest.raises(Served):
        serve(project, "v701")
    first, line = capsys.readouterr().out.splitlines()
    assert first == "v701 of package v601, 2 models; Ctrl-C ends it. When it says ready, try:"
    [curl, silent, url, _, header, _, body] = shlex.split(line)
    port = listeners[0].getsockname()[1]
    assert (curl, silent, url) == ("curl", "-s", f"http://{shown}:{port}/infer_batch")
    assert header == "Content-Type: application/json"
    assert json.loads(body) == {"windows": [[1, -5, 2**40], []]}  # codes that the first model knows, and none


def _damage_the_seal(project: Project) -> None:
    (project.package("v601").folder / "notes.txt").touch()


REFUSALS = {
    "the seal": (_damage_the_seal, r"^package v601 no longer matches the seal of v701: notes\.txt was added\."),
    "a minimum of no model": (
        lambda project: write_params(project, "require: {c: {recall: 0.8}}"),
        r"^executions/07_deployrun/v701/params\.yaml: require names 'c', which is no model of this variant; ",
    ),
    "another package": (
        lambda project: project.variant("v701").params.write_text("parent_variant_f06: v602\n"),
        r"parent_variant_f06 is v602, and the manifest was made of v601; they must agree\.",
    ),
    "a key that is none": (lambda project: write_params(project, "batchsize: 1"), r"unknown key 'batchsize'"),
}


@pytest.mark.parametrize(("spoil", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_refused_is_refused_before_a_port_is_opened(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    listeners: list[socket.socket],
    spoil: Callable[[Project], object],
    message: str,
) -> None:
    project = make_project(tmp_path)
    spoil(project)
    with pytest.raises(F07Error) as caught:
        serve(project, "v701")
    assert re.search(message, str(caught.value)), str(caught.value)
    assert listeners == []
    assert capsys.readouterr().out == ""
