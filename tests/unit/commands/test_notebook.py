"""nb7-run without a kernel: what it refuses, what it keeps, and which interpreter it starts; test_notebook of the
integration executes it.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pytest_f07
from conftest import REPOSITORY
from pytest_f07.commands import notebook
from pytest_f07.errors import F07Error
from pytest_f07.variant.lock import variant_lock
from pytest_f07.variant.paths import Project
from tests.unit.small_package import make_project, tree

NOTEBOOK = REPOSITORY / "pytest_f07" / "commands" / "07_deployrun.ipynb"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with v701, where Jupyter is installed."""
    for module in notebook.NEEDED_MODULES:
        pytest.importorskip(module, reason="Jupyter is not installed in this environment (extra notebook)")
    # both are set by the command for its kernel
    monkeypatch.setenv("ACTIVE_VARIANT", "")
    monkeypatch.setenv("COMPARE", "")
    return make_project(tmp_path)


def execute(monkeypatch: pytest.MonkeyPatch, work: Callable[[dict[str, Any]], object]) -> None:
    """Let ``work`` stand for the kernel: it changes the notebook's cells, or raises what nbclient raises.

    It makes no run, so none is asked what came of it.
    """
    from nbconvert.preprocessors import ExecutePreprocessor

    def preprocess(self: object, document: dict[str, Any], resources: dict[str, Any], km: object) -> None:
        work(document)

    monkeypatch.setattr(ExecutePreprocessor, "preprocess", preprocess)
    monkeypatch.setattr(notebook, "_describe_failed", lambda project, variant: None)


def write_output(document: dict[str, Any]) -> None:
    document["cells"][-1]["source"] = "# executed"


def test_the_committed_notebook_has_no_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_the_notebook_uses_what_is_public_and_papermill_finds_its_parameters() -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    imports = [
        (node.module, alias.name)
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert {name for module, name in imports if module == "pytest_f07"} <= set(pytest_f07.__all__)
    assert [module for module, _ in imports if str(module).startswith("pytest_f07.")] == []
    assert "import pytest_f07" not in "".join(sources)
    [parameters] = [source for source, cell in zip(sources, cells, strict=True) if "tags" in cell["metadata"]]
    assert sources.index(parameters) == 0, "papermill writes its own values after it"
    assert [node.targets[0].id for node in ast.parse(parameters).body if isinstance(node, ast.Assign)] == [  # type: ignore[attr-defined]
        "variant",
        "compare",
    ]


def test_the_executed_copy_is_kept_beside_the_run_and_the_notebook_stays_as_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(monkeypatch, write_output)
    committed, before = NOTEBOOK.read_bytes(), tree(project.root)
    assert notebook.run(project, "v701") == 0
    copy = "executions/07_deployrun/v701/07_deployrun.ipynb"
    assert capsys.readouterr() == (f"{copy} written\n", "")
    assert set(tree(project.root)) - set(before) == {copy}
    executed, document = json.loads((project.root / copy).read_text()), json.loads(committed)
    assert executed["cells"][-1]["source"] in ("# executed", ["# executed"])
    assert len(executed["cells"]) == len(document["cells"])
    assert NOTEBOOK.read_bytes() == committed


def _raise_cell_error(name: str, value: str) -> Callable[[dict[str, Any]], object]:
    def work(document: dict[str, Any]) -> None:
        from nbclient.exceptions import CellExecutionError

        write_output(document)
        raise CellExecutionError("a long traceback", name, value)

    return work


def _kill_the_kernel(document: dict[str, Any]) -> None:
    from nbclient.exceptions import DeadKernelError

    write_output(document)
    raise DeadKernelError("Kernel\n  died")


FAILURES = {
    "a run that broke": (
        _raise_cell_error("F07Error", "v701: the run is not complete"),
        "v701: the run is not complete",
    ),
    "an error without text": (_raise_cell_error("KeyboardInterrupt", ""), "KeyboardInterrupt"),
    "a dead kernel": (_kill_the_kernel, "Kernel died"),
}


@pytest.mark.parametrize(("work", "reason"), FAILURES.values(), ids=FAILURES)
def test_a_notebook_that_stops_leaves_the_copy_so_far_the_reason_and_a_status(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    work: Callable[[dict[str, Any]], object],
    reason: str,
) -> None:
    execute(monkeypatch, work)
    assert notebook.run(project, "v701") == 1
    assert capsys.readouterr().err == f"ERROR: {reason}\n"
    assert "# executed" in project.variant("v701").notebook.read_text()


# -- mistakes are told before anything is touched


def _write(place: str, text: str) -> Callable[[Project], object]:
    return lambda project: (project.root / place).write_text(text)


MISTAKES = {
    "the package": (
        _write("executions/06_packaging/v601/notes.txt", ""),
        "v701",
        "package v601 no longer matches the seal of v701: notes.txt was added. ",
    ),
    "the parameters": (
        _write("executions/07_deployrun/v701/params.yaml", "parent_variant_f06: v602\n"),
        "v701",
        "executions/07_deployrun/v701/params.yaml: parent_variant_f06 is v602, and the manifest was made of v601; ",
    ),
    "no variant": (lambda project: None, "", "VARIANT (or ACTIVE_VARIANT) is ''; it must be 'v' and "),
    "a variant that is none": (lambda project: None, "v799", "there is no variant v799: "),
}


@pytest.mark.parametrize(("spoil", "variant", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_the_words_of_the_run_before_anything_is_touched(
    project: Project, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Project], object], variant: str, message: str
) -> None:
    execute(monkeypatch, write_output)
    spoil(project)
    before = tree(project.root)
    with pytest.raises(F07Error) as caught:
        notebook.run(project, variant)
    assert str(caught.value).startswith(message)
    assert tree(project.root) == before


def test_the_kernel_finds_lock_and_port_free(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check before the run holds both; the run in the kernel needs them."""

    def lock(document: dict[str, Any]) -> None:
        with variant_lock(project.variant("v701")):
            write_output(document)

    execute(monkeypatch, lock)
    assert notebook.run(project, "v701") == 0


def test_the_kernel_is_told_which_run_to_compare_with(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(project.variant("v701").folder, project.variant("v700").folder)
    told = {}

    def look(document: dict[str, Any]) -> None:
        told.update({name: os.environ[name] for name in ("ACTIVE_VARIANT", "COMPARE")})

    execute(monkeypatch, look)
    with pytest.raises(F07Error, match=r"^--f07-compare=v700: .*, so v700 has no complete run to compare with\. "):
        notebook.run(project, "v701", "v700")
    assert told == {}
    monkeypatch.setenv("COMPARE", "v600")
    assert notebook.run(project, "v701") == 0
    assert told == {"ACTIVE_VARIANT": "v701", "COMPARE": ""}, "what a shell exports is not asked for"
    monkeypatch.setattr("pytest_f07.run.prepare.prepare", lambda reservation, compare_with: reservation)
    assert notebook.run(project, "v701", "v700") == 0
    assert told == {"ACTIVE_VARIANT": "v701", "COMPARE": "v700"}


@pytest.mark.parametrize("module", notebook.NEEDED_MODULES)
def test_without_jupyter_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setattr(notebook, "find_spec", lambda name: None if name == module else object())
    with pytest.raises(F07Error) as caught:
        notebook.run(make_project(tmp_path), "v701")
    assert str(caught.value) == (
        f"{module} is not installed in this environment. Install it: pip install 'pytest-f07[notebook]'"
    )


def test_the_kernel_is_of_this_interpreter_and_imports_nothing_of_the_project(project: Project) -> None:
    spec = notebook._kernel_manager().kernel_spec_manager.get_kernel_spec("python3")
    assert spec.argv[:4] == [sys.executable, "-P", "-m", "ipykernel_launcher"]
    assert "--InteractiveShellApp.ignore_cwd=True" in spec.argv
    assert spec.argv[-2:] == ["-f", "{connection_file}"]
    assert spec.env == {"PYTHONWARNINGS": "default"}
