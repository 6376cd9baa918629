"""``python -m pytest_f07``: see :mod:`pytest_f07.cli`."""

import sys

from pytest_f07.cli import main

sys.exit(main())
