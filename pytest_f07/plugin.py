"""The plugin's door: one option. Only where it, or a manifest, is given does the rest come in.

Without either, nothing is collected, nothing heavy imported, no report changed.
"""

from __future__ import annotations

import pytest

from pytest_f07.selection import select

# Under an editable install the checks' asserts would not be rewritten.
pytest.register_assert_rewrite("pytest_f07.checks")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--f07-variant``."""
    group = parser.getgroup("f07", "runtime validation of a sealed package of models (pytest-f07)")
    group.addoption(
        "--f07-variant",
        metavar="vMMM",
        help="validate this variant: executions/07_deployrun/vMMM/manifest.json below the current folder, "
        "and nothing else",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the variant before anything is touched, and before pytest-html, junit and xdist read their options."""
    if selection := select(config):
        from pytest_f07 import fixtures
        from pytest_f07.session import ValidationSession

        session = ValidationSession.begin(config, selection)
        config.pluginmanager.register(fixtures, "f07-fixtures")
        config.pluginmanager.register(session, "f07-session")
