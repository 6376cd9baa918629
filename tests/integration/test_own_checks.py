"""A user's own checks beside the models' items: collected, run after them, reported, and part of the outcome."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conftest import REPOSITORY, Checkout, F07Project
from tests.metadata_schema import schema_errors

NAMES = ["feeder_overload", "inverter_trip", "inverter_trip.cnn"]
ITEM = "executions/07_deployrun/v701/manifest.json::test_runtime_validation"
CHECKS = "tests/f07"
FILE = f"{CHECKS}/test_plant.py"
GOOD = """
import pandas as pd

def test_each_row_is_read(prediction_name, f07_predictions, f07_metrics, f07_model):
    assert set(f07_predictions.prediction_name) == {prediction_name} == {f07_model.prediction_name}
    own = f07_predictions[f07_predictions.dataset == f07_model.source_f04].dropna(subset="label")
    assert ((own.label == 1) & (own.y_pred == 1)).sum() == f07_metrics["TP"]
    assert len(own) == sum(f07_metrics[key] for key in ("TP", "TN", "FP", "FN"))

def test_the_whole_run(f07_metrics, f07_predictions):
    assert isinstance(f07_metrics, pd.DataFrame)
    assert list(f07_metrics.index) == list(f07_predictions.prediction_name.unique())
"""


def lay(project: F07Project, text: str, name: str = FILE) -> Path:
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_own_checks_run_after_the_models_and_are_reported_with_them(f07_stub: F07Project) -> None:
    lay(f07_stub, GOOD)
    result = f07_stub.run(f"--f07-checks={CHECKS}/", "-v")
    result.assert_outcomes(passed=7)
    ids = [line.split()[0] for line in result.outlines if re.search("::.* PASSED", line)]
    assert ids == [
        *(f"{ITEM}[{name}]" for name in NAMES),
        *(f"{FILE}::test_each_row_is_read[{name}]" for name in NAMES),
        f"{FILE}::test_the_whole_run",
    ]
    assert schema_errors(f07_stub.metadata) == []
    own = f07_stub.metadata["own_checks"]
    assert (f07_stub.metadata["outcome"], own["outcome"], list(own["files"])) == ("passed", "passed", [FILE])
    assert own["tests"] == {name: {"outcome": "passed"} for name in ids[3:]}
    assert f07_stub.metadata["models"].keys() == set(NAMES)
    cases = ElementTree.parse(f07_stub.variant / "report" / "junit.xml").iter("testcase")
    marked = [
        entry.get("value") for case in cases for entry in case.iter("property") if entry.get("name") == "own_check"
    ]
    assert marked == ids[3:]
    assert "4 own checks passed" in (f07_stub.variant / "report" / "report.html").read_text()


ENDINGS = {
    "fails": ("def test_plant(): assert 1 == 2", "failed", r"assert 1 == 2"),
    "errs": ("def test_plant(no_such_fixture): pass", "failed", "no_such_fixture"),
    "errs at its end": (
        "import pytest\n@pytest.fixture\ndef late():\n    yield\n    raise OSError('late')\ndef test_plant(late): pass",
        "failed",
        "late",
    ),
    "is skipped": ("import pytest\ndef test_plant(): pytest.skip('no wind')", None, "not judged (skipped: no wind)"),
    "is expected to fail": (
        "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_plant(): assert False",
        None,
        "not judged (xfail: known)",
    ),
}


@pytest.mark.any_version
@pytest.mark.parametrize(("text", "outcome", "reason"), ENDINGS.values(), ids=ENDINGS)
def test_an_own_check_that_does_not_pass_is_no_passed_run(
    f07_stub: F07Project, text: str, outcome: str | None, reason: str
) -> None:
    lay(f07_stub, text)
    f07_stub.set_params(checks=CHECKS)
    result = f07_stub.run()
    assert result.ret == 1
    assert (f07_stub.variant / "07_deployrun_metadata.json").exists() == (outcome is not None)
    report = (f07_stub.variant / "report" / "report.html").read_text()
    if outcome is None:
        assert f"1 of 1 own checks was {reason}" in str(result.stdout)
        assert "NOT COMPLETE" in report
    else:
        [test] = f07_stub.metadata["own_checks"]["tests"].values()
        assert (f07_stub.metadata["outcome"], test["outcome"]) == (outcome, "failed")
        assert reason in test["message"]
        assert "FAILED" in report
        assert "FAILED: 3 models passed, 1 of 1 own check failed." in result.outlines


def test_they_read_a_log_of_parts_too(f07_stub: F07Project) -> None:
    lay(f07_stub, GOOD)
    f07_stub.set_params(checks=CHECKS, log="parts")
    f07_stub.run().assert_outcomes(passed=7)


def test_what_a_check_may_ask_for_cannot_change_the_run(f07_stub: F07Project) -> None:
    lay(
        f07_stub,
        """
import dataclasses, sys
import pytest

def test_frozen(f07_model, f07_metrics):
    with pytest.raises(dataclasses.FrozenInstanceError):
        f07_model.threshold = 0
    for mapping in (f07_model.summary, f07_metrics):
        with pytest.raises(TypeError):
            mapping["threshold"] = 0
    assert f07_model.vectorization.kind in ("dense_bow", "sequence")
    assert "tensorflow" not in sys.modules

@pytest.mark.parametrize("prediction_name", ["inverter_trip"])
def test_one_model(prediction_name, f07_metrics, f07_predictions):
    f07_predictions["y_pred"] = 7
    assert f07_metrics["recall"] > 0

def test_another_frame(f07_predictions):
    assert set(f07_predictions.y_pred) == {0, 1}
""",
    )
    f07_stub.run(f"--f07-checks={FILE}").assert_outcomes(passed=8)


SELECTIONS = {
    "a check is deselected": (("-k", "not whole"), 6, "3 of 3 models and 3 of 4 own checks"),
    "the checks alone": (("-k", "whole or each_row"), 4, "0 of 3 models"),
    "a model and its checks": (("-k", "feeder"), 2, "1 of 3 models and 1 of 4 own checks"),
    "what failed last": (("--lf",), 7, "3 of 3 models"),
}


@pytest.mark.any_version
@pytest.mark.parametrize(("arguments", "passed", "note"), SELECTIONS.values(), ids=SELECTIONS)
def test_a_session_that_leaves_checks_out_is_partial(
    f07_stub: F07Project, arguments: tuple[str, ...], passed: int, note: str
) -> None:
    lay(f07_stub, GOOD)
    before = f07_stub.tree()
    result = f07_stub.run(f"--f07-checks={CHECKS}", *arguments)
    result.assert_outcomes(passed=passed, deselected=7 - passed)
    assert result.ret == 0
    assert f07_stub.tree() == before
    [line] = [line for line in result.outlines if line.startswith("f07: this session is partial")]
    report = Path(line.rsplit(" ", 1)[1]) / "report" / "report.html"
    assert f"Only {note}" in report.read_text()


REORDERING = """
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.reverse()
"""


def test_they_run_last_and_all_of_them_whatever_the_host_brings(f07_stub: F07Project) -> None:
    lay(f07_stub, "def test_a(f07_metrics): assert False\ndef test_b(prediction_name, f07_metrics): assert False")
    with (f07_stub.root / "conftest.py").open("a") as file:
        file.write(REORDERING)
    result = f07_stub.run(f"--f07-checks={CHECKS}", "-x", "-n", "2", "-v")
    result.assert_outcomes(passed=3, failed=4)
    assert "set aside: --maxfail=1 -n 2" in str(result.stdout)
    assert re.findall(r"^\S+::(test_\w+)\S* (?:PASSED|FAILED)", str(result.stdout), re.MULTILINE) == [
        *["test_runtime_validation"] * 3,
        *["test_b"] * 3,
        "test_a",
    ]


def test_a_session_that_executes_nothing_lists_them(f07_stub: F07Project) -> None:
    lay(f07_stub, GOOD)
    before = f07_stub.tree()
    listed = f07_stub.run(f"--f07-checks={CHECKS}", "--collect-only", "-q")
    assert sum("::" in line for line in listed.outlines) == 7
    assert f07_stub.run(f"--f07-checks={CHECKS}", "--setup-only").ret == 0
    assert f07_stub.tree() == before


@pytest.mark.any_version
@pytest.mark.parametrize("text", ["import no_such_module", "def test_a(:"], ids=["import", "syntax"])
def test_a_file_that_cannot_be_collected_stops_the_session_before_the_run(f07_stub: F07Project, text: str) -> None:
    lay(f07_stub, text)
    before = f07_stub.tree()
    assert f07_stub.run(f"--f07-checks={CHECKS}").ret == pytest.ExitCode.INTERRUPTED
    assert f07_stub.tree() == before
    assert f07_stub.run(f"--f07-checks={CHECKS}", "--continue-on-collection-errors").ret == 1
    assert (f07_stub.metadata["outcome"], list(f07_stub.metadata["own_checks"]["tests"])) == ("failed", [FILE])


def test_of_a_run_that_broke_nothing_is_checked(f07_project: F07Project) -> None:
    f07_project.stub("dies")
    lay(f07_project, "def test_a(): pass\ndef test_b(f07_metrics): pass")
    result = f07_project.run(f"--f07-checks={CHECKS}")
    result.assert_outcomes(failed=3, passed=1, skipped=1)
    assert result.ret == 1
    assert not (f07_project.variant / "07_deployrun_metadata.json").exists()


def test_where_the_host_skips_the_models_no_check_begins_the_run(f07_stub: F07Project) -> None:
    lay(f07_stub, "def test_a(f07_metrics): pass")
    with (f07_stub.root / "conftest.py").open("a") as file:
        file.write("\ndef pytest_runtest_setup(item):\n    'f07' in item.path.parts or pytest.skip('no database')\n")
    before = f07_stub.tree()
    result = f07_stub.run(f"--f07-checks={CHECKS}")
    result.assert_outcomes(skipped=4)
    assert result.ret == 1
    assert f07_stub.tree() == before


def test_in_the_projects_own_test_suite_they_are_skipped(f07_stub: F07Project) -> None:
    lay(f07_stub, GOOD)
    result = f07_stub.pytester.runpytest_subprocess("tests", "-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*an own check of pytest-f07: it is run with --f07-variant and --f07-checks*"])


def test_they_need_a_variant(f07_stub: F07Project) -> None:
    lay(f07_stub, GOOD)
    result = f07_stub.pytester.runpytest_subprocess(f"--f07-checks={CHECKS}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --f07-checks needs --f07-variant: *"])


def test_a_folder_without_a_test_is_a_usage_error(f07_stub: F07Project) -> None:
    lay(f07_stub, "x = 1", f"{CHECKS}/helpers.py")
    f07_stub.assert_refused(r"no test was collected from the own checks in .*tests/f07", f"--f07-checks={CHECKS}")


@pytest.mark.any_version
def test_the_commands_say_that_an_own_check_failed(checkout: Checkout) -> None:
    (checkout.root / "tests").mkdir()
    (checkout.root / "tests" / "test_plant.py").write_text("def test_plant(f07_metrics): assert 0 > 1, 'too few'")
    with (checkout.variant / "params.yaml").open("a") as file:
        file.write("checks: tests\n")
    assert checkout.run().returncode == 1
    checked = checkout.f07("check7", "--variant", "v701")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "3 models, failed, 1 of 1 own check failed, run of " in checked.stdout
    assert "3 passed, 1 of 1 own check failed" in checkout.f07("list7").stdout.replace("models ", "")
    refused = checkout.f07("publish7", "--variant", "v701")
    again = "make publish7 VARIANT=v701 ALLOW_FAILED=1"
    assert f"v701 is not published: tests/test_plant.py::test_plant failed. To publish it all the same: {again}" in (
        refused.stderr
    )


PAGE = (REPOSITORY / "docs" / "own-checks.md").read_text(encoding="utf-8")
EXAMPLE = REPOSITORY / "docs" / "examples" / "test_plant_limits.py"


def test_the_code_of_the_page_is_the_examples() -> None:
    [block] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert block in EXAMPLE.read_text(encoding="utf-8")
