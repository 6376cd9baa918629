from __future__ import annotations

import os
import socket
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from pytest_f07.plugin.shield import Shield


def test_inside_all_is_as_it_was_and_outside_as_the_host_has_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("F07_TEST", "before")
    folder, clock, opener = Path.cwd(), time.perf_counter, socket.socket
    shield = Shield()
    monkeypatch.setenv("F07_TEST", "host")
    monkeypatch.setenv("F07_NEW", "host")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    monkeypatch.setattr(socket, "socket", None)
    monkeypatch.setattr(opener, "connect", None)
    monkeypatch.delattr(requests.Session, "request")
    with shield.protect():
        assert os.environ["F07_TEST"] == "before"
        assert "F07_NEW" not in os.environ
        assert Path.cwd() == folder
        assert time.perf_counter is clock
        assert socket.socket is opener
        assert opener.connect is not None
        assert requests.Session.request is not None
        warnings.warn("of a library", DeprecationWarning, stacklevel=1)  # an error in this session
    assert os.environ["F07_TEST"] == os.environ["F07_NEW"] == "host"
    assert Path.cwd() == tmp_path
    assert time.perf_counter() == 0.0
    assert socket.socket is None
    assert opener.connect is None
    assert not hasattr(requests.Session, "request")


def test_the_hosts_things_come_back_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    shield = Shield()
    monkeypatch.setattr(time, "perf_counter", None)
    with suppress(ZeroDivisionError), shield.protect():
        raise ZeroDivisionError
    assert time.perf_counter is None


def test_what_the_host_configures_later_is_meant_for_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    shield = Shield()
    monkeypatch.setenv("F07_TEST", "configured")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    shield.note_environment()
    monkeypatch.delenv("F07_TEST")
    with shield.protect():
        assert os.environ["F07_TEST"] == "configured"
        assert "PYTHONWARNINGS" not in os.environ  # an error of a library's warning would end server and oracle
    assert os.environ["PYTHONWARNINGS"] == "error"
