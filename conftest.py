"""What this repository's own tests share: projects in temporary folders, real sessions, a server without TensorFlow."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

REPOSITORY = Path(__file__).parent
REAL_PACKAGES = REPOSITORY.parent / "shared" / "packages"

STUB_CONFTEST = """
import dataclasses, sys
import pytest

@pytest.fixture(scope="session")
def f07_server_command(f07_server_command):
    manifest = f07_server_command.arguments[-1]
    return dataclasses.replace(f07_server_command, arguments=[sys.executable, {stub!r}, manifest, {fault!r}])

@pytest.fixture(scope="session")
def f07_run(f07_run):
    # the stub's scores are no model's
    f07_run.params = dataclasses.replace(f07_run.params, equivalence="off")
    return f07_run
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
    def metadata(self) -> dict:
        return json.loads((self.variant / "07_deployrun_metadata.json").read_text())

    def set_params(self, **values: object) -> None:
        lines = ["parent_variant_f06: v601", "runtime: {host: 127.0.0.1, port: 0}"]
        lines += [f"{key}: {json.dumps(value)}" for key, value in values.items()]
        (self.variant / "params.yaml").write_text("\n".join(lines) + "\n")

    def stub(self, fault: str = "none") -> None:
        """Let the stub server answer, with one fault."""
        stub = str(REPOSITORY / "tests" / "stub_server.py")
        (self.root / "conftest.py").write_text(STUB_CONFTEST.format(stub=stub, fault=fault))

    def variant7(self, variant: str, parent: str) -> None:
        from pytest_f07.variant.create import create_variant
        from pytest_f07.variant.paths import Project

        create_variant(Project(self.root), variant, parent, {"port": 0})

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess("--f07-variant=v701", *arguments)

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
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path_factory.getbasetemp() / "matplotlib"))
    project = F07Project(pytester.path, pytester)
    shutil.copytree(REPOSITORY / "executions" / "06_packaging" / "v601", project.package)
    project.variant.mkdir(parents=True)
    shutil.copy(REPOSITORY / "executions" / "07_deployrun" / "v701" / "manifest.json", project.variant)
    project.set_params()
    return project


@pytest.fixture
def f07_stub(f07_project: F07Project) -> F07Project:
    """The same, answered by the stub server."""
    f07_project.stub()
    return f07_project
