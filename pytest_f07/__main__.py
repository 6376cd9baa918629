"""``python -m pytest_f07``: see :mod:`pytest_f07.commands.cli`."""

import sys

from pytest_f07.commands.cli import main

sys.exit(main())
