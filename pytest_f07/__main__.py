"""``python -m pytest_f07``: see :mod:`pytest_f07.commands.cli`."""

import sys

if not sys.flags.safe_path:
    # The current folder, which -m imports from first: a queue.py of the user's would stand for Python's own.
    del sys.path[0]

from pytest_f07.errors import F07Error
from pytest_f07.variant.interpreter import check_system, write_anything


def run() -> int:
    """Return the command's status, or 2 on a system where not even its modules can be imported."""
    write_anything()
    try:
        check_system()
    except F07Error as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 2
    from pytest_f07.commands.cli import main

    return main()


sys.exit(run())
