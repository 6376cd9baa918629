"""The loop as a plugin meets it; whole sessions are in tests/integration/test_host_settings.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_f07.plugin import loop
from pytest_f07.plugin.loop import ItemLoop


def item(name: str | None, *marks: str) -> Any:
    return SimpleNamespace(name=name, own_markers=[SimpleNamespace(name=mark) for mark in marks])


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "prediction_name", lambda item: item.name)


def test_one_item_of_each_model_in_the_manifests_order() -> None:
    items = [item("b"), item(None), item("a"), item("b"), item("a")]
    kept = [items[2], items[0], items[1]]
    hook = ItemLoop(["a", "b", "c"]).pytest_collection_modifyitems(items)
    next(hook)
    with pytest.raises(StopIteration):
        next(hook)
    assert [id(one) for one in items] == [id(one) for one in kept]  # the first of each, whose id is the plain one


def test_marks_that_stop_or_repeat_are_taken_off_and_others_stay() -> None:
    items = [item("a", "timeout", "skip", "flaky"), item(None, "timeout")]
    list(ItemLoop(["a"]).pytest_collection_modifyitems(items))
    assert [[mark.name for mark in one.own_markers] for one in items] == [["skip"], ["timeout"]]


def test_every_item_runs_once_though_the_session_is_to_stop() -> None:
    ran, registered = [], []
    option = SimpleNamespace(collectonly=False, continue_on_collection_errors=False)
    hook = SimpleNamespace(pytest_runtest_protocol=lambda item, nextitem: ran.append((item.name, nextitem)))
    manager = SimpleNamespace(register=lambda plugin, name: registered.append(name))
    config = SimpleNamespace(option=option, hook=hook, pluginmanager=manager)
    items = [SimpleNamespace(name=name, config=config) for name in "ab"]
    session: Any = SimpleNamespace(config=config, items=items, testsfailed=0, shouldstop="enough", shouldfail="now")
    assert ItemLoop("ab").pytest_runtestloop(session) is True
    assert ran == [("a", items[1]), ("b", None)]
    assert registered == ["f07-protocol"]


@pytest.mark.parametrize(("collectonly", "testsfailed"), [(True, 0), (False, 1)])
def test_pytests_own_loop_says_why_nothing_runs(collectonly: bool, testsfailed: int) -> None:
    option = SimpleNamespace(collectonly=collectonly, continue_on_collection_errors=False)
    session: Any = SimpleNamespace(config=SimpleNamespace(option=option), testsfailed=testsfailed)
    assert ItemLoop([]).pytest_runtestloop(session) is None
