"""Other people's plugins and settings in a host project: one table, plugin × what is seen. ``make test-field``.

Every session runs in .venv-field, where all the plugins are installed; those that a row does not name are blocked.
The stub server answers; which of the three models fails is the row's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import Any

import pytest

from conftest import REPOSITORY, F07Project

PYTHON = REPOSITORY / ".venv-field" / "bin" / "python"
# What a host without any other plugin has.
OURS = {"pytest-f07", "pytest-html", "pytest-metadata", "pytest-xprocess"}


@dataclass(frozen=True)
class Row:
    """What a host has, and what is seen.

    :param plugins: the distributions whose plugins are loaded, separated by spaces.
    :param addopts: of its pytest.ini; ``ini`` are further lines of it.
    :param conftest: lines of its conftest.py.
    :param fault: the stub's; ``nan`` fails the first model, ``threshold`` the last.
    :param status: the exit status.
    :param outcome: of the metadata; None where there must be none.
    :param tells: what the output of the last run must match.
    :param runs: how often it is run; what a plugin remembers of the first may select in the next.
    """

    plugins: str = ""
    addopts: str = ""
    ini: str = ""
    conftest: str = ""
    fault: str = "none"
    status: int = 0
    outcome: str | None = "passed"
    tells: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    runs: int = 1


def aside(flag: str) -> tuple[str, ...]:
    return (rf"f07: set aside: .*{re.escape(flag)}",)


FAILED: dict[str, Any] = {"status": 1, "outcome": "failed"}
EACH_ITEM = "def pytest_collection_modifyitems(items):\n    for item in items: item.add_marker(pytest.mark.{mark})\n"

ROWS = {
    "nothing else": Row(),
    # which tests run, and in which order
    "xdist": Row("pytest-xdist", "-n 2 --dist loadscope", tells=aside("-n 2")),
    "xdist, in a loop": Row("pytest-xdist", "-f", status=4, outcome=None, tells=("-f .* cannot be used",)),
    "randomly": Row("pytest-randomly", "-p randomly"),
    "random-order": Row("pytest-random-order", "--random-order"),
    "order": Row("pytest-order", "--order-scope=module"),
    "ordering": Row("pytest-ordering"),
    "split": Row("pytest-split", "--splits 3 --group 1", tells=aside("--splits=3")),
    "shard": Row("pytest-shard", "--num-shards 3 --shard-id 0", tells=aside("--num-shards=3")),
    "test-groups": Row("pytest-test-groups", "--test-group-count 3 --test-group 1", tells=aside("--test-group-count")),
    "picked": Row("pytest-picked", "--picked", tells=aside("--picked")),
    "testmon": Row("pytest-testmon", "--testmon", runs=2, tells=aside("--testmon")),
    "dependency": Row("pytest-dependency", conftest=EACH_ITEM.format(mark="dependency()")),
    "benchmark": Row("pytest-benchmark"),
    "benchmark-only": Row(
        "pytest-benchmark",
        "--benchmark-only",
        status=1,
        outcome=None,
        tells=(r"f07: 3 of 3 models were not judged \(skipped: .*\)\. No run was begun",),
    ),
    # how often, where, and until when
    "rerunfailures": Row("pytest-rerunfailures", "--reruns 2", fault="nan", **FAILED, tells=aside("--reruns=2")),
    "rerunfailures, marked": Row(
        "pytest-rerunfailures", conftest=EACH_ITEM.format(mark="flaky(reruns=2)"), fault="threshold", **FAILED
    ),
    "retry": Row("pytest-retry", ini="retries = 1", fault="threshold", **FAILED, tells=aside("--retries=1")),
    "flaky": Row("flaky", "--force-flaky --max-runs=2", fault="nan", **FAILED, tells=aside("--force-flaky")),
    "repeat": Row("pytest-repeat", "--count 2", tells=aside("--count=2")),
    "flakefinder": Row("pytest-flakefinder", "--flake-finder --flake-runs=3", tells=aside("--flake-finder")),
    "forked": Row("pytest-forked", "--forked", tells=aside("--forked")),
    "timeout": Row("pytest-timeout", ini="timeout = 0.2", tells=aside("--timeout=0.2")),
    "timeout, thread": Row("pytest-timeout", "--timeout=0.2 --timeout-method=thread", tells=aside("--timeout=0.2")),
    "timeout, environment": Row("pytest-timeout", environment={"PYTEST_TIMEOUT": "0.2"}),
    "timeout, marked": Row("pytest-timeout", conftest=EACH_ITEM.format(mark="timeout(0.2)")),
    "timeout, call only": Row("pytest-timeout", ini="timeout = 0.2\ntimeout_func_only = true"),
    "timeout, session": Row("pytest-timeout", "--session-timeout=0.1", tells=aside("--session-timeout=0.1")),
    "custom-exit-code": Row("pytest-custom-exit-code", "--suppress-tests-failed-exit-code", fault="nan", **FAILED),
    # what is measured
    "cov": Row("pytest-cov", "--cov=."),
    "cov, required": Row("pytest-cov", "--cov=src --cov-fail-under=90", tells=aside("--cov-fail-under=90")),
    "memray": Row("pytest-memray", "--memray"),
    "durations": Row("pytest-durations", "--durations=3"),
    # where it is told
    "sugar": Row("pytest-sugar", fault="nan", **FAILED),
    "pretty": Row("pytest-pretty", fault="nan", **FAILED),
    "progress": Row("pytest-progress pytest-xdist", "--show-progress", fault="nan", **FAILED),
    "instafail": Row("pytest-instafail", "--instafail", fault="threshold", **FAILED),
    "allure": Row("allure-pytest", "--alluredir=allure", fault="threshold", **FAILED),
    "json-report": Row("pytest-json-report", "--json-report", fault="nan", **FAILED),
    "json-ctrf": Row("pytest-json-ctrf", "--ctrf report.json", fault="nan", **FAILED),
    "reportlog": Row("pytest-reportlog", "--report-log=log.jsonl", fault="nan", **FAILED),
    "annotate": Row(
        "pytest-github-actions-annotate-failures", fault="nan", **FAILED, environment={"GITHUB_ACTIONS": "true"}
    ),
    "subtests": Row("pytest-subtests", fault="nan", **FAILED),
    "check": Row("pytest-check", fault="nan", **FAILED),
    "azure": Row("pytest-azurepipelines pytest-nunit", fault="nan", **FAILED),
    "csv": Row("pytest-csv", "--csv report.csv", fault="nan", **FAILED, tells=aside("--csv=")),
    "nunit": Row("pytest-nunit", "--nunit-xml=nunit.xml", fault="nan", **FAILED),
    "md-report": Row("pytest-md-report", "--md-report", fault="nan", **FAILED),
    "teamcity": Row("teamcity-messages", "--teamcity", fault="nan", **FAILED),
    "ignore-test-results": Row("pytest-ignore-test-results", "--ignore-result-cases=*", fault="nan", **FAILED),
    "codspeed": Row("pytest-codspeed", "--codspeed", status=4, outcome=None, tells=("no model of v701 is selected",)),
    # what tests have around them
    "subprocess": Row("pytest-subprocess", conftest="@pytest.fixture(autouse=True)\ndef faked(fp): pass\n"),
    "asyncio": Row("pytest-asyncio", ini="asyncio_mode = auto"),
    "django": Row("pytest-django"),
    "mock, bdd, syrupy": Row("pytest-mock pytest-bdd syrupy"),
    "dotenv": Row("pytest-dotenv"),
    "env": Row("pytest-env", ini="env =\n    MPLBACKEND=module://no.such.backend"),
    "socket": Row("pytest-socket", "--disable-socket"),
    "socket, hosts": Row("pytest-socket", "--disable-socket --allow-hosts=192.0.2.1"),
    "socket, conftest": Row(
        "pytest-socket",
        conftest="def pytest_runtest_setup():\n    import pytest_socket\n    pytest_socket.disable_socket()\n",
    ),
    "recording": Row("pytest-recording", "--block-network"),
    "responses": Row(
        conftest="import responses\n@pytest.fixture(autouse=True)\ndef no_network():\n"
        "    with responses.RequestsMock(): yield\n"
    ),
    "requests-mock": Row("requests-mock", conftest="@pytest.fixture(autouse=True)\ndef mocked(requests_mock): pass\n"),
    "freezer": Row("pytest-freezer", conftest="@pytest.fixture(autouse=True)\ndef frozen(freezer): pass\n"),
    "many": Row(
        "pytest-xdist pytest-randomly pytest-cov pytest-timeout pytest-asyncio pytest-mock pytest-sugar "
        "pytest-rerunfailures",
        "-n 2 --cov=. --reruns 1 --timeout=1",
        fault="nan",
        **FAILED,
    ),
}


@pytest.fixture(scope="module")
def blocked() -> dict[str, str]:
    """The distribution of each plugin's name in .venv-field."""
    assert PYTHON.exists(), "make test-field makes .venv-field"
    code = "from importlib.metadata import entry_points as e\nimport json\n"
    code += "print(json.dumps({p.name: p.dist.name for p in e(group='pytest11')}))"
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)
    return {name: distribution.replace("_", "-") for name, distribution in json.loads(done.stdout).items()}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_host_that_has(f07_project: F07Project, blocked: dict[str, str], row: Row) -> None:
    f07_project.stub(row.fault)
    f07_project.set_params(sample_size=200)
    root = f07_project.root
    with (root / "conftest.py").open("a") as file:
        file.write(row.conftest)
    (root / "pytest.ini").write_text(f"[pytest]\naddopts = {row.addopts}\n{row.ini}\n")
    loaded = OURS | set(row.plugins.split())
    others = [f"-pno:{name}" for name, distribution in blocked.items() if distribution not in loaded]
    environment = {**os.environ, **row.environment}
    for _ in range(row.runs):
        done = subprocess.run(
            [PYTHON, "-m", "pytest", "--f07-variant=v701", *others],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    told = done.stdout + done.stderr
    print(told)
    metadata = f07_project.variant / "07_deployrun_metadata.json"
    assert "INTERNALERROR" not in told
    assert "Traceback" not in told
    assert done.returncode == row.status
    assert (f07_project.metadata["outcome"] if metadata.exists() else None) == row.outcome
    for pattern in row.tells:
        assert re.search(pattern, told)
    if row.outcome:
        junit = (f07_project.variant / "report" / "junit.xml").read_text()
        assert junit.count("<testcase") == 3
        assert (f07_project.variant / "report" / "report.html").is_file()
        assert f07_project.artefacts()
