"""One session's checks, reports and end; whole sessions are in tests/integration/test_session.py."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from pytest_f07.plugin import session as module
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.results.verdict import Verdict
from tests.unit.small_package import tree
from tests.unit.small_session import NAMES, NODE, failed_verdict, let_run, passed_verdict, small_session


@pytest.fixture
def validation(tmp_path: Path) -> ValidationSession:
    return small_session(tmp_path)


def test_a_fixture_of_a_session_that_validates_nothing_says_what_it_needs(pytester: pytest.Pytester) -> None:
    with pytest.raises(pytest.UsageError, match="are there with --f07-variant only"):
        ValidationSession.of(pytester.parseconfig())


# -- which models are selected


def collect(session: ValidationSession, monkeypatch: pytest.MonkeyPatch, *names: str, failed: int = 0) -> None:
    monkeypatch.setattr(module, "prediction_name", lambda item: item.model)
    items = [SimpleNamespace(nodeid=NODE.format(name), model=name) for name in names]
    items.append(SimpleNamespace(nodeid="tests/test_host.py::test_host", model=""))
    # a stand-in of what pytest hands over
    session.pytest_collection_finish(SimpleNamespace(items=items, testsfailed=failed))  # type: ignore[arg-type]


@pytest.mark.parametrize(("names", "whole"), [(NAMES, True), (NAMES[::-1], True), (NAMES[:1], False)])
def test_only_a_session_of_all_models_writes_to_the_variants_folder(
    monkeypatch: pytest.MonkeyPatch, validation: ValidationSession, names: tuple[str, ...], whole: bool
) -> None:
    collect(validation, monkeypatch, *names)
    folder = validation.manifest.paths.folder if whole else validation.staging
    assert validation.outputs.report_html == folder / "report" / "report.html"


def test_a_selection_of_no_model_names_the_models(
    monkeypatch: pytest.MonkeyPatch, validation: ValidationSession
) -> None:
    with pytest.raises(pytest.UsageError, match=r"^no model of v701 is selected; its models are a, a__b\.$"):
        collect(validation, monkeypatch)
    collect(validation, monkeypatch, failed=1)  # pytest itself says what could not be collected


# -- the run

ORACLE: Any = SimpleNamespace()


def test_a_run_is_executed_once_and_its_time_is_no_models(
    monkeypatch: pytest.MonkeyPatch, validation: ValidationSession
) -> None:
    outputs, server, prepared = [], SimpleNamespace(), validation.checked

    def execute(prepared: Any, server: Any, oracle: Any, target: Any, on_progress: Any, replayer: Any) -> Any:
        outputs.append(target)
        assert os.environ["HOST"] == "before"
        return replace(prepared.no_result(target), stage_seconds={"start": 5.0, "replay": 20.0})

    monkeypatch.setattr("pytest_f07.run.execute.execute", execute)
    monkeypatch.setenv("HOST", "before")
    collect(validation, monkeypatch, *NAMES)
    monkeypatch.setenv("HOST", "a fixture's")
    result = validation.execute(prepared, server, ORACLE, None)
    assert validation.execute(prepared, server, ORACLE, None) is result
    assert outputs == [validation.manifest.paths]
    calls: list[Any] = [SimpleNamespace(duration=duration) for duration in (25.5, 0.5)]
    for call in calls:
        validation.pytest_runtest_makereport(call)
    assert [call.duration for call in calls] == [0.5, 0.5]


def test_a_run_that_was_interrupted_is_not_begun_again(
    monkeypatch: pytest.MonkeyPatch, validation: ValidationSession
) -> None:
    def execute(*arguments: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_f07.run.execute.execute", execute)
    server: Any = SimpleNamespace()
    with pytest.raises(KeyboardInterrupt):
        validation.execute(validation.checked, server, ORACLE, None)
    assert validation.execute(validation.checked, server, ORACLE, None).verdicts == {}


# -- the end

PASSED, FAILED = passed_verdict("a__b"), failed_verdict("a__b")
OK, TESTS_FAILED, INTERRUPTED, USAGE_ERROR = 0, 1, 2, 4


def report(name: str, outcome: Any) -> pytest.TestReport:
    return pytest.TestReport(NODE.format(name), ("m", 1, "t"), {}, outcome, None, "call")


def finish(session: ValidationSession, status: int, error: OSError | None = None) -> tuple[int, str | None]:
    """End a session, and return its exit status and its note.

    :param error: raised by another plugin, where it writes its report.
    """
    named: list[object] = []
    manager = SimpleNamespace(get_plugins=list, get_plugin=lambda name: None, unregister=named.append)
    config = SimpleNamespace(stash={xml_key: "junit"}, pluginmanager=manager)
    host: Any = SimpleNamespace(exitstatus=pytest.ExitCode(status), config=config)
    hook = session.pytest_sessionfinish(host)
    next(hook)
    seen = host.exitstatus
    if not session.selection.collect_only and seen in (OK, TESTS_FAILED):
        host.exitstatus = pytest.ExitCode(TESTS_FAILED - seen)  # as a plugin that measures something else
    with pytest.raises(StopIteration):
        hook.throw(error) if error else hook.send(None)
    if not error:
        assert host.exitstatus == seen  # other plugins' reports show the status that the session ends with
    assert named == ["junit"]  # no other plugin says where the reports are
    return int(host.exitstatus), session.note


def run(
    session: ValidationSession, monkeypatch: pytest.MonkeyPatch, second: Verdict | None, outcome: str, **values: Any
) -> None:
    """Let a session have run, with these verdict and report of its second model."""
    collect(session, monkeypatch, *NAMES)
    let_run(session, passed_verdict("a"), *([second] if second else []), **values)
    for path in (session.staged.report_html, session.staged.junit_xml):
        path.write_text("whole")
    for name, text in zip(NAMES, ("passed", outcome), strict=True):
        session.pytest_runtest_logreport(report(name, text))


ENDS = {
    "passed": (PASSED, "passed", OK, OK, None),
    "a plugin's own failure": (PASSED, "passed", TESTS_FAILED, OK, None),
    "failed": (FAILED, "failed", TESTS_FAILED, TESTS_FAILED, None),
    "failed, and a plugin says passed": (FAILED, "failed", OK, TESTS_FAILED, None),
    "turned to passed": (FAILED, "passed", OK, TESTS_FAILED, "1 of 2 models were not judged. "),
    "no verdict": (None, "passed", OK, TESTS_FAILED, "1 of 2 models were not judged. "),
    "interrupted": (None, "passed", INTERRUPTED, INTERRUPTED, "The session was interrupted. "),
}


@pytest.mark.parametrize(("second", "outcome", "before", "after", "note"), ENDS.values(), ids=ENDS)
def test_the_exit_status_is_the_models_and_only_a_complete_run_has_metadata(
    monkeypatch: pytest.MonkeyPatch,
    validation: ValidationSession,
    second: Verdict | None,
    outcome: str,
    before: int,
    after: int,
    note: str | None,
) -> None:
    run(validation, monkeypatch, second, outcome)
    paths = validation.manifest.paths
    told = note and f"{note}No metadata was written."
    assert finish(validation, before) == (after, told)
    assert [paths.report_html.read_text(), paths.junit_xml.read_text()] == ["whole", "whole"]
    assert paths.metadata.exists() == (note is None)
    if note is None:
        assert json.loads(paths.metadata.read_text())["outcome"] == ("passed" if after == OK else "failed")


def test_a_run_that_broke_says_why(monkeypatch: pytest.MonkeyPatch, validation: ValidationSession) -> None:
    run(validation, monkeypatch, FAILED, "failed", broken="the server died")
    told = "The run broke: the server died. No metadata was written."
    assert finish(validation, TESTS_FAILED) == (TESTS_FAILED, told)
    assert not validation.manifest.paths.metadata.exists()


def test_a_report_that_cannot_be_written_leaves_no_metadata(
    monkeypatch: pytest.MonkeyPatch, validation: ValidationSession
) -> None:
    run(validation, monkeypatch, PASSED, "passed")
    error = OSError(errno.ENOSPC, "No space left on device")
    told = "The reports cannot be written: No space left on device. No metadata was written."
    assert finish(validation, OK, error) == (TESTS_FAILED, told)
    assert not validation.manifest.paths.metadata.exists()


def test_a_partial_session_leaves_the_variant_alone_and_keeps_what_it_computed(
    monkeypatch: pytest.MonkeyPatch, validation: ValidationSession
) -> None:
    run(validation, monkeypatch, PASSED, "passed")
    collect(validation, monkeypatch, "a")
    before = tree(validation.manifest.paths.folder)
    told = "Only 1 of 2 models selected: nothing was written to the variant's folder."
    assert finish(validation, OK) == (OK, told)
    validation.pytest_unconfigure()
    assert tree(validation.manifest.paths.folder) == before
    assert validation.staged.report_html.read_text() == "whole"


@pytest.mark.parametrize("started", [True, False])
def test_the_temporary_folder_goes_where_nothing_in_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, validation: ValidationSession, started: bool
) -> None:
    collect(validation, monkeypatch, *(NAMES if started else NAMES[:1]))
    validation.started = started
    validation.pytest_unconfigure()
    assert not validation.staging.exists()


@pytest.mark.parametrize(("status", "collect_only"), [(USAGE_ERROR, False), (INTERRUPTED, False), (OK, True)])
def test_where_nothing_was_to_run_nothing_is_noted(tmp_path: Path, status: int, collect_only: bool) -> None:
    assert finish(small_session(tmp_path, collect_only), status) == (status, None)


def test_where_no_model_was_called_nothing_was_touched(
    monkeypatch: pytest.MonkeyPatch, validation: ValidationSession
) -> None:
    collect(validation, monkeypatch, *NAMES)
    told = "2 of 2 models were not judged. No run was begun, and nothing was touched."
    assert finish(validation, OK) == (TESTS_FAILED, told)


def test_a_file_that_cannot_be_collected_fails_the_session(
    monkeypatch: pytest.MonkeyPatch, validation: ValidationSession
) -> None:
    run(validation, monkeypatch, PASSED, "passed")
    validation.pytest_collectreport(pytest.CollectReport("conftest.py", "failed", None, []))
    assert finish(validation, OK)[0] == TESTS_FAILED
