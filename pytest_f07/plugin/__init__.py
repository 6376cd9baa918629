"""Register the plugin's options, and its hooks where a session validates a variant.

In any other session nothing is collected, nothing heavy imported, no report changed.
"""

from __future__ import annotations

import pytest

from pytest_f07.plugin.reports import silence_xprocess
from pytest_f07.plugin.selection import select
from pytest_f07.variant.address import PROTOCOLS
from pytest_f07.variant.interpreter import import_project_last


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that begin with ``--f07``."""
    group = parser.getgroup("f07", "runtime validation of a sealed package of models (pytest-f07)")
    group.addoption(
        "--f07-variant",
        metavar="vMMM",
        help="validate this variant: executions/07_deployrun/vMMM/manifest.json below the current folder, "
        "and nothing else",
    )
    group.addoption(
        "--f07-compare",
        metavar="vMMM",
        help="tell in the report what changed since the complete run of this other variant, and whether it is more "
        "than noise; vMMM@REVISION for a published one, path/to/project:vMMM for another project's",
    )
    group.addoption(
        "--f07-server-url",
        metavar="URL",
        help="validate the server that is already there, like http://127.0.0.1:8501, and start none; instead of "
        "runtime.url in params.yaml",
    )
    group.addoption(
        "--f07-protocol",
        metavar="PROTOCOL",
        help=f"what that server speaks: {', '.join(PROTOCOLS)}; instead of runtime.protocol in params.yaml",
    )
    group.addoption(
        "--f07-checks",
        metavar="PATH",
        action="append",
        help="run the tests in this folder or file of yours too, after the models, with the fixtures f07_predictions, "
        "f07_metrics and f07_model; may be given several times; instead of checks in params.yaml",
    )
    group.addoption(
        "--f07-resume",
        action="store_true",
        help="go on where a run of this variant died: take the finished parts that it left, and replay the rest",
    )
    group.addoption(
        "--f07-workers",
        metavar="N",
        help="spread the replay over N workers on this machine, each with a server of its own (pytest-f07[dask])",
    )
    group.addoption(
        "--f07-scheduler",
        metavar="ADDRESS",
        help="spread it over the workers of the Dask cluster whose scheduler is there, like tls://host:8786; instead "
        "of runtime.scheduler in params.yaml. Workers run what they are sent: use a cluster that you trust",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Refuse pytest-xdist's endless loop, which begins before anything is configured."""
    if config.getoption("f07_variant") is not None and config.getoption("looponfail", False):
        raise pytest.UsageError("-f (--looponfail) cannot be used with --f07-variant: a run is one session.")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the variant before anything is written, and before pytest-html, junit and xdist read their options."""
    from pytest_f07.plugin import own_fixtures

    config.pluginmanager.register(own_fixtures, "f07-own-fixtures")
    try:
        _begin(config)
    except pytest.UsageError:  # with -v, xprocess would speak of a server before the one line that says what is wrong
        silence_xprocess(config)
        raise


def _begin(config: pytest.Config) -> None:
    """Register what a session needs, where it validates a variant.

    :raises pytest.UsageError: for a mistake of the user.
    """
    if selection := select(config):
        import_project_last(selection.project.root)
        from pytest_f07.plugin import fixtures
        from pytest_f07.plugin.html import HtmlReport
        from pytest_f07.plugin.loop import ItemLoop
        from pytest_f07.plugin.session import SESSION_NAME
        from pytest_f07.plugin.start import RunStart, begin
        from pytest_f07.plugin.terminal import Terminal

        session = begin(config, selection)
        config.pluginmanager.register(fixtures, "f07-fixtures")
        config.pluginmanager.register(session, SESSION_NAME)
        config.pluginmanager.register(session.own_checks, "f07-own-checks")
        config.args += map(str, session.own_checks.paths)
        config.pluginmanager.register(ItemLoop(session.manifest.prediction_names), "f07-loop")
        config.pluginmanager.register(RunStart(session), "f07-start")
        config.pluginmanager.register(HtmlReport(session), "f07-report")
        config.pluginmanager.register(Terminal(session), "f07-terminal")
