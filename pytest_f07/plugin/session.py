"""What pytest is told and asked while one manifest is validated: each hook is a thought, the work is in the rooms."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.plugin import item, summary
from pytest_f07.plugin.selection import Selection
from pytest_f07.results.report import CSS
from pytest_f07.run import Run
from pytest_f07.variant.documents import to_json, write_atomic
from pytest_f07.variant.paths import Outputs

# Plugins that a run cannot do without, and what for.
NEEDED = {"html": "pytest-html writes report.html", "xprocess": "pytest-xprocess starts the server",
          "cacheprovider": "pytest-xprocess keeps its files in pytest's cache", "junitxml": "it writes junit.xml",
          "terminalreporter": "the outcome is told there"}  # fmt: skip


class ManifestFile(pytest.Module):
    """Collect a manifest as a test file; its test is in :mod:`pytest_f07.plugin.item`, whatever the host's names."""

    def _getobj(self) -> Any:
        return item

    def funcnamefilter(self, name: str) -> bool:
        """Whether ``name`` is a test."""
        return name == item.test_runtime_validation.__name__

    def classnamefilter(self, name: str) -> bool:
        """Whether ``name`` is a test class: none is."""
        return False


class ValidationSession:
    """One pytest session of one variant.

    :param run: checked; its artefacts go into the variant's folder, or a temporary one where fewer than all run.
    """

    def __init__(self, run: Run, selection: Selection, staging: Path) -> None:
        self.run, self.selection, self.staging = run, selection, staging
        self.began = self.whole = False
        self.outcomes: dict[str, str] = {}
        self.note: str | None = None

    @classmethod
    def begin(cls, config: pytest.Config, selection: Selection) -> ValidationSession:
        """Check everything, and tell pytest-html and junit where to write; :class:`pytest.UsageError` for a mistake."""
        try:
            for plugin, reason in NEEDED.items():
                if config.pluginmanager.is_blocked(plugin):
                    raise F07Error(f"-p no:{plugin} cannot be used with --f07-variant: {reason}.")
            run = Run(selection.project, selection.variant, selection.compare_with)
            if not selection.looks:
                run.check()
        except F07Error as error:
            raise pytest.UsageError(str(error)) from None
        staging = Path(tempfile.mkdtemp(prefix=f"f07-{selection.variant}-"))
        session = cls(run, selection, staging)
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

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """See whether the session is whole; a session that selects nothing is a mistake."""
        names = [name for item in session.items if (name := prediction_name(item))]
        if not names:
            if session.testsfailed == 0:
                raise pytest.UsageError(
                    f"no model of {self.run.variant} is selected; its models are "
                    f"{', '.join(self.run.manifest.prediction_names)}."
                )
            return
        setup_only = session.config.getoption("setuponly", False)
        self.whole = set(names) == set(self.run.manifest.prediction_names) and not setup_only
        if not self.whole:
            self.run.outputs = self.staged

    # -- the run

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Clean: from here on the variant's old results are gone."""
        if not self.selection.looks and not session.testsfailed:
            try:
                self.run.clean()
            except OSError as error:
                raise pytest.UsageError(f"{error.filename}: cannot be cleaned: {error.strerror}.") from None
            self.began = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """The time of the replay belongs to no item."""
        if call.when == "setup":
            call.duration = max(0.0, call.duration - self.run.take_seconds())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note each item's outcome."""
        name = dict(report.user_properties).get("prediction_name")
        if name and (report.when == "call" or report.failed):
            self.outcomes[str(name)] = report.outcome

    # -- the end

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Once report.html and junit.xml are final (both are written in their own sessionfinish): put them into their
        place, and write the metadata where the run is complete."""
        self.note = self._what_is_missing(int(session.exitstatus)) if self.began else None
        try:
            result = yield
        except OSError as error:  # a full disk, where pytest-html or junit writes
            self.note = f"The reports cannot be written: {error.strerror or error}. No metadata was written."
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            return
        if self.began and self.whole:
            self._place_reports(session.config)
            if self.note is None:
                # Step 8, last of all: it says that the run is complete.
                write_atomic(self.run.outputs.metadata, to_json(summary.document(self.run)))
        return result

    def _what_is_missing(self, exit_status: int) -> str | None:
        """Why this session is not a complete run."""
        names = self.run.manifest.prediction_names
        if self.run.broken:
            return f"The run broke: {self.run.broken}. No metadata was written."
        if exit_status not in (0, 1):
            return "The session was interrupted. No metadata was written."
        if not self.whole:
            return f"Only some of the {len(names)} models were selected: nothing was written to the variant's folder."
        if missing := [name for name in names if name not in self.outcomes or name not in self.run.verdicts]:
            return f"{len(missing)} of {len(names)} models were not judged. No metadata was written."
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
        if self.whole or not self.began:
            shutil.rmtree(self.staging, ignore_errors=True)


def prediction_name(item: pytest.Item) -> str | None:
    """The model that an item validates; None for an item of somebody else's."""
    if item.getparent(ManifestFile) and isinstance(item, pytest.Function):
        return str(item.callspec.params["prediction_name"])
    return None
