"""Begin a session: reserve the variant, start the run's processes, and check it while they import TensorFlow."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from importlib import import_module

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.plugin.host import cache_folder, check_plugins
from pytest_f07.plugin.own_checks import OwnCheckItems
from pytest_f07.plugin.reports import STYLE
from pytest_f07.plugin.selection import Selection
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.plugin.spread import check_cluster
from pytest_f07.run.declaration import load
from pytest_f07.run.reserve import reserve
from pytest_f07.variant import disk

# The fixtures that start the processes, first the one that the run waits for.
PROCESSES = ("f07_server", "f07_oracle")
# What a run and its reports need. Before the first item all of it is imported, for a host's fixtures and tests may
# replace time and modules; pandas is pyarrow's, whose first array imports it.
NEEDED_MODULES = (
    "pytest_f07.run.execute",
    "pytest_f07.results.metadata",
    "pytest_f07.results.page",
    "pytest_f07.results.report",
    "pandas",
)


def begin(config: pytest.Config, selection: Selection) -> ValidationSession:
    """Check what needs no package, lock the variant, and set where pytest-html and junit write.

    :raises pytest.UsageError: for a mistake of the user.
    """
    try:
        check_plugins(config.pluginmanager)
        manifest, params = load(selection.project, selection.variant)
        own_checks, reservation = OwnCheckItems.find(config, selection, params, manifest.prediction_names), None
        staging = disk.make_temporary(f"f07-{selection.variant}-")
        try:
            if not selection.collect_only:
                disk.check_cache(cache_folder(config))
                reservation = reserve(manifest, params, **selection.options)
        except BaseException:
            staging.rmdir()
            raise
    except F07Error as error:
        raise pytest.UsageError(str(error)) from None
    session = ValidationSession(manifest, reservation, selection, staging, own_checks)
    if reservation is not None:
        config.option.htmlpath = str(session.staged.report_html)
        config.option.xmlpath = str(session.staged.junit_xml)
        config.option.self_contained_html = True
        config.option.css = [str(STYLE)]
    return session


class RunStart:
    """The beginning of one session's run.

    Server and oracle open no file of the project until they are told to go. Where the check refuses the variant they
    are ended, and the session ends as pytest's own does for a path that does not exist.
    """

    def __init__(self, session: ValidationSession) -> None:
        self.session = session

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Start the processes and check the variant, unless this session runs no item."""
        failed = session.testsfailed and not session.config.option.continue_on_collection_errors
        if not self.session.selection.collect_only and not failed:
            with self.session.shield.protect():
                _set_up(session, PROCESSES)
                for name in NEEDED_MODULES:
                    import_module(name)
                try:
                    self._check()
                except F07Error as error:
                    raise pytest.UsageError(str(error)) from None
        return (yield)

    def _check(self) -> None:
        from pytest_f07.run.prepare import prepare

        session = self.session
        session.prepared = prepare(session.reserved, session.selection.compare_with)
        check_cluster(session.prepared)
        session.result = session.prepared.no_result(session.manifest.paths)


def _set_up(session: pytest.Session, names: Sequence[str]) -> None:
    """Set up fixtures of the session before its first item, which finds them as they are, or as they failed."""
    modules = [module for item in session.items if (module := item.getparent(pytest.Module))]
    if not modules:
        return
    # A test function that asks for these alone: no fixture that a host has for each of its tests.
    asker: pytest.Function = pytest.Function.from_parent(modules[0], name="f07_start", callobj=lambda: None)
    asker.fixturenames[:] = names
    try:
        session._setupstate.setup(asker)
    except pytest.exit.Exception:
        raise
    except (Exception, pytest.skip.Exception, pytest.fail.Exception):
        pass  # pytest keeps the exception, and raises it again where an item asks for the fixture
    session._setupstate.teardown_exact(session.items[0])
