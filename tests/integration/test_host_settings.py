"""The host's own pytest: what its conftest, options and environment do to a run. The stub server answers.

tests/field has the same with other people's plugins.
"""

from __future__ import annotations

import re

import pytest

from conftest import F07Project
from pytest_f07.commands.listing import list_variants
from pytest_f07.variant.paths import Project

BEFORE = "import pytest\n"
MARK_ALL = "def pytest_collection_modifyitems(items):\n    for item in items: item.add_marker({mark})\n"
SKIP_FIRST = "def pytest_collection_modifyitems(items):\n    items[0].add_marker(pytest.mark.skip(reason='known'))\n"
AUTOUSE = "@pytest.fixture(autouse=True)\ndef host(monkeypatch, tmp_path):\n    {body}\n"


def run_under(project: F07Project, conftest: str, *arguments: str, fault: str = "none") -> pytest.RunResult:
    """Run beside a host's conftest.py."""
    project.stub(fault)
    with (project.root / "conftest.py").open("a") as file:
        file.write(BEFORE + conftest)
    return project.run(*arguments)


# -- not judged is not passed

NOBODY = {
    "skip mark": (MARK_ALL.format(mark="pytest.mark.skip(reason='not marked slow')"), "skipped: not marked slow"),
    "skip fixture": (AUTOUSE.format(body="pytest.skip('no database here')"), "skipped: no database here"),
    "skip hook": ("def pytest_runtest_setup():\n    pytest.skip('not today')\n", "skipped: not today"),
    "xfail mark that does not run": (
        MARK_ALL.format(mark="pytest.mark.xfail(reason='flaky in CI', run=False)"),
        r"xfail: \[NOTRUN\] flaky in CI",
    ),
}


@pytest.mark.any_version
@pytest.mark.parametrize(("conftest", "reason"), NOBODY.values(), ids=NOBODY)
def test_where_all_models_are_skipped_nothing_is_touched(f07_finished: F07Project, conftest: str, reason: str) -> None:
    before = f07_finished.tree()
    result = run_under(f07_finished, conftest)
    assert result.ret == 1
    told = rf"f07: 3 of 3 models were not judged \({reason}\)\. No run was begun, and nothing was touched\."
    assert re.search(told, str(result.stdout)), str(result.stdout)
    assert f07_finished.tree() == before


SOME = {
    "skipped": (SKIP_FIRST, "none", r"1 of 3 models were not judged \(skipped: known\)"),
    "xfailed, and it fails": (
        MARK_ALL.format(mark="pytest.mark.xfail(reason='flaky in CI')"),
        "nan",
        r"3 of 3 models were not judged \(xfail: flaky in CI\)",
    ),
    "xfailed, and it passes": (
        MARK_ALL.format(mark="pytest.mark.xfail(reason='flaky in CI')"),
        "none",
        "3 of 3 models were not judged",
    ),
    "xfailed strictly": (
        MARK_ALL.format(mark="pytest.mark.xfail(reason='must fail', strict=True)"),
        "none",
        "3 of 3 models were not",
    ),
    "a fixture that breaks": (
        AUTOUSE.format(body="assert 'feeder' not in str(tmp_path)"),
        "none",
        "1 of 3 models were not judged",
    ),
    "reports that a hook turns": (
        "@pytest.hookimpl(wrapper=True, tryfirst=True)\ndef pytest_runtest_makereport():\n"
        "    report = yield\n    report.outcome = 'passed'\n    return report\n",
        "nan",
        "1 of 3 models were not",
    ),
}


@pytest.mark.any_version
@pytest.mark.parametrize(("conftest", "fault", "note"), SOME.values(), ids=SOME)
def test_where_some_models_are_not_judged_the_run_is_not_complete(
    f07_finished: F07Project, conftest: str, fault: str, note: str
) -> None:
    result = run_under(f07_finished, conftest, fault=fault)
    assert result.ret == 1
    assert re.search(rf"NOT COMPLETE: {note}.*\. No metadata was written\.", str(result.stdout)), str(result.stdout)
    assert not (f07_finished.variant / "07_deployrun_metadata.json").exists()
    assert "NOT COMPLETE" in (f07_finished.variant / "report" / "report.html").read_text()
    assert re.search(r"^v701 .* incomplete ", "\n".join(list_variants(Project(f07_finished.root))), re.MULTILINE)


# -- an option that would stop, select or repeat is set aside

ASIDE = {
    "-x": ("nan", "--maxfail=1"),
    "--maxfail=2": ("nan", "--maxfail=2"),
    "--sw": ("nan", "--stepwise"),
    "-m unit": ("none", "-m=unit"),
    "-k nothing": ("none", "-k=nothing"),
    "--lf --lfnf=none": ("none", "--lf"),
    "--deselect=executions": ("none", "--deselect="),
    "--junitxml=host.xml --cov --cov-fail-under=100": ("none", "--junitxml=host.xml --cov-fail-under=100"),
}


@pytest.mark.any_version
@pytest.mark.parametrize(("addopts", "given"), ASIDE.items(), ids=ASIDE)
def test_what_addopts_bring_is_set_aside_and_all_models_are_told(
    f07_project: F07Project, addopts: str, given: tuple[str, str]
) -> None:
    fault, said = given
    (f07_project.root / "pytest.ini").write_text(f"[pytest]\naddopts = {addopts}\n")
    result = run_under(f07_project, "", fault=fault)
    failed = 1 if fault == "nan" else 0
    result.assert_outcomes(passed=3 - failed, failed=failed)
    assert result.ret == failed
    assert any(line.startswith(f"f07: set aside: {said}") for line in result.outlines), str(result.stdout)
    assert f07_project.metadata["outcome"] == ("failed" if failed else "passed")


def test_a_selection_that_the_user_types_stays_one(f07_stub: F07Project) -> None:
    before = f07_stub.tree()
    f07_stub.run("-kfeeder").assert_outcomes(passed=1)
    assert f07_stub.tree() == before


# -- what hosts take from their tests, the replay has

SURROUNDINGS = {
    "requests, as in pytest's documentation": AUTOUSE.format(
        body="monkeypatch.delattr('requests.sessions.Session.request')"
    ),
    "sockets": "import socket\nclass Guarded(socket.socket):\n"
    "    def __new__(cls, *a, **k): raise RuntimeError('blocked')\n"
    "def pytest_runtest_setup():\n    socket.socket = Guarded\n",
    "connections": AUTOUSE.format(body="import socket; monkeypatch.setattr(socket.socket, 'connect', None)"),
    "time": AUTOUSE.format(body="import time; monkeypatch.setattr(time, 'perf_counter', lambda: 0.0)"),
    "processes": AUTOUSE.format(body="import subprocess; monkeypatch.setattr(subprocess, 'Popen', None)"),
    "the environment": "import os\n@pytest.fixture(autouse=True, scope='session')\ndef clean():\n"
    "    keep = dict(os.environ); os.environ.clear(); yield; os.environ.update(keep)\n",
    "the folder": AUTOUSE.format(body="monkeypatch.chdir(tmp_path)"),
    "a wish to stop": "def pytest_runtest_logreport(report):\n    SESSION[0].shouldstop = 'enough'\n"
    "SESSION = []\ndef pytest_sessionstart(session): SESSION.append(session)\n",
    "each item twice": "def pytest_generate_tests(metafunc):\n    metafunc.fixturenames.append('again')\n"
    "    metafunc.parametrize('again', [1, 2])\n@pytest.fixture\ndef again(request): pass\n",
    "another order": "def pytest_collection_modifyitems(items): items.reverse()\n",
    "warnings": "import warnings\nwarnings.simplefilter('error')\n",
}


@pytest.mark.parametrize("conftest", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_a_run_is_the_same_whatever_a_host_does_to_its_tests(f07_finished: F07Project, conftest: str) -> None:
    first = f07_finished.artefacts()
    result = run_under(f07_finished, conftest, "-W", "error")
    result.assert_outcomes(passed=3)
    assert result.ret == 0
    assert f07_finished.metadata["outcome"] == "passed"
    assert f07_finished.artefacts() == first


@pytest.mark.parametrize("backend", ["module://no_such_module.backend_inline", "Qt5Agg", "no-backend"])
def test_pictures_need_nothing_of_the_hosts_backend(
    f07_stub: F07Project, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setenv("MPLBACKEND", backend)
    assert f07_stub.pytester.runpytest_subprocess("--f07-variant=v701").ret == 0
    assert (f07_stub.variant / "report" / "figures" / "comparison.png").is_file()


# -- found before anything is touched


def test_plugins_that_are_not_loaded_are_named(f07_stub: F07Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    message = "the plugin html is not loaded.*Unset PYTEST_DISABLE_PLUGIN_AUTOLOAD, or add -p html -p metadata"
    f07_stub.assert_refused(message, "-p", "f07", "-p", "xprocess")
    result = f07_stub.run("-p", "f07", "-p", "html", "-p", "metadata", "-p", "xprocess")
    result.assert_outcomes(passed=3)
    assert f07_stub.metadata["outcome"] == "passed"


def test_a_cache_that_cannot_be_written(f07_finished: F07Project) -> None:
    (f07_finished.root / ".pytest_cache").write_text("a file")
    f07_finished.assert_refused(r"/\.pytest_cache: pytest's cache cannot be written there \(.*\).*-o cache_dir=/")
    assert f07_finished.run("-o", "cache_dir=other").ret == 0


def test_a_disk_without_room(f07_finished: F07Project) -> None:
    with (f07_finished.root / "conftest.py").open("a") as file:
        file.write("import shutil\nfull = shutil.disk_usage('.')._replace(free=1_000_000)\n")
        file.write("shutil.disk_usage = lambda path: full\n")
    f07_finished.assert_refused(
        r"executions/07_deployrun/v701: \d+ MB are free there, and the run will write about \d+ MB\."
    )
