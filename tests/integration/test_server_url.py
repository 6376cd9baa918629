"""Test the validation of a server that is already there: nothing is started, bound or stopped."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conftest import REPOSITORY, F07Project
from pytest_f07 import wire
from tests.metadata_schema import schema_errors

NO_FIXTURES = """
import pytest

@pytest.fixture(scope="session")
def f07_server_command():
    raise RuntimeError("the command was asked for")

@pytest.fixture(scope="session")
def xprocess():
    raise RuntimeError("xprocess was asked for")
"""


@contextmanager
def stub_server(project: F07Project, fault: str = "none", stays: bool = True) -> Iterator[str]:
    """Start the stub as somebody else would, and yield its address; at the end it must still be there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        stub = REPOSITORY / "tests" / "stub_server.py"
        command = [sys.executable, stub, project.variant / "manifest.json", fault, "--socket", str(listener.fileno())]
        popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            cwd=project.root,
        )
    try:
        yield f"http://127.0.0.1:{port}"
        assert (popen.poll() is None) == stays, "a run must not stop a server that it did not start"
    finally:
        popen.kill()
        popen.communicate()


@pytest.fixture
def project(f07_project: F07Project) -> F07Project:
    """Return a checkout whose run may neither start a server nor ask the oracle, since a stub answers."""
    (f07_project.root / "conftest.py").write_text(NO_FIXTURES)
    f07_project.set_params(equivalence="off")
    return f07_project


def test_a_run_validates_it_and_says_where_it_was(project: F07Project) -> None:
    with stub_server(project) as url:
        # As docs/running-server.md has it, but for the port.
        project.set_params(equivalence="off", runtime={"url": f"{url}/", "protocol": "f07", "port": 1})
        result = project.run()
        result.assert_outcomes(passed=3)
        assert project.metadata["server"] == {"url": url, "protocol": "f07", "started_by_run": False}
        assert project.metadata["params"]["runtime"]["url"] == url
        assert schema_errors(project.metadata) == []
        assert not (project.variant / "runtime" / "server.log").exists()
        checked = project.pytester.run(sys.executable, "-m", "pytest_f07", "check7", "--variant", "v701")
        assert checked.ret == 0, str(checked.stdout)


def test_the_command_line_names_it_without_changing_the_parameters(project: F07Project) -> None:
    with stub_server(project) as url:
        result = project.run(f"--f07-server-url={url}", "--f07-protocol=f07")
        result.assert_outcomes(passed=3)
        assert project.metadata["server"]["url"] == url
        assert "url" not in project.metadata["params"]["runtime"]
        checked = project.pytester.run(sys.executable, "-m", "pytest_f07", "check7", "--variant", "v701")
        assert checked.ret == 0, str(checked.stdout)


def test_its_artefacts_are_those_of_the_server_that_a_run_starts(project: F07Project) -> None:
    with stub_server(project) as url:
        project.run(f"--f07-server-url={url}").assert_outcomes(passed=3)
    of_url = project.artefacts()
    project.stub()
    project.run().assert_outcomes(passed=3)
    assert project.artefacts() == of_url


def test_a_server_that_is_not_there_is_refused_before_anything_is_touched(project: F07Project) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        project.assert_refused(
            rf"the server at {url} \(f07\): it cannot be reached: Connection refused. Nothing was touched.",
            f"--f07-server-url={url}",
        )


ANSWERS_WRONGLY = {
    "loses": r"\(f07\), asked about the first rows of v401: the server answered 255 of 256 windows\. Nothing was ",
    "names": r"the answer's columns are .*; they must be the models",
}


@pytest.mark.parametrize(("fault", "message"), ANSWERS_WRONGLY.items(), ids=ANSWERS_WRONGLY)
def test_a_server_that_answers_wrongly_is_refused_before_anything_is_touched(
    project: F07Project, fault: str, message: str
) -> None:
    with stub_server(project, fault) as url:
        project.assert_refused(message, f"--f07-server-url={url}")


def test_a_server_that_dies_in_the_replay_breaks_the_run(project: F07Project) -> None:
    with stub_server(project, "dies-late", stays=False) as url:
        result = project.run(f"--f07-server-url={url}")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*F07-BROKEN*the server broke the connection at v40? row *"])
    assert not (project.variant / "07_deployrun_metadata.json").exists()


def test_another_server_in_its_place_is_noticed(project: F07Project) -> None:
    """Its process and its models are pinned at the start."""
    with stub_server(project, "restarts") as url:
        result = project.run(f"--f07-server-url={url}")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([f"*is not of this run's server: its {wire.PROCESS_HEADER} is*"])


def test_another_model_file_is_told(project: F07Project) -> None:
    with stub_server(project, "other-file") as url:
        result = project.run(f"--f07-server-url={url}")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*F07-IDENTITY*the server serves another file*"])


OPTIONS_ALONE = ["--f07-server-url=http://127.0.0.1:1", "--f07-protocol=f07"]


@pytest.mark.parametrize("option", OPTIONS_ALONE)
def test_the_options_need_a_variant(project: F07Project, option: str) -> None:
    result = project.pytester.runpytest_subprocess(option)
    assert result.ret == 4
    assert [line for line in result.errlines if line.startswith("ERROR")] == [
        f"ERROR: {option.split('=')[0]} needs --f07-variant: name the variant that is to be validated."
    ]


def test_a_session_that_only_collects_asks_nobody(project: F07Project) -> None:
    result = project.run("--f07-server-url=http://127.0.0.1:1", "--collect-only")
    assert result.ret == 0, json.dumps(result.errlines)
