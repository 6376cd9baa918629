"""What this repository's own tests share: projects in temporary folders, real sessions, a server without TensorFlow."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.forks import run_module

pytest_plugins = ["pytester"]
# somebody else's checkout, a fixture
collect_ignore = ["tests/pipeline"]

REPOSITORY = Path(__file__).parent
# Whoever starts the tests may have these set, for a shell, a pipeline or a CI system of their own.
VARIABLES_OF_OTHERS = (
    "ACTIVE_VARIANT ALLOW_FAILED BATCH_SIZE BUILD_NUMBER CI COLUMNS COMPARE F07_PYTHON GITHUB_ACTIONS "
    "GITHUB_STEP_SUMMARY GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE HOST LANGUAGE LINES MAKEFLAGS MAKELEVEL MAKEOVERRIDES "
    "MFLAGS MPLBACKEND PARENT PORT PROTOCOL PYTEST_ADDOPTS PYTEST_XDIST_TESTRUNUID PYTEST_XDIST_WORKER "
    "PYTEST_XDIST_WORKER_COUNT PYTHONWARNINGS REMOTE URL VARIANT VENV"
).split()
IN_CI = bool(os.environ.get("CI"))
# There, any other skip turns the session red: what is skipped is not tested.
ALLOWED_SKIPS = {
    "the real packages are not beside this checkout": "they are data that the repository does not hold",
    "only Linux counts so": "the memory limit is Linux's, SECURITY.md says so",
    "this machine lets no process have namespaces of its own": "hosts of their own are then shown elsewhere",
    "Triton runs in no other Python than /usr/bin/python3.11": "its only wheel is linked against Debian's",
    "the pipeline's pins are for Python 3.11": "no later Python has wheels of them",
}
REAL_PACKAGES = REPOSITORY.parent / "shared" / "packages"
# Plugins that only development brings: half of a small session's start.
LEAN = "-p no:anyio -p no:hydra_pytest -p no:hypothesispytest -p no:schemathesis"


def pytest_configure(config: pytest.Config) -> None:
    """Let the tests' child processes start the same wherever the tests themselves are started."""
    for name in VARIABLES_OF_OTHERS:
        os.environ.pop(name, None)
    os.environ["LC_ALL"] = "C.UTF-8"  # git speaks the user's language
    # A job in the background ignores Ctrl-C, and each of its children would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.umask(0o022)
    # This file is read by runs of a variant too, in an environment without what tests need.
    if config.pluginmanager.hasplugin("hypothesispytest"):
        from hypothesis import settings

        settings.register_profile("deterministic", derandomize=True, deadline=None)
        settings.load_profile("deterministic")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session of CI in which a test was skipped for a reason that is not listed."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or not IN_CI:
        return
    skipped = terminal.stats.get("skipped", ())
    allowed = tuple(f"Skipped: {reason}" for reason in ALLOWED_SKIPS)  # what a machine refused may be told after it
    unlisted = [report for report in skipped if not report.longrepr[2].startswith((*ALLOWED_SKIPS, *allowed))]
    for report in unlisted:
        terminal.write_line(f"not in ALLOWED_SKIPS of conftest.py: {report.nodeid}: {report.longrepr[2]}", red=True)
    if unlisted and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def _lean_sessions() -> Iterator[None]:
    """Start the sessions that tests start without what only development brings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_ADDOPTS", LEAN)
        yield


STUB_CONFTEST = """
import dataclasses, sys
import pytest
from pytest_f07.variant.equivalence import EquivalenceParams

@pytest.fixture(scope="session")
def f07_server_command(f07_server_command):
    manifest = f07_server_command.arguments[-1]
    return dataclasses.replace(f07_server_command, arguments=[sys.executable, {stub!r}, manifest, {fault!r}])

@pytest.fixture(scope="session")
def f07_prepared(f07_prepared):
    # the stub's scores are no model's
    params = dataclasses.replace(f07_prepared.params, equivalence=EquivalenceParams("off"))
    return dataclasses.replace(f07_prepared, params=params)

@pytest.fixture(scope="session")
def f07_oracle():
    # so that none is started
    return None
"""


@dataclass
class F07Project:
    """A pipeline checkout in a temporary folder, with the demo package and its variant."""

    root: Path
    pytester: pytest.Pytester

    @property
    def variant(self) -> Path:
        return self.root / "executions" / "07_deployrun" / "v701"

    @property
    def package(self) -> Path:
        return self.root / "executions" / "06_packaging" / "v601"

    @property
    def metadata(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.variant / "07_deployrun_metadata.json").read_text())
        return document

    def set_params(self, **values: object) -> None:
        values = {"parent_variant_f06": "v601", "runtime": {"host": "127.0.0.1", "port": 0}, **values}
        lines = [f"{key}: {json.dumps(value)}" for key, value in values.items()]
        (self.variant / "params.yaml").write_text("\n".join(lines) + "\n")

    def stub(self, fault: str = "none") -> None:
        """Let the stub server answer, with one fault."""
        stub = str(REPOSITORY / "tests" / "stub_server.py")
        (self.root / "conftest.py").write_text(STUB_CONFTEST.format(stub=stub, fault=fault))

    def variant7(self, variant: str, parent: str) -> None:
        from pytest_f07.results.metric_table import LIMITS
        from pytest_f07.variant.create import create_variant
        from pytest_f07.variant.paths import Project

        create_variant(Project(self.root), variant, parent, {"port": 0}, LIMITS)

    def run(self, *arguments: str, variant: str = "v701") -> pytest.RunResult:
        line = [f"--basetemp={self.pytester.path / 'runpytest-0'}", f"--f07-variant={variant}", *arguments]
        done = run_module("pytest", line, Path.cwd(), os.environ)
        print(done.stdout, done.stderr, sep="\n")
        return pytest.RunResult(done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), 0.0)

    def assert_refused(self, message: str, *arguments: str) -> None:
        """Assert that a run ends with status 4 and one line, and that no file below executions/ has changed."""
        before = self.tree()
        result = self.run(*arguments)
        assert result.ret == 4
        lines = [line for line in result.errlines if line.startswith("ERROR: ")]
        assert len(lines) == 1, result.errlines
        assert re.search(message, lines[0]), lines[0]
        output = str(result.stderr) + str(result.stdout)
        assert "Traceback" not in output
        assert "INTERNALERROR" not in output
        assert self.tree() == before

    def tree(self) -> dict[str, bytes]:
        """Every file below executions/, with its content."""
        top = self.root / "executions"
        return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}

    def artefacts(self) -> dict[str, bytes]:
        """The files that two runs must make alike."""
        kept = ("logs/", "metrics/", "report/figures/")
        prefix = "07_deployrun/v701/"
        return {k: v for k, v in self.tree().items() if k.removeprefix(prefix).startswith(kept)}


@pytest.fixture
def f07_project(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> F07Project:
    """A checkout that holds the demo package and v701 of it, at any free port, and no configuration file."""
    # pytester gives each test a HOME of its own, where matplotlib would list the fonts anew.
    monkeypatch.setenv("PYTEST_ADDOPTS", LEAN)  # pytester takes it away
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path_factory.getbasetemp() / "matplotlib"))
    project = F07Project(pytester.path, pytester)
    lay_out(project.root)
    project.set_params()
    return project


def lay_out(root: Path) -> None:
    """Copy the demo package and the manifest of its v701."""
    executions = REPOSITORY / "executions"
    shutil.copytree(executions / "06_packaging" / "v601", root / "executions" / "06_packaging" / "v601")
    variant = root / "executions" / "07_deployrun" / "v701"
    variant.mkdir(parents=True)
    shutil.copy(executions / "07_deployrun" / "v701" / "manifest.json", variant)


@pytest.fixture
def f07_stub(f07_project: F07Project) -> F07Project:
    """The same, answered by the stub server."""
    f07_project.stub()
    return f07_project


@pytest.fixture
def f07_finished(f07_stub: F07Project, finished: Checkout) -> F07Project:
    """The same, with all that a finished run leaves."""
    shutil.copytree(finished.variant, f07_stub.variant, dirs_exist_ok=True)
    return f07_stub


# -- files that are called like modules

# Modules that are imported late, at their first use, beside some that are imported at once.
SHADOWED = "queue secrets random socket json decimal numpy pyarrow h5py yaml requests jinja2 keras tensorflow".split()


def shadow_modules(folder: Path) -> None:
    """Put files into ``folder`` that end whoever imports them."""
    for module in SHADOWED:
        (folder / f"{module}.py").write_text(f"raise SystemExit('the {module}.py of the project was imported')\n")


# -- a user's checkout, in real git and DVC repositories

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{f"GIT_{who}_{what}": "somebody@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "DVC_NO_ANALYTICS": "1",
}


@dataclass
class Checkout:
    """A user's pipeline checkout with v701 of the demo package, in which commands run as a user runs them."""

    root: Path

    @property
    def variant(self) -> Path:
        return self.root / "executions" / "07_deployrun" / "v701"

    @property
    def package(self) -> Path:
        return self.root / "executions" / "06_packaging" / "v601"

    def call(self, *command: object, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(part) for part in command],
            cwd=self.root,
            env=_environment(variables),
            capture_output=True,
            text=True,
            check=False,
        )

    def git(self, *arguments: object) -> str:
        done = self.call("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def dvc(self, *arguments: object) -> str:
        done = self.call(sys.executable, "-m", "dvc", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def f07(self, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        if any(name.startswith("PYTHON") for name in variables):
            return self.call(sys.executable, "-m", "pytest_f07", *arguments, **variables)
        return run_module("pytest_f07", list(map(str, arguments)), self.root, _environment(variables))

    def run(self, *arguments: str, variant: str = "v701") -> subprocess.CompletedProcess[str]:
        return run_module("pytest", [f"--f07-variant={variant}", *arguments], self.root, _environment({}))

    def stub(self, fault: str) -> None:
        stub = str(REPOSITORY / "tests" / "stub_server.py")
        (self.root / "conftest.py").write_text(STUB_CONFTEST.format(stub=stub, fault=fault))

    def metadata(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.variant / "07_deployrun_metadata.json").read_text())
        return document

    def change_metadata(self, **values: object) -> None:
        path = self.variant / "07_deployrun_metadata.json"
        path.write_text(json.dumps({**self.metadata(), **values}))

    def tree(self) -> dict[str, bytes]:
        top = self.root / "executions"
        return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}

    def committed(self) -> set[str]:
        """The files of the last commit."""
        names = self.git("show", "--name-only", "--format=", "HEAD").splitlines()
        return {name.removeprefix("executions/07_deployrun/") for name in names}


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    environment = {**os.environ, **ENVIRONMENT, **variables}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    return environment


def make_checkout(root: Path) -> Checkout:
    """A checkout whose v701 is declared; the stub server answers."""
    shutil.copytree(REPOSITORY / "executions" / "06_packaging", root / "executions" / "06_packaging")
    from pytest_f07.results.metric_table import LIMITS
    from pytest_f07.variant.create import create_variant
    from pytest_f07.variant.paths import Project

    project = Project(root)
    project.variants.mkdir()
    project.base_params.write_text("equivalence: 'off'\n")  # what the stub says is not what the models say
    create_variant(project, "v701", "v601", {"port": 0}, LIMITS)
    checkout = Checkout(root)
    checkout.stub("none")
    return checkout


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """v701 run whole, in a git repository of its own."""
    checkout = make_checkout(tmp_path_factory.mktemp("finished") / "plant")
    done = checkout.run()
    assert done.returncode == 0, done.stdout
    (checkout.root / ".gitignore").write_text("__pycache__/\n.pytest_cache/\n")
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.git("add", ".gitignore", "conftest.py", "executions/06_packaging")
    checkout.git("commit", "--quiet", "--message=The package")
    return checkout


@pytest.fixture
def checkout(finished: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the finished checkout."""
    return Checkout(Path(shutil.copytree(finished.root, tmp_path / "plant")))
