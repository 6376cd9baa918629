"""Run a variant from a notebook (``nb7-run``, specification §4.3); an extra: ``pytest-f07[notebook]``."""

from __future__ import annotations

import os
import sys
from importlib import resources
from importlib.util import find_spec
from typing import Any

from pytest_f07.errors import F07Error, one_line
from pytest_f07.results.reading.run import read_run
from pytest_f07.variant.documents import write_atomic
from pytest_f07.variant.interpreter import python_command
from pytest_f07.variant.paths import Project, check_variant

NEEDED_MODULES = ("nbconvert", "ipykernel")


def run(project: Project, variant: str, compare_with: str | None = None) -> int:
    """Execute the notebook for ``variant`` and keep the executed copy in its folder; the notebook is not changed.

    :param compare_with: an earlier run that this one is compared with, like v700.
    :returns: 0 where all models passed; 1 where one failed or the run broke, and the copy shows it.
    :raises F07Error: for a mistake before the run, in the words of ``--f07-variant``; nothing is written.
    """
    if missing := [name for name in NEEDED_MODULES if find_spec(name) is None]:
        raise F07Error(
            f"{', '.join(missing)} is not installed in this environment. Install it: pip install 'pytest-f07[notebook]'"
        )
    # Imported here: the other commands do not need what a run imports.
    from pytest_f07.run.declaration import load
    from pytest_f07.run.prepare import prepare
    from pytest_f07.run.reserve import reserve

    declared = load(project, check_variant(variant, "VARIANT (or ACTIVE_VARIANT)"))
    prepare(reserve(*declared), compare_with).release()
    path = project.variant(variant).notebook
    import nbformat

    source = resources.files("pytest_f07.commands").joinpath("07_deployrun.ipynb").read_text(encoding="utf-8")
    document = nbformat.reads(source, as_version=4)  # type: ignore[no-untyped-call]  # Jupyter has few types
    os.environ |= {"ACTIVE_VARIANT": variant, "COMPARE": compare_with or ""}
    failure = _execute(project, document)
    executed: str = nbformat.writes(document)  # type: ignore[no-untyped-call]  # Jupyter has few types
    write_atomic(path, executed.encode())
    print(f"{project.show(path)} written")
    if failure := failure or _describe_failed(project, variant):
        print(f"ERROR: {failure}", file=sys.stderr)
    return int(failure is not None)


def _describe_failed(project: Project, variant: str) -> str | None:
    """Return that the run failed, and which of its models; None where it passed."""
    run = read_run(variant, project.root)
    failed = ", ".join(run.failures.prediction_name.fillna(run.failures.code).unique()) or "the run"
    return None if run.outcome == "passed" else f"{variant}: {failed} failed; the sentences above say why"


def _execute(project: Project, document: Any) -> str | None:
    """Execute ``document`` in place, in a kernel in the project's root; show what its cells print meanwhile.

    :returns: the reason why it stopped, or None.
    """
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from nbconvert.preprocessors import ExecutePreprocessor

    class Executor(ExecutePreprocessor):
        def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
            if msg["msg_type"] == "stream":
                print(msg["content"]["text"], end="", flush=True)
            return super().output(outs, msg, display_id, cell_index)

    executor = Executor(timeout=None)  # type: ignore[no-untyped-call]  # Jupyter has few types
    try:
        executor.preprocess(document, {"metadata": {"path": str(project.root)}}, km=_kernel_manager())
    except CellExecutionError as error:
        return error.evalue or error.ename
    except DeadKernelError as error:
        return one_line(str(error))
    return None


def _kernel_manager() -> Any:
    """Return a manager of kernels of this interpreter, whatever is registered under the name python3."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    # IPython before 9.7 adds the current folder whatever the interpreter was told.
    options = ["--InteractiveShellApp.ignore_cwd=True"]
    # ipykernel 7 warns that its connection is not encrypted; it is signed, and does not leave this machine.
    options.append("--log-level=ERROR")
    command = python_command("ipykernel_launcher", *options, "-f", "{connection_file}")
    environment = {"PYTHONWARNINGS": "default"}  # a shell may have made warnings errors

    class OwnInterpreter(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> Any:
            return KernelSpec(argv=command, display_name="Python 3", language="python", env=environment)

    return AsyncKernelManager(kernel_spec_manager=OwnInterpreter())
