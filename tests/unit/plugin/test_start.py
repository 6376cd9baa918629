"""The beginning of a session, and of its run; whole sessions are in tests/integration/test_start.py."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import LEAN
from pytest_f07.plugin import start
from pytest_f07.plugin.selection import select
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.plugin.start import RunStart
from tests.unit.small_package import make_project, tree
from tests.unit.small_session import NAMES, small_session

Begin = Callable[..., ValidationSession]


@pytest.fixture
def begin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Begin sessions of the small project's v701, and end them after the test."""
    monkeypatch.setenv("PYTEST_ADDOPTS", LEAN)  # pytester takes it away
    make_project(pytester.path)
    sessions = []

    def begin(*arguments: str) -> ValidationSession:
        config = pytester.parseconfig("--f07-variant=v701", *arguments)
        selection = select(config)
        assert selection is not None
        sessions.append(start.begin(config, selection))
        return sessions[-1]

    yield begin
    for session in sessions:
        if session.staging.exists():
            session.pytest_unconfigure()


# -- the session


REFUSED = {
    "params": ([], "params.yaml: batch_size is 'many'; it must be a whole number"),
    "plugin": (["-p", "no:html"], "-p no:html cannot be used with --f07-variant: "),
    "cache": (["-o", "cache_dir=params"], "pytest's cache cannot be written there"),
    "server": (["--f07-server-url=smtp://h"], "--f07-server-url is 'smtp://h'"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_a_usage_error_before_anything_is_written(
    pytester: pytest.Pytester, begin: Begin, arguments: list[str], message: str
) -> None:
    (pytester.path / "params").write_text("a file")
    if not arguments:
        params = pytester.path / "executions" / "07_deployrun" / "v701" / "params.yaml"
        params.write_text("parent_variant_f06: v601\nbatch_size: many\n")
    before = tree(pytester.path)
    with pytest.raises(pytest.UsageError) as refusal:
        begin(*arguments)
    assert message in str(refusal.value)
    assert tree(pytester.path) == before


def test_reports_go_to_a_temporary_folder_until_they_are_complete(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, begin: Begin
) -> None:
    config = pytester.parseconfig("--f07-variant=v701", "--html=host.html")
    monkeypatch.setattr(pytester, "parseconfig", lambda *arguments: config)
    session = begin()
    for path in (config.option.htmlpath, config.option.xmlpath):
        assert Path(path).is_relative_to(session.staging)
    assert not session.staging.is_relative_to(pytester.path)
    assert config.option.self_contained_html


def test_a_session_that_only_collects_has_nothing_to_run_and_reads_no_model(
    pytester: pytest.Pytester, begin: Begin
) -> None:
    shutil.rmtree(pytester.path / "executions" / "06_packaging" / "v601" / "models")
    session = begin("--collect-only")
    assert tuple(session.manifest.prediction_names) == NAMES
    assert session.verdicts == {}
    with pytest.raises(pytest.UsageError, match=r"^a session that only collects executes nothing\.$"):
        _ = session.reserved


def test_a_variant_is_one_sessions_until_its_end(begin: Begin) -> None:
    first = begin()
    with pytest.raises(pytest.UsageError, match="v701 is being run"):
        begin()
    first.pytest_unconfigure()
    assert begin().reserved.manifest.paths.name == "v701"


# -- its run


def host(**values: Any) -> Any:
    """Return what pytest hands to its loop, with no item."""
    option = SimpleNamespace(continue_on_collection_errors=False)
    return SimpleNamespace(**{"items": [], "testsfailed": 0, "config": SimpleNamespace(option=option)} | values)


def enter_loop(session: ValidationSession, pytest_session: Any) -> None:
    """Enter the loop, whose items are not this hook's."""
    hook = RunStart(session).pytest_runtestloop(pytest_session)
    next(hook)
    with pytest.raises(StopIteration) as end:
        hook.send(True)
    assert end.value.value is True


def test_the_variant_is_checked_before_the_first_item(begin: Begin) -> None:
    session = begin()
    enter_loop(session, host())
    assert [model.prediction_name for model in session.checked.models] == list(NAMES)
    assert session.result is not None
    assert session.verdicts == {}


def test_a_variant_that_is_refused_ends_the_session_with_its_line(pytester: pytest.Pytester, begin: Begin) -> None:
    session = begin("--f07-compare=v799")
    before = tree(pytester.path)
    with pytest.raises(pytest.UsageError, match="there is no variant v799"):
        next(RunStart(session).pytest_runtestloop(host()))
    assert (session.prepared, session.result) == (None, None)
    assert tree(pytester.path) == before
    begin()  # the variant is free again


@pytest.mark.parametrize(("collect_only", "failed"), [(True, 0), (False, 1)])
def test_a_session_that_runs_no_item_starts_and_checks_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, collect_only: bool, failed: int
) -> None:
    def refuse(*arguments: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(start, "_set_up", refuse)
    monkeypatch.setattr(RunStart, "_check", refuse)
    enter_loop(small_session(tmp_path, collect_only), host(testsfailed=failed))


FIXTURES = """
import pytest

@pytest.fixture(scope="session")
def first():
    {first}

@pytest.fixture(scope="session")
def second():
    print("second is set up")
    yield 2
    print("second is torn down")

@pytest.fixture(autouse=True)
def host(tmp_path):
    assert "f07_start" not in str(tmp_path), "a fixture of each test is set up for no test"

def test_item(request):
    assert request.getfixturevalue("second") == 2
    assert request.getfixturevalue("first") == 1
"""


class Early:
    """A plugin that sets fixtures up before the first item."""

    active: Sequence[str] = ()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        start._set_up(session, ("second", "first"))
        self.active = [type(node).__name__ for node in session._setupstate.stack]


@pytest.mark.parametrize(
    ("first", "told", "outcomes"),
    [
        ("return 1", "second is set up", {"passed": 1}),
        ("raise OSError('no server')", "E * OSError: no server", {"failed": 1}),
        ("pytest.skip('not today')", "*not today*", {"skipped": 1}),
        ("pytest.fail('not ever')", "*not ever*", {"failed": 1}),
    ],
)
def test_fixtures_are_set_up_before_the_first_item_and_a_failure_is_the_items(
    pytester: pytest.Pytester, first: str, told: str, outcomes: dict[str, int]
) -> None:
    pytester.makepyfile(FIXTURES.format(first=first))
    early = Early()
    result = pytester.runpytest_inprocess("-rs", "-s", plugins=[early])
    assert early.active[0] == "Session"
    assert "Function" not in early.active
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines([told])
    assert str(result.stdout).count("second is set up") == str(result.stdout).count("second is torn down") == 1


def test_a_fixture_that_ends_the_session_ends_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FIXTURES.format(first="pytest.exit('enough')"))
    result = pytester.runpytest_inprocess("-s", plugins=[Early()])
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert str(result.stdout).count("second is torn down") == 1


def test_without_a_test_function_no_fixture_is_set_up() -> None:
    item = SimpleNamespace(getparent=lambda kind: None)
    start._set_up(host(items=[item]), ("f07_server",))
