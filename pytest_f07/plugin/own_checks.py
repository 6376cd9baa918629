"""Collect the user's own checks beside the manifest, and note how each of them ends."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest

from pytest_f07.plugin.reasons import failure_reason, skip_reason
from pytest_f07.plugin.selection import Selection
from pytest_f07.results.own_checks import PROPERTY, OwnCheck, OwnChecks
from pytest_f07.variant.check_paths import digest_checks, find_check_paths
from pytest_f07.variant.params import Params
from pytest_f07.variant.wording import agreeing

_RANKS = ("passed", "skipped", "failed")


class OwnCheckItems:
    """The own checks of one session.

    :param paths: the files and folders that they are collected from.
    :param files: the sha256 of each file there, by its path in the project.
    :param names: the models that a check which asks for ``prediction_name`` is run for.
    """

    def __init__(
        self, paths: tuple[Path, ...] = (), files: Mapping[str, str] = MappingProxyType({}), names: Sequence[str] = ()
    ) -> None:
        self.paths, self._files, self._names = paths, files, names
        self._collected: list[str] = []
        self._selected: list[str] = []
        self._checks: dict[str, OwnCheck] = {}
        self._models: Collection[str] = ()
        self._may_lack_files = False

    @classmethod
    def find(
        cls, config: pytest.Config, selection: Selection, params: Params, prediction_names: Sequence[str]
    ) -> OwnCheckItems:
        """Return the checks that the command line names, else those of params.yaml.

        :raises F07Error: for a path that is not the project's own.
        """
        project, names = selection.project, selection.checks or params.checks
        base, where = config.invocation_params.dir, "--f07-checks"
        if not selection.checks:
            base, where = project.root, f"{project.show(project.variant(selection.variant).params)}: checks"
        paths = find_check_paths(project, names, base, where)
        return cls(paths, digest_checks(project, paths), prediction_names)

    @property
    def all_selected(self) -> bool:
        """Return whether every check that was collected is selected."""
        return not self._may_lack_files and set(self._selected) == set(self._collected)

    @property
    def is_any_selected(self) -> bool:
        """Return whether a check is selected."""
        return bool(self._selected)

    @property
    def outcomes(self) -> OwnChecks:
        """Return how the checks ended that were run, in their order."""
        return OwnChecks(tuple(self._checks.values()), self._files)

    @property
    def selection_text(self) -> str:
        """Return how many of them are selected, as the end of a clause; empty where all are."""
        return "" if self.all_selected else f" and {len(self._selected)} of {len(self._collected)} own checks"

    @property
    def skipped_text(self) -> str:
        """Return the sentence on those that were skipped, with the first reason; empty where none was."""
        if not (skipped := self.outcomes.skipped):
            return ""
        verb = agreeing(len(skipped), "was", "were")
        return f"{len(skipped)} of {len(self._selected)} own checks {verb} not judged ({skipped[0].reason})."

    def owns(self, item: pytest.Item) -> bool:
        """Return whether an item is one of the checks."""
        return any(item.path.is_relative_to(path) for path in self.paths)

    def select(self, items: Sequence[pytest.Item], models: Collection[str]) -> None:
        """Note which items are selected, and mark those of the checks for junit.xml.

        :param models: the node ids of the models' items.
        """
        self._models = models
        own = [item for item in items if self.owns(item)]
        self._selected = [item.nodeid for item in own]
        for item in own:
            item.user_properties.append((PROPERTY, item.nodeid))

    def require_any(self) -> None:
        """Raise :class:`pytest.UsageError` where there are paths of checks and no check was collected."""
        if self.paths and not self._collected and not self._may_lack_files:
            raise pytest.UsageError(
                f"no test was collected from the own checks in {', '.join(map(str, self.paths))}. Name files test_*.py "
                "and functions test_*, or as your pytest configuration says."
            )

    # -- hooks

    @pytest.hookimpl(tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a check that asks for ``prediction_name`` for each model."""
        if self.owns(metafunc.definition) and "prediction_name" in metafunc.fixturenames:
            marks = metafunc.definition.iter_markers("parametrize")
            if not any("prediction_name" in str(mark.args[:1]) for mark in marks):
                metafunc.parametrize("prediction_name", self._names)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, None, None]:
        """Note the checks before anybody deselects some; ``--lf`` leaves out files before that."""
        self._may_lack_files = bool(self.paths and getattr(config.option, "lf", False))
        self._collected = [item.nodeid for item in items if self.owns(item)]
        yield

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that cannot be collected, where the session goes on all the same."""
        if report.failed:
            self._add(OwnCheck(report.nodeid, "failed", failure_reason(report)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the outcome of a check; and of an item of somebody else's, where it failed."""
        if report.nodeid in self._models:
            return
        if report.failed:
            self._add(OwnCheck(report.nodeid, "failed", failure_reason(report)))
        elif report.nodeid in self._selected:
            if report.skipped or hasattr(report, "wasxfail"):
                self._add(OwnCheck(report.nodeid, "skipped", skip_reason(report)))
            elif report.when == "call":
                self._add(OwnCheck(report.nodeid, "passed"))

    def _add(self, check: OwnCheck) -> None:
        """Keep the worst outcome of a check's phases, and the first reason of it."""
        before = self._checks.get(check.node_id)
        if before is None or _RANKS.index(check.outcome) > _RANKS.index(before.outcome):
            self._checks[check.node_id] = check
