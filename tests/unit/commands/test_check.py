"""check7: what it tells of a finished run, a changed one, what an older tool left, and a package."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from conftest import Checkout
from pytest_f07.commands import check
from pytest_f07.commands.check import Finding, check_package, check_run
from pytest_f07.errors import F07Error
from pytest_f07.variant.paths import Project
from tests.unit.small_package import edit, make_package, tree

FOLDER = "executions/07_deployrun/v701"


def look(checkout: Checkout) -> dict[str, str]:
    """Return what is wrong or could not be looked at by name; "" where all is well."""
    findings = check_run(Project(checkout.root), "v701")
    assert [finding.name for finding in findings] == ["complete", "unaltered", "sealed", "balanced"]
    return {finding.name: "" if finding.is_good else finding.wrong or finding.unknown for finding in findings}


WELL = dict.fromkeys(("complete", "unaltered", "sealed", "balanced"), "")
LINES = {
    "good": (Finding("sealed", "as sealed"), "ok  sealed     as sealed", True),
    "wrong": (Finding("complete", wrong="a is missing"), "NO  complete   a is missing", False),
    "not looked at": (Finding("unaltered", "?", unknown="no digests"), "--  unaltered  no digests", False),
}


@pytest.mark.parametrize(("finding", "line", "is_good"), LINES.values(), ids=LINES)
def test_a_finding_is_a_line_that_begins_with_its_state(finding: Finding, line: str, is_good: bool) -> None:
    assert (finding.line(), finding.is_good) == (line, is_good)


def test_a_finished_run_is_complete_unaltered_sealed_and_balanced(checkout: Checkout) -> None:
    before = checkout.tree()
    lines = [finding.line() for finding in check_run(Project(checkout.root), "v701")]
    for line, pattern in zip(
        lines,
        (
            "ok  complete   3 models, passed, run of 20??-??-??T??:??:??",
            "ok  unaltered  * files as the run left them",
            "ok  sealed     package v601 as sealed, * files",
            "ok  balanced   counted again from 11,514 logged predictions: the metrics are theirs",
        ),
        strict=True,
    ):
        assert fnmatchcase(line, pattern), line
    assert checkout.tree() == before


# -- what was changed after the run


def _cut_the_log(checkout: Checkout) -> None:
    log = checkout.variant / "logs" / "raw_predictions.csv"
    log.write_bytes(log.read_bytes()[:-9])


def _change_the_package(checkout: Checkout) -> None:
    with (checkout.package / "objectives.json").open("a") as file:
        file.write("\n")


def _write_the_manifest_anew(checkout: Checkout) -> None:
    edit(checkout.variant / "manifest.json", lambda document: None)


def _seal(checkout: Checkout, *names: str) -> None:
    """Let the metadata hold the files' digests as they are now."""
    digests = json.loads((checkout.variant / "07_deployrun_metadata.json").read_text())["sha256"]
    changed = {name: sha256((checkout.variant / name).read_bytes()).hexdigest() for name in names}
    checkout.change_metadata(sha256={**digests, **changed})


def _better_metrics(checkout: Checkout) -> None:
    """A metric that was made better, with its digest."""
    name = "metrics/metrics_per_model.csv"
    path = checkout.variant / name
    path.write_text(re.sub(r"(?m)^(feeder_overload),\d+", r"\1,999", path.read_text()))
    _seal(checkout, name)


def _a_link_for_a_file(checkout: Checkout) -> None:
    """DVC puts links in the place of files."""
    path = checkout.variant / "report" / "report.html"
    path.rename(checkout.root / "elsewhere.html")
    path.symlink_to(checkout.root / "elsewhere.html")


def _another_variants_metadata(checkout: Checkout) -> None:
    checkout.change_metadata(variant="v702")


NO_RUN = dict.fromkeys(("unaltered", "balanced"), "not looked at: there is no complete run")
NOT_AS_LEFT = {"balanced": "not looked at, since the above is not as the run left it"}
METADATA = f"{FOLDER}/07_deployrun_metadata.json"
CHANGES: dict[str, tuple[Callable[[Checkout], object], dict[str, str]]] = {
    "a log": (
        _cut_the_log,
        {"unaltered": f"{FOLDER}/logs/raw_predictions.csv has changed since the run", **NOT_AS_LEFT},
    ),
    "a file more": (
        lambda checkout: (checkout.variant / "report" / "notes.txt").touch(),
        {"unaltered": f"{FOLDER}/report/notes.txt was added after the run", **NOT_AS_LEFT},
    ),
    "a figure less": (
        lambda checkout: (checkout.variant / "report" / "figures" / "confusion_inverter_trip.png").unlink(),
        {
            "complete": f"{FOLDER}/report/figures/confusion_inverter_trip.png is missing",
            "unaltered": f"{FOLDER}/report/figures/confusion_inverter_trip.png is missing",
            **NOT_AS_LEFT,
        },
    ),
    "the package": (
        _change_the_package,
        {
            "sealed": "package v601 no longer matches the seal of v701: objectives.json has changed *",
            **NOT_AS_LEFT,
        },
    ),
    "the manifest": (
        _write_the_manifest_anew,
        {"unaltered": f"{FOLDER}/manifest.json has changed since the run", **NOT_AS_LEFT},
    ),
    "the parameters": (
        lambda checkout: (checkout.variant / "params.yaml").write_text("parent_variant_f06: v601\n"),
        {"unaltered": f"{FOLDER}/params.yaml has changed since the run", **NOT_AS_LEFT},
    ),
    "a metric and its digest": (
        _better_metrics,
        {
            "balanced": f"{FOLDER}/metrics/metrics_per_model.csv: feeder_overload: TP is 999; counted again "
            "from the log it is *."
        },
    ),
    "a link for a file": (_a_link_for_a_file, {}),
    "a folder of no model": (lambda checkout: (checkout.package / "models" / "old__m0").mkdir(), {}),
    "no metadata": (
        lambda checkout: (checkout.variant / "07_deployrun_metadata.json").unlink(),
        {
            "complete": f"{METADATA} is not there: no run of v701 was completed. Run it: make script7-run VARIANT=v701",
            **NO_RUN,
        },
    ),
    "another variant's metadata": (
        _another_variants_metadata,
        {"complete": f"{METADATA}: stage is 07_deployrun and variant is v702, not 07_deployrun and v701.", **NO_RUN},
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_was_changed_after_the_run_is_named(
    checkout: Checkout, change: Callable[[Checkout], object], expected: dict[str, str]
) -> None:
    change(checkout)
    for name, text in look(checkout).items():
        assert fnmatchcase(text, expected.get(name, "")), (name, text)


def test_the_first_count_finds_a_better_metric_too(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two counts look at each number: the one that made it, and that of the accounting, which is left out here."""
    monkeypatch.setattr(check, "check_accounting", lambda *files: 0)
    assert look(checkout) == WELL
    with (checkout.variant / "metrics" / "metrics_per_model.csv").open(newline="") as file:
        true_positives = next(csv.DictReader(file))["TP"]
    _better_metrics(checkout)
    assert look(checkout) == {**WELL, "balanced": f"feeder_overload: TP is 999; the log says {true_positives}"}


def test_a_copy_of_the_notebook_that_shows_another_run_is_named(checkout: Checkout) -> None:
    project, copy = Project(checkout.root), checkout.variant / "07_deployrun.ipynb"
    copy.write_text(json.dumps({"cells": [checkout.metadata()["timestamp"]]}))
    assert check_run(project, "v701")[-1].line() == "ok  notebook   07_deployrun.ipynb shows this run"
    copy.write_text(json.dumps({"cells": ["2026-01-01T00:00:00+00:00"]}))
    assert check_run(project, "v701")[-1].line() == (
        f"NO  notebook   {FOLDER}/07_deployrun.ipynb shows another run than this one. Execute it again (make nb7-run "
        "VARIANT=v701), or remove it"
    )
    copy.write_bytes(b"\xff")
    assert check_run(project, "v701")[-1].wrong.startswith(f"{FOLDER}/07_deployrun.ipynb cannot be read: ")


# -- what an older tool left can be looked at in part


def _no_seal(checkout: Checkout) -> None:
    path = checkout.variant / "manifest.json"
    edit(path, lambda document: document.pop("files"))
    checkout.change_metadata(manifest={"sha256": sha256(path.read_bytes()).hexdigest()})


def _older_metadata(checkout: Checkout) -> None:
    checkout.change_metadata(sha256=None, outcome=None, params={}, manifest=None)
    (checkout.variant / "report" / "junit.xml").unlink()


def _older_log(checkout: Checkout) -> None:
    _older_metadata(checkout)
    path = checkout.variant / "logs" / "raw_predictions.parquet"
    pq.write_table(pq.read_table(path, columns=["window", "prediction_name", "y_pred"]), path)


def _no_seal_and_better_metrics(checkout: Checkout) -> None:
    _better_metrics(checkout)
    _no_seal(checkout)
    _older_metadata(checkout)


NO_SEAL = "the manifest has no seal (an older tool made it), so nobody can tell"
NO_OUTCOME = "3 models, run of *; an older tool wrote no outcome"
NO_DIGESTS = "an older tool wrote no digests of its files, so nobody can tell"
OLDER: dict[str, tuple[Callable[[Checkout], object], dict[str, str]]] = {
    "no seal": (_no_seal, {"sealed": NO_SEAL}),
    "no digests": (_older_metadata, {"complete": NO_OUTCOME, "unaltered": NO_DIGESTS}),
    "another log": (
        _older_log,
        {
            "complete": NO_OUTCOME,
            "unaltered": NO_DIGESTS,
            "balanced": "the log has no y_prob, dataset, row: an older tool wrote it",
        },
    ),
    "better metrics": (
        _no_seal_and_better_metrics,
        {
            "complete": NO_OUTCOME,
            "unaltered": NO_DIGESTS,
            "sealed": NO_SEAL,
            "balanced": "*metrics_per_model.csv: feeder_overload: TP is 999; counted again *",
        },
    ),
}


@pytest.mark.parametrize(("spoil", "expected"), OLDER.values(), ids=OLDER)
def test_of_what_an_older_tool_left_the_rest_is_looked_at(
    checkout: Checkout, spoil: Callable[[Checkout], object], expected: dict[str, str]
) -> None:
    spoil(checkout)
    for name, text in look(checkout).items():
        assert fnmatchcase(text, expected.get(name, "")), (name, text)


# -- a package


def test_a_package_is_looked_at_without_a_variant_of_it(tmp_path: Path) -> None:
    package = make_package(tmp_path)
    before = tree(tmp_path)
    assert check_package(Project(tmp_path), "v601") == [
        "package v601: fit to be validated: 2 models, 3 datasets, 9 rows"
    ]
    assert tree(tmp_path) == before
    package.dataset("v401").write_bytes(b"PAR1")
    with pytest.raises(F07Error, match=r"^package v601: datasets/v401__dataset\.parquet: is not a readable parquet"):
        check_package(Project(tmp_path), "v601")


def test_a_model_folder_that_nobody_lists_is_named(checkout: Checkout) -> None:
    (checkout.package / "models" / "old__m0").mkdir()  # empty: the seal is of files
    note = "; on no list of models, so not validated: models/old__m0"
    project = Project(checkout.root)
    [sealed] = [finding for finding in check_run(project, "v701") if finding.name == "sealed"]
    assert sealed.is_good
    assert sealed.text.endswith(note)
    [line] = check_package(project, "v601")
    assert line.endswith(note)
