"""What pytest is told and asked while one manifest is validated: each hook is a thought, the work is in the rooms."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.pathlib import resolve_from_str

from pytest_f07.errors import F07Error
from pytest_f07.plugin import summary
from pytest_f07.plugin.host import check_plugins
from pytest_f07.plugin.items import ManifestFile, prediction_name
from pytest_f07.plugin.outcome import Outcomes
from pytest_f07.plugin.selection import Selection
from pytest_f07.plugin.shield import Shield
from pytest_f07.results.report import CSS
from pytest_f07.run import Run
from pytest_f07.variant import disk
from pytest_f07.variant.documents import to_json, write_whole
from pytest_f07.variant.interpreter import import_project_last
from pytest_f07.variant.paths import Outputs


class ValidationSession:
    """One pytest session of one variant.

    :param run: checked; its artefacts go into the variant's folder, or a temporary one where fewer than all run.
    """

    def __init__(self, run: Run, selection: Selection, staging: Path) -> None:
        self.run, self.selection, self.staging = run, selection, staging
        self.whole = False
        self.outcomes = Outcomes()
        self.shield = Shield()
        self.note: str | None = None

    @classmethod
    def begin(cls, config: pytest.Config, selection: Selection) -> ValidationSession:
        """Check everything, and tell pytest-html and junit where to write; :class:`pytest.UsageError` for a mistake."""
        try:
            check_plugins(config.pluginmanager)
            run = Run(selection.project, selection.variant, selection.compare_with)
            if not selection.looks:
                disk.check_cache(cache_folder(config))
                run.check()
            session = cls(run, selection, disk.make_temporary(f"f07-{selection.variant}-"))
        except F07Error as error:
            raise pytest.UsageError(str(error)) from None
        if not selection.looks:
            config.option.htmlpath = str(session.staged.report_html)
            config.option.xmlpath = str(session.staged.junit_xml)
            config.option.self_contained_html = True
            config.option.css = [str(CSS)]
        return session

    @property
    def staged(self) -> Outputs:
        """The temporary folder: of the two reports until they are whole, and of all that a partial session makes."""
        return Outputs(self.staging)

    # -- collection

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ManifestFile | None:
        """Collect the manifest."""
        if file_path.resolve() == self.run.paths.manifest.resolve():
            found: ManifestFile = ManifestFile.from_parent(parent, path=file_path)
            return found
        return None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One item for each prediction_name of the manifest."""
        if metafunc.definition.getparent(ManifestFile):
            metafunc.parametrize("prediction_name", self.run.manifest.prediction_names)

    def pytest_make_parametrize_id(self, val: object, argname: str) -> str | None:
        """Return the name as it is: pytest would escape its accents, and ``-k`` with them would select nothing."""
        return str(val) if argname == "prediction_name" else None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """See whether the session is whole; a session that selects nothing is a mistake."""
        import_project_last(self.run.project.root)  # again, for each conftest.py below executions/
        names = {item.nodeid: name for item in session.items if (name := prediction_name(item))}
        if not names and session.testsfailed == 0:
            raise pytest.UsageError(
                f"no model of {self.run.variant} is selected; its models are "
                f"{', '.join(self.run.manifest.prediction_names)}."
            )
        self.outcomes.expect(names)
        self.whole = set(names.values()) == set(self.run.manifest.prediction_names)
        if not self.whole:
            self.run.outputs = self.staged
        self.shield.note_environment()

    # -- the run

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """The time of the replay belongs to no item."""
        call.duration = max(0.0, call.duration - self.run.take_seconds())

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        self.outcomes.failed = self.outcomes.failed or report.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note each item's outcome."""
        self.outcomes.add(report)

    # -- the end

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Once report.html and junit.xml are final (both are written in their own sessionfinish): put them into their
        place, and write the metadata where the run is complete."""
        self.note = self._reason_not_complete(session)
        self._set_exit_status(session)
        try:
            result = yield
        except OSError as error:  # a full disk, where pytest-html or junit writes
            self.note = f"The reports cannot be written: {error.strerror or error}. No metadata was written."
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            return
        self._set_exit_status(session)  # again, for plugins change it
        if self.run.started and self.whole:
            self._place_reports(session.config)
            if self.note is None:
                # Step 8, last of all: it says that the run is complete.
                write_whole(self.run.outputs.metadata, to_json(summary.document(self.run)))
        return result

    def _is_stopped(self, session: pytest.Session) -> bool:
        """Whether the session came to an end before its items did."""
        stopped = (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR)
        return session.exitstatus in stopped

    def _set_exit_status(self, session: pytest.Session) -> None:
        """Let the exit status tell of the models, and of nothing else that plugins measure."""
        if not self.selection.looks and not self._is_stopped(session):
            failed = self.outcomes.failed or self.outcomes.not_judged(self.run.verdicts)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED if failed else pytest.ExitCode.OK

    def _reason_not_complete(self, session: pytest.Session) -> str | None:
        """Why this session is not a complete run; None where it is one, or where nothing was to be run."""
        written = "No metadata was written." if self.run.started else "No run was begun, and nothing was touched."
        if self.selection.looks or (self._is_stopped(session) and not self.run.started):
            return None
        if self.run.broken:
            return f"The run broke: {self.run.broken}. {written}"
        if self._is_stopped(session):
            return f"The session was interrupted. {written}"
        if names := self.outcomes.not_judged(self.run.verdicts):
            return f"{self.outcomes.sentence(names, len(self.outcomes.names))} {written}"
        if not self.whole:
            of = len(self.run.manifest.prediction_names)
            return f"Only some of the {of} models were selected: nothing was written to the variant's folder."
        return None

    def _place_reports(self, config: pytest.Config) -> None:
        """Move the reports into the variant's folder, and let pytest's closing lines name them there."""
        from _pytest.junitxml import xml_key
        from pytest_html.basereport import BaseReport

        out = self.run.outputs
        for staged, final in ((self.staged.report_html, out.report_html), (self.staged.junit_xml, out.junit_xml)):
            if staged.is_file():
                shutil.move(staged, final)
        if log_xml := config.stash.get(xml_key, None):
            log_xml.logfile = str(out.junit_xml)
        for plugin in config.pluginmanager.get_plugins():
            if isinstance(plugin, BaseReport):
                plugin._report_path = out.report_html

    def pytest_unconfigure(self) -> None:
        """Give back what the session held."""
        self.run.release()
        if self.whole or not self.run.started:
            shutil.rmtree(self.staging, ignore_errors=True)


def cache_folder(config: pytest.Config) -> Path:
    """Return the folder of pytest's cache, which pytest itself looks for later than a run is checked."""
    return resolve_from_str(config.getini("cache_dir"), config.rootpath)
