"""Parse the commands that make calls, ``python -m pytest_f07 variant7 …``, and run them (specification §4)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from pytest_f07.commands import notebook, serve
from pytest_f07.commands.check import check_package, check_run
from pytest_f07.commands.explain import explain
from pytest_f07.commands.history import print_history
from pytest_f07.commands.listing import list_variants
from pytest_f07.commands.publish import publish
from pytest_f07.commands.remove import remove
from pytest_f07.commands.rerun import check_rerun
from pytest_f07.errors import F07Error
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.paths import Project


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    :returns: 0; 1 where a check fails; 2 after one line for a user's mistake.
    """
    options = _parser().parse_args(arguments)
    try:
        project = Project(Path.cwd())
        if options.command is not _makefile:
            project.check()
        status: int = options.command(project, options)
        return status
    except F07Error as error:
        print(f"ERROR: {error}", file=sys.stderr)
    except OSError as error:
        # A full disk names no file.
        where = f"{error.filename}: " if error.filename else ""
        print(f"ERROR: {where}{error.strerror or error}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("ERROR: interrupted; the command can be given again.", file=sys.stderr)
    return 2


def _variant7(project: Project, options: argparse.Namespace) -> int:
    """Declare a variant of a package: params.yaml, manifest.json, registry entry."""
    if options.url is not None and (options.host is not None or options.port is not None):
        raise F07Error("URL names a server that is already there, HOST and PORT where a run starts its own; give one.")
    overrides = {
        "batch_size": _parse_number(options.batch_size),
        "host": options.host,
        "port": _parse_number(options.port),
        "url": options.url,
        "protocol": options.protocol,
    }
    declaration = create_variant(project, options.variant, options.parent, overrides, LIMITS)
    paths = declaration.paths
    for warning in declaration.warnings:
        print(f"warning: {warning}")
    written = "manifest.json written, params.yaml kept as it is"
    if not declaration.completed:
        written = "params.yaml and manifest.json written"
    print(f"{project.show(paths.folder)}: {written}. Run it: make script7-run VARIANT={paths.name}")
    return 0


def _nb7_run(project: Project, options: argparse.Namespace) -> int:
    """Run a variant from the notebook, and keep the executed copy beside the metadata."""
    return notebook.run(project, options.variant or os.environ.get("ACTIVE_VARIANT", ""), options.compare)


def _check7(project: Project, options: argparse.Namespace) -> int:
    """Is a variant's run complete, unaltered, sealed and balanced? Or: is a package fit to be validated?"""
    if options.parent:
        if options.rerun:
            raise F07Error("RERUN=1 repeats the run of a variant; a package has none: make check7 VARIANT=v701 RERUN=1")
        for line in check_package(project, options.parent):
            print(line)
        return 0
    findings = check_run(project, options.variant)
    for finding in findings:
        print(finding.line(), flush=True)
    # Another run does not mend a package that is not as sealed; that line says what does.
    wrong = [finding.wrong for finding in findings if finding.name != "sealed" and finding.wrong]
    if wrong and not any("make " in text for text in wrong):
        print(f"run it again: make script7-run VARIANT={options.variant}")
    if options.rerun and all(finding.is_good for finding in findings):
        findings.append(check_rerun(project, options.variant))
        print(findings[-1].line())
    return int(not all(finding.is_good for finding in findings))


def _list7(project: Project, options: argparse.Namespace) -> int:
    """List the variants: parent, state, when, result."""
    for line in list_variants(project):
        print(line)
    return 0


def _history7(project: Project, options: argparse.Namespace) -> int:
    """Tell each model's metrics from run to run, with what changed between them."""
    for line in print_history(project, options.variant):
        print(line)
    return 0


def _explain7(project: Project, options: argparse.Namespace) -> int:
    """Say what each layer of a model makes of a window, where the ways to compute it differ, and which codes count."""
    row = _parse_number(options.row)
    for line in explain(project, options.variant, options.model, options.dataset, row, options.window):
        print(line, flush=True)
    return 0


def _publish7(project: Project, options: argparse.Namespace) -> int:
    """Let DVC keep logs/, metrics/ and report/; commit and push this variant's small files."""
    for line in publish(project, options.variant, options.allow_failed, options.remote):
        print(line, flush=True)
    return 0


def _remove7(project: Project, options: argparse.Namespace) -> int:
    """Remove a variant of which no later one was made."""
    for line in remove(project, options.variant):
        print(line, flush=True)
    return 0


def _serve7(project: Project, options: argparse.Namespace) -> int:
    """Start the server alone, with a line to try it."""
    serve.serve(project, options.variant)
    return 0


def _makefile(project: Project, options: argparse.Namespace) -> int:
    """Print the make targets, to be included at the end of your Makefile."""
    print(resources.files("pytest_f07.commands").joinpath("f07.mk").read_text(encoding="utf-8"), end="")
    return 0


_COMMANDS = {
    "variant7": _variant7,
    "nb7-run": _nb7_run,
    "check7": _check7,
    "list7": _list7,
    "history7": _history7,
    "explain7": _explain7,
    "publish7": _publish7,
    "remove7": _remove7,
    "serve7": _serve7,
    "makefile": _makefile,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pytest_f07", description="The commands of phase 07.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parsers = {}
    for name, command in _COMMANDS.items():
        parsers[name] = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        parsers[name].set_defaults(command=command)
    for name in ("variant7", "explain7", "publish7", "remove7", "serve7"):
        parsers[name].add_argument("--variant", required=True, help="its name, like v701")
    parsers["explain7"].add_argument("--model", required=True, help="its prediction_name")
    parsers["explain7"].add_argument("--dataset", help="the F04 variant of the row; else the model's own")
    parsers["explain7"].add_argument("--row", help="the row of the dataset, from 0")
    parsers["explain7"].add_argument("--window", help="the codes themselves, like '[1, 5, 2]'")
    parsers["history7"].add_argument("--variant", help="only the models of this variant, like v701")
    parsers["variant7"].add_argument("--parent", required=True, help="the F06 package, like v601")
    for key in ("batch-size", "host", "port", "url", "protocol"):
        parsers["variant7"].add_argument(f"--{key}", help="instead of what base_params.yaml says")
    parsers["nb7-run"].add_argument("--variant", help="its name, like v701; else ACTIVE_VARIANT in the environment")
    parsers["nb7-run"].add_argument("--compare", help="an earlier run that it is compared with, like v700")
    parsers["publish7"].add_argument("--allow-failed", action="store_true", help="publish it although a model failed")
    parsers["publish7"].add_argument("--remote", help="the git remote to push to, instead of the branch's own")
    parsers["check7"].add_argument("--rerun", action="store_true", help="run it again elsewhere, and compare the files")
    subject = parsers["check7"].add_mutually_exclusive_group(required=True)
    subject.add_argument("--variant", help="a variant that has run, like v701")
    subject.add_argument("--parent", help="an F06 package, like v601, without making a variant of it")
    return parser


def _parse_number(text: str | None) -> int | str | None:
    """Return the number that ``text`` holds; else the text, for the message that refuses it."""
    try:
        return None if text is None else int(text)
    except ValueError:
        return text
