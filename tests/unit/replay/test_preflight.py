"""Test what a server is asked before a run, and that what is wrong there is one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.errors import BrokenRun, F07Error
from pytest_f07.replay.preflight import check_server
from tests.unit.replay.test_replay import write_dataset

TARGET = UrlTarget("http://127.0.0.1:1", "mlflow")


class Client:
    """A client that notes the batches, and fails where it is told to."""

    timeout_s = 7.0

    def __init__(self, **errors: Exception) -> None:
        self.asked: list[Any] = []
        self.errors = errors

    def identity(self) -> dict[str, Any]:
        self._fail("identity")
        return {}

    def send_batch(self, windows: pa.Array) -> pa.Array:
        return windows

    def receive_batch(self, windows: pa.Array) -> None:
        self.asked.append(windows.to_pylist())
        self._fail("batch")

    def _fail(self, when: str) -> None:
        if error := self.errors.get(when):
            raise error


def check(client: Any, folder: Path) -> None:
    check_server(client, TARGET, [write_dataset(folder, [[[1], [2], [3]]])], batch_size=2)


def test_one_window_and_one_full_batch_of_each_dataset_are_asked(tmp_path: Path) -> None:
    client = Client()
    check(client, tmp_path)
    assert client.asked == [[[1]], [[1], [2]]]


def test_an_empty_dataset_asks_nothing(tmp_path: Path) -> None:
    client: Any = Client()
    check_server(client, TARGET, [write_dataset(tmp_path, [])], batch_size=2)
    assert client.asked == []


WHERE = "the server at http://127.0.0.1:1 (mlflow)"
ASKED = f"{WHERE}, asked about the first rows of v401"
FAILURES: dict[str, tuple[dict[str, Exception], str]] = {
    "unreachable": (
        {"identity": ConnectionError("Connection refused")},
        f"{WHERE}: it cannot be reached: Connection refused. Nothing was touched.",
    ),
    "silent": (
        {"identity": TimeoutError()},
        f"{WHERE}: it did not answer within 7 s (runtime.timeout_s). Nothing was touched.",
    ),
    "not ready": ({"identity": BrokenRun("it loads")}, f"{WHERE}: it loads. Nothing was touched."),
    "wrong": ({"batch": BrokenRun("2 of 3 rows")}, f"{ASKED}: 2 of 3 rows. Nothing was touched."),
}


@pytest.mark.parametrize(("errors", "message"), FAILURES.values(), ids=FAILURES)
def test_what_is_wrong_is_one_line(tmp_path: Path, errors: dict[str, Exception], message: str) -> None:
    with pytest.raises(F07Error) as caught:
        check(Client(**errors), tmp_path)
    assert str(caught.value) == message
