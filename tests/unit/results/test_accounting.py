"""What tells of a run in several places: each edited place is named, with file, model and numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from conftest import Checkout, F07Project
from pytest_f07.errors import F07Error
from pytest_f07.replay.shards import cut_shards
from pytest_f07.results import accounting
from pytest_f07.results.accounting import check_accounting, recount_faults
from pytest_f07.results.counting import LogCounts, count_log
from pytest_f07.variant import manifest
from pytest_f07.variant.paths import Project

CSV = "metrics/metrics_per_model.csv"
JSON = "metrics/metrics.json"
JUNIT = "report/junit.xml"
METADATA = "07_deployrun_metadata.json"
MODEL = "feeder_overload"
Edit = Callable[[Checkout], object]


def check(checkout: Checkout) -> int:
    project = Project(checkout.root)
    paths = project.variant("v701")
    return check_accounting(project, paths, json.loads(paths.metadata.read_text()))


def text(name: str, pattern: str, replacement: str) -> Edit:
    """Replace the first match in a file of the run."""

    def edit(checkout: Checkout) -> None:
        path = checkout.variant / name
        changed, matches = re.subn(pattern, replacement, path.read_text(), count=1)
        assert matches, pattern
        path.write_text(changed)

    return edit


def document(name: str, change: Callable[[dict[str, Any]], object]) -> Edit:
    """Change a JSON file of the run."""

    def edit(checkout: Checkout) -> None:
        path = checkout.variant / name
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    return edit


def everywhere(checkout: Checkout) -> None:
    """Say in JUnit and in the metadata alike that a model failed."""
    text(JUNIT, r'<property name="code" value="" />', '<property name="code" value="F07-INFER" />')(checkout)
    text(JUNIT, "</testcase>", "<failure>F07-INFER</failure></testcase>")(checkout)
    failed = {"outcome": "failed", "failures": [{"code": "F07-INFER"}]}
    document(METADATA, lambda content: content["models"][MODEL].update(failed))(checkout)


def no_numbers(checkout: Checkout) -> None:
    """Turn every score of one model into NaN in both logs, and count them in every place but the outcome."""
    path = checkout.variant / "logs" / "raw_predictions.parquet"
    table = pq.read_table(path)
    rows = pc.equal(table["prediction_name"], MODEL)
    scores = pc.if_else(rows, pa.scalar(float("nan"), pa.float32()), table["y_prob"])
    pq.write_table(table.set_column(3, "y_prob", scores), path)
    csv = checkout.variant / "logs" / "raw_predictions.csv"
    csv.write_text(re.sub(rf'("{MODEL}",\d),[^,]*', r"\1,nan", csv.read_text()))
    bad = str(pc.sum(rows).as_py())
    columns = (checkout.variant / CSV).read_text().splitlines()[0].split(",")
    place = columns.index("non_finite")
    text(CSV, rf"(?m)^({MODEL}(?:,[^,]*){{{place - 1}}}),0", rf"\g<1>,{bad}")(checkout)
    document(JSON, lambda content: content[MODEL].update(non_finite=int(bad)))(checkout)
    document(f"metrics/models/{MODEL}.json", lambda content: content.update(non_finite=int(bad)))(checkout)
    text(JUNIT, r'name="non_finite" value="0"', f'name="non_finite" value="{bad}"')(checkout)


def drop_rows_column(checkout: Checkout) -> None:
    path = checkout.variant / "logs" / "raw_predictions.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["row"]), path)


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda content: content.pop(name)


def other_order(content: dict[str, Any]) -> None:
    content[MODEL] = content.pop(MODEL)


CASES: dict[str, tuple[Edit, str]] = {
    "CSV: a count": (text(CSV, rf"{MODEL},\d+", f"{MODEL},999"), f"{CSV}: {MODEL}: TP is 999; counted again *"),
    "CSV: a model renamed": (text(CSV, MODEL, "another"), f"{CSV}: its models are another, *; * {MODEL}, *"),
    "JSON: a ratio": (
        document(JSON, lambda content: content[MODEL].update(recall=1)),
        f"{JSON}: {MODEL}: recall is 1; counted again from the log it is 0.*",
    ),
    "JSON: a model lost": (document(JSON, without(MODEL)), f"{JSON}: its models are *; the log's are {MODEL}, *"),
    "JSON: another order": (document(JSON, other_order), f"{JSON}: its models are *, {MODEL}; * {MODEL}, *"),
    "JSON of one model: a count": (
        document(f"metrics/models/{MODEL}.json", lambda content: content.update(FN=0)),
        f"metrics/models/{MODEL}.json: FN is 0; *",
    ),
    "JUnit: a count": (text(JUNIT, r'"FN" value="\d+"', '"FN" value="0"'), f"{JUNIT}: {MODEL}: FN is 0; *"),
    "JUnit: no XML": (text(JUNIT, "<testsuites", "testsuites"), f"{JUNIT}: is not readable XML (*)."),
    "JUnit: failed": (
        text(JUNIT, "</testcase>", "<failure>no</failure></testcase>"),
        f"{METADATA}: {MODEL} is passed; in junit.xml it is failed.",
    ),
    "JUnit: another code": (
        text(JUNIT, '"code" value=""', '"code" value="F07-INFER"'),
        f"{METADATA}: {MODEL} is passed; in junit.xml it is passed (F07-INFER).",
    ),
    "metadata: failed": (
        document(METADATA, lambda content: content["models"][MODEL].update(outcome="failed")),
        f"{METADATA}: {MODEL} is failed; in junit.xml it is passed.",
    ),
    "metadata: the outcome of all": (
        everywhere,
        f"{METADATA}: outcome is passed; its models and own checks make it failed.",
    ),
    "metadata: an own check that passed nowhere": (
        document(METADATA, lambda content: content.update(own_checks={"tests": {"t.py::t": {"outcome": "passed"}}})),
        f"{METADATA}: the own check t.py::t is passed; in junit.xml it is missing.",
    ),
    "metadata: an own check that failed": (
        document(METADATA, lambda content: content.update(own_checks={"tests": {"t.py::t": {"outcome": "failed"}}})),
        f"{METADATA}: outcome is passed; its models and own checks make it failed.",
    ),
    "JUnit: an own check": (
        text(
            JUNIT,
            "<testcase",
            '<testcase><properties><property name="own_check" value="t"/></properties></testcase><testcase',
        ),
        f"{METADATA}: the own check t is missing; in junit.xml it is passed.",
    ),
    "metadata: a model lost": (
        document(METADATA, lambda content: content["models"].pop(MODEL)),
        f"{METADATA}: its models are *; those of junit.xml are {MODEL}, *",
    ),
    "metadata: predictions": (
        document(METADATA, lambda content: content["counts"].update(predictions=1)),
        f"{METADATA}: counts.predictions is 1; the files hold 11514.",
    ),
    "metadata: rows": (
        document(METADATA, lambda content: content["counts"]["rows"].update(v401=1)),
        f"{METADATA}: counts.rows is {{'v401': 1, *; the files hold {{'v401': *",
    ),
    "log: a prediction": (
        text("logs/raw_predictions.csv", ",0,0", ",1,0"),
        "logs/raw_predictions.csv: line * is *; the parquet says *",
    ),
    "log: no numbers, and passed": (
        no_numbers,
        f"{METADATA}: {MODEL} is passed; *,??? scores of its own dataset are not numbers.",
    ),
    "log: a column lost": (drop_rows_column, "*v701 cannot be counted again: *row*."),
    "params: more required": (
        lambda checkout: (checkout.variant / "params.yaml").write_text(
            "parent_variant_f06: v601\nrequire: {precision: 1.0}\n"
        ),
        f"{METADATA}: {MODEL} is passed; its precision is 0.*, and 1.0 is required.",
    ),
}


@pytest.mark.parametrize(("edit", "message"), CASES.values(), ids=CASES)
def test_the_first_place_that_disagrees_is_named(checkout: Checkout, edit: Edit, message: str) -> None:
    edit(checkout)
    with pytest.raises(F07Error) as raised:
        check(checkout)
    assert fnmatchcase(str(raised.value).removeprefix("executions/07_deployrun/v701/"), message), raised.value


def test_a_run_as_it_was_left_agrees_with_itself(checkout: Checkout) -> None:
    assert check(checkout) == 11_514


def test_what_an_older_tool_did_not_write_is_not_asked_for(checkout: Checkout) -> None:
    (checkout.variant / JSON).unlink()
    (checkout.variant / JUNIT).unlink()
    checkout.change_metadata(outcome=None, models=None, counts=None)
    assert check(checkout) == 11_514


# -- at a run's own end


def counted(checkout: Checkout) -> tuple[manifest.Manifest, Path, LogCounts]:
    loaded = manifest.load(Project(checkout.root), "v701")
    parquet = checkout.variant / "logs" / "raw_predictions.parquet"
    models, datasets = loaded.read_models(), loaded.read_datasets(None)
    return loaded, parquet, count_log(parquet, cut_shards(datasets, len(models), 256), datasets, models)


def test_a_run_whose_counts_are_wrong_is_told_so_at_its_end(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, parquet, counts = counted(checkout)
    assert recount_faults(loaded, parquet, counts) == {}
    counts.metrics[MODEL].fp += 1
    fp = counts.metrics[MODEL].fp
    expected = {MODEL: f"FP is {fp}; counted again from the log it is {fp - 1}"}
    assert recount_faults(loaded, parquet, counts) == expected
    assert recount_faults(loaded, parquet, replace(counts, fault="row 9")) == {}
    monkeypatch.setattr(accounting, "MAX_PREDICTIONS", 11_513)
    assert recount_faults(loaded, parquet, counts) == {}


def test_scores_that_are_no_numbers_are_counted_twice(checkout: Checkout) -> None:
    loaded, parquet, counts = counted(checkout)
    counts.audits[MODEL].non_finite += 1
    assert recount_faults(loaded, parquet, counts) == {MODEL: "non_finite is 1; counted again from the log it is 0"}


def test_a_log_that_the_audit_let_pass_fails_every_model(checkout: Checkout) -> None:
    loaded, parquet, counts = counted(checkout)
    table = pq.read_table(parquet)
    pq.write_table(table.slice(1), parquet)
    faults = recount_faults(loaded, parquet, counts)
    assert list(faults) == loaded.prediction_names
    assert all(fault.startswith("the log holds ") for fault in faults.values())


WRONG_COUNT = """
from pytest_f07.results.metrics import Metrics

count_own = Metrics.count_own
def count_one_more(self, *arguments):
    count_own(self, *arguments)
    self.tn += self.prediction_name == "feeder_overload"
    self.no_ref_pred_0 -= self.prediction_name == "feeder_overload"
Metrics.count_own = count_one_more
"""


def test_a_run_with_a_wrong_count_fails_by_its_own_code(f07_stub: F07Project) -> None:
    conftest = f07_stub.root / "conftest.py"
    conftest.write_text(conftest.read_text() + WRONG_COUNT)
    f07_stub.run().assert_outcomes(passed=2, failed=1)
    assert [failure["code"] for failure in f07_stub.metadata["models"][MODEL]["failures"]] == ["F07-RECOUNT"]
