"""What make calls: ``python -m pytest_f07 variant7 …`` (specification §4)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_f07.errors import F07Error
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.paths import Project


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0, or 2 after one line that says what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        project = Project(Path.cwd())
        paths = create_variant(
            project,
            options.variant,
            options.parent,
            {"batch_size": _number(options.batch_size), "host": options.host, "port": _number(options.port)},
        )
    except F07Error as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        # A full disk names no file.
        where = f"{error.filename}: " if error.filename else ""
        print(f"ERROR: {where}{error.strerror or error}.", file=sys.stderr)
        return 2
    print(
        f"{project.show(paths.folder)}: params.yaml and manifest.json written. Run it: make script7-run "
        f"VARIANT={paths.name}"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pytest_f07", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    variant7 = commands.add_parser("variant7", help="declare a variant: params.yaml, manifest.json, registry entry")
    variant7.add_argument("--variant", required=True, help="its name, like v701")
    variant7.add_argument("--parent", required=True, help="the F06 package, like v601")
    for key in ("batch-size", "host", "port"):
        variant7.add_argument(f"--{key}", help="instead of what base_params.yaml says")
    return parser


def _number(text: str | None) -> int | str | None:
    """A number where the text is one; else the text itself, for the message that refuses it."""
    try:
        return None if text is None else int(text)
    except ValueError:
        return text
