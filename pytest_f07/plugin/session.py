"""Validate a manifest in a pytest session: the hooks from collection to the final reports."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.plugin.items import ManifestFile, prediction_name
from pytest_f07.plugin.outcome import Outcomes
from pytest_f07.plugin.own_checks import OwnCheckItems
from pytest_f07.plugin.reports import place_reports, silence_plugins
from pytest_f07.plugin.selection import Selection
from pytest_f07.plugin.shield import Shield
from pytest_f07.run.reserve import Reservation
from pytest_f07.variant.documents import to_json, write_atomic
from pytest_f07.variant.interpreter import import_project_last
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.paths import Outputs
from pytest_f07.variant.wording import counted

if TYPE_CHECKING:
    from pytest_f07.equivalence.child import OracleProcess
    from pytest_f07.replay.replay import Progress
    from pytest_f07.replay.server import Server
    from pytest_f07.results.run_result import RunResult
    from pytest_f07.results.verdict import Verdict
    from pytest_f07.run.prepare import Prepared
    from pytest_f07.run.replayer import Replayer

SESSION_NAME = "f07-session"


class ValidationSession:
    """A pytest session that validates a variant.

    :param reservation: the variant's lock and its server's port; None in a session that executes nothing.
    :param staging: a temporary folder, for the two reports until they are complete, and for all that a partial session
        writes.
    :param own_checks: the user's own checks; none where they are left out.
    """

    def __init__(
        self,
        manifest: Manifest,
        reservation: Reservation | None,
        selection: Selection,
        staging: Path,
        own_checks: OwnCheckItems | None = None,
    ) -> None:
        self.manifest, self.reservation, self.selection, self.staging = manifest, reservation, selection, staging
        self.prepared: Prepared | None = None
        self.result: RunResult | None = None
        self.on_progress: Callable[[Progress], None] = lambda progress: None
        self.started = self.all_selected = False
        self.outcomes = Outcomes()
        self.own_checks = own_checks or OwnCheckItems()
        self.shield = Shield(with_requests=reservation is not None and isinstance(reservation.target, UrlTarget))
        self.note: str | None = None
        self._replay_seconds = 0.0

    @classmethod
    def of(cls, config: pytest.Config) -> ValidationSession:
        """Return the session that is registered with pytest."""
        session = config.pluginmanager.get_plugin(SESSION_NAME)
        if not isinstance(session, cls):
            raise pytest.UsageError("the fixtures of pytest-f07 are there with --f07-variant only.")
        return session

    @property
    def reserved(self) -> Reservation:
        """The variant's lock, and the server that is validated."""
        if self.reservation is None:
            raise pytest.UsageError("a session that only collects executes nothing.")
        return self.reservation

    @property
    def checked(self) -> Prepared:
        """The checked variant, ready to run."""
        assert self.prepared is not None, f"{self.reserved.manifest.paths.name} is checked before the first item"
        return self.prepared

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """Verdicts by prediction_name; empty before the run."""
        return self.result.verdicts if self.result else {}

    @property
    def outputs(self) -> Outputs:
        """Paths of the artefacts: in the variant's folder where all models are selected, else temporary."""
        return self.manifest.paths if self.all_selected else self.staged

    def execute(
        self, prepared: Prepared, server: Server, oracle: OracleProcess, replayer: Replayer | None
    ) -> RunResult:
        """Execute the run once, even where a plugin has the session's fixtures set up again."""
        from pytest_f07.run.execute import execute

        if not self.started or self.result is None:
            self.started = True
            self.result = prepared.no_result(self.outputs)
            with self.shield.protect():
                self.result = execute(prepared, server, oracle, self.outputs, self.on_progress, replayer)
            self._replay_seconds = sum(self.result.stage_seconds.values())
        return self.result

    @property
    def staged(self) -> Outputs:
        """Paths in the temporary folder."""
        return Outputs(self.staging)

    # -- collection

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ManifestFile | None:
        """Collect the manifest."""
        if file_path.resolve() == self.manifest.paths.manifest.resolve():
            manifest_file: ManifestFile = ManifestFile.from_parent(parent, path=file_path)
            return manifest_file
        return None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Generate an item for each prediction_name of the manifest."""
        if metafunc.definition.getparent(ManifestFile):
            metafunc.parametrize("prediction_name", self.manifest.prediction_names)

    def pytest_make_parametrize_id(self, val: object, argname: str) -> str | None:
        """Return the name as it is: pytest would escape its accents, and ``-k`` with them would select nothing."""
        return str(val) if argname == "prediction_name" else None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note whether all models and own checks are selected; raise where none is."""
        import_project_last(self.manifest.project.root)  # again, for each conftest.py and own check
        names = {item.nodeid: name for item in session.items if (name := prediction_name(item))}
        self.own_checks.select(session.items, names)
        if session.testsfailed == 0:
            self.own_checks.require_any()
            if not names and not self.own_checks.is_any_selected:
                raise pytest.UsageError(
                    f"no model of {self.manifest.paths.name} is selected; its models are "
                    f"{', '.join(self.manifest.prediction_names)}."
                )
        self.outcomes.expect(names)
        self.all_selected = set(names.values()) == set(self.manifest.prediction_names) and self.own_checks.all_selected
        self.shield.note_environment()

    # -- the run

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """Subtract the replay's time from the item that ran it."""
        call.duration = max(0.0, call.duration - self._replay_seconds)
        self._replay_seconds = 0.0

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        self.outcomes.failed = self.outcomes.failed or report.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note each item's outcome."""
        self.outcomes.add(report)

    # -- the end

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Move report.html and junit.xml to their folder, and write the metadata of a complete run.

        Both reports are written in their own sessionfinish, before this one ends.
        """
        if self.result:
            self.result = replace(self.result, own_checks=self.own_checks.outcomes)
        self.note = self._reason_not_complete(session)
        self._set_exit_status(session)
        try:
            result = yield
        except OSError as error:  # a full disk, where pytest-html or junit writes
            self.note = f"The reports cannot be written: {error.strerror or error}. No metadata was written."
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            return
        finally:
            silence_plugins(session.config)
        self._set_exit_status(session)  # again, for plugins change it
        if self.started and self.all_selected and self.result:
            place_reports(self.staged, self.outputs)
            if self.note is None:
                from pytest_f07.results import metadata

                # Step 8, last of all: its presence means that the run is complete.
                write_atomic(self.outputs.metadata, to_json(metadata.document(self.result)))
        return result

    def _is_stopped(self, session: pytest.Session) -> bool:
        """Return whether the session ended before its items."""
        code = pytest.ExitCode
        return session.exitstatus in (code.INTERRUPTED, code.INTERNAL_ERROR, code.USAGE_ERROR)

    def _set_exit_status(self, session: pytest.Session) -> None:
        """Set the exit status by the models alone, not by what other plugins measure."""
        if not self.selection.collect_only and not self._is_stopped(session):
            failed = self.outcomes.failed or self.outcomes.not_judged(self.verdicts) or self.own_checks.skipped_text
            session.exitstatus = pytest.ExitCode.TESTS_FAILED if failed else pytest.ExitCode.OK

    def _reason_not_complete(self, session: pytest.Session) -> str | None:
        """Return why this session is not a complete run; None where it is, or where nothing was to be run."""
        written = "No metadata was written." if self.started else "No run was begun, and nothing was touched."
        if self.selection.collect_only or (self._is_stopped(session) and not self.started):
            return None
        if self.result and self.result.broken:
            return f"The run broke: {self.result.broken}. {written}"
        if self._is_stopped(session):
            return f"The session was interrupted. {written}"
        if names := self.outcomes.not_judged(self.verdicts):
            return f"{self.outcomes.sentence(names, len(self.outcomes.names))} {written}"
        if text := self.own_checks.skipped_text:
            return f"{text} {written}"
        if not self.all_selected:
            models = counted(len(self.manifest.prediction_names), "model")
            selected = f"{len(self.outcomes.names)} of {models}{self.own_checks.selection_text}"
            return f"Only {selected} selected: nothing was written to the variant's folder."
        return None

    def pytest_unconfigure(self) -> None:
        """Release the variant and remove the temporary folder."""
        if self.reservation is not None:
            self.reservation.release()
        if self.all_selected or not self.started:
            shutil.rmtree(self.staging, ignore_errors=True)
