"""What a session says beside its outcome: requirements, comparison, the table at the end. The stub server answers."""

from __future__ import annotations

import json
import re

import numpy as np  # noqa: F401  # before pytester notes what is loaded and drops the rest: numpy loads only once
import pytest

from conftest import F07Project

NAMES = ["feeder_overload", "inverter_trip", "inverter_trip.cnn"]
TABLE = ["model * TP * precision *", *(f"{name} *" for name in NAMES)]


def report(project: F07Project, variant: str = "v701") -> str:
    return (project.variant.parent / variant / "report" / "report.html").read_text()


def refused(project: F07Project, message: str, *arguments: str) -> None:
    before = project.tree()
    result = project.run(*arguments)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
    assert "Traceback" not in str(result.stderr) + str(result.stdout)
    assert project.tree() == before


# -- requirements


def test_a_model_below_a_requirement_fails_and_the_others_pass(f07_stub: F07Project) -> None:
    f07_stub.set_params(require={"recall": 0.0, "inverter_trip": {"precision": 0.99}})
    result = f07_stub.run()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["F07-REQUIRED  inverter_trip: its precision is 0.*; params.yaml requires at least 0.99."]
    )
    assert f07_stub.metadata["models"]["inverter_trip"]["failures"][0]["code"] == "F07-REQUIRED"
    assert f07_stub.metadata["params"]["require"] == {"recall": 0.0, "inverter_trip": {"precision": 0.99}}
    assert 'name="code" value="F07-REQUIRED"' in (f07_stub.variant / "report" / "junit.xml").read_text()


def test_a_requirement_of_no_model_is_refused(f07_stub: F07Project) -> None:
    f07_stub.set_params(require={"inverter": {"recall": 0.5}})
    refused(f07_stub, "*params.yaml: require names 'inverter', which is no model of this variant; its models are *")


# -- comparison


def test_what_changed_since_another_run_is_told_and_no_word_of_a_package_is_markup(
    f07_finished: F07Project,
) -> None:
    path = f07_finished.package / "models" / "inverter_trip__inverter_trip" / "model_summary.json"
    policy = {"config": {"strategy": "<img src=x onerror=alert(1)>"}}
    path.write_text(json.dumps({**json.loads(path.read_text()), "threshold": 0.9, "imbalance_policy": policy}))
    f07_finished.variant7("v702", "v601")
    before = f07_finished.artefacts()
    result = f07_finished.run("--f07-compare=v701", variant="v702")
    result.assert_outcomes(passed=3)
    assert f07_finished.artefacts() == before
    text = report(f07_finished, "v702")
    assert "<h2>Against v701</h2>" in text
    assert "Flipped predictions of inverter_trip:" in text
    assert "Flipped predictions of feeder_overload:" not in text
    assert "&lt;img src=x" in text
    assert "<img src=x" not in text


def test_a_run_that_is_worse_than_an_earlier_one_fails_and_says_so_everywhere(f07_stub: F07Project) -> None:
    f07_stub.run()
    path = f07_stub.package / "models" / "inverter_trip__inverter_trip" / "model_summary.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "threshold": 0.9}))
    f07_stub.variant7("v702", "v601")
    params = f07_stub.variant.parent / "v702" / "params.yaml"
    rules = {
        "recall": {"not_below": "v701", "by": 0.01},
        "flips": {"at_most": 0, "since": "v701"},
        "significance": 0.05,
    }
    params.write_text(f"{params.read_text()}require: {json.dumps(rules)}\n")
    result = f07_stub.pytester.runpytest_subprocess("--f07-variant=v702")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "f07: against v701 of package v601: 5,668 common rows of 3 of 3 models; * flipped to right, * to wrong",
            "f07: evidence of a change in * of 18 tests, by Holm: inverter_trip: recall worse, 0.* now (p < 0.001); *",
            "f07: warning: inverter_trip: since v701: threshold 0.* then, 0.9 now",
            "F07-WORSE  inverter_trip: its recall fell by 0.* since v701, from 0.* to 0.* (p < 0.001 by Holm), on "
            "1,834 common rows; params.yaml requires recall: {not_below: v701, by: 0.01}. * to wrong, 0 to right.",
            "F07-WORSE  inverter_trip: * of 3,838 predictions have flipped since v701, 0 to 1 and * to 0; *",
        ]
    )
    folder = f07_stub.variant.parent / "v702"
    comparison = json.loads((folder / "report" / "comparison.json").read_text())
    metadata = json.loads((folder / "07_deployrun_metadata.json").read_text())
    assert metadata["comparison"] == {"against": "v701", "summary": comparison["summary"]}
    assert "report/comparison.json" in metadata["sha256"]
    [first, *_] = comparison["models"]["inverter_trip"]["sentences"]
    assert first in (folder / "report" / "junit.xml").read_text()
    assert first in report(f07_stub, "v702")
    junit = (folder / "report" / "junit.xml").read_text()
    assert 'name="code" value="F07-WORSE,F07-WORSE"' in junit


def test_a_required_run_that_is_not_there_is_refused(f07_stub: F07Project) -> None:
    f07_stub.set_params(require={"recall": {"not_below": "v799"}})
    refused(f07_stub, "*params.yaml: require names v799: there is no variant v799: *")
    f07_stub.set_params(require={"recall": {"not_below": "v701"}})
    refused(f07_stub, "*params.yaml: require names v701, which is the variant itself; name another one.")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "v799",
            "--f07-compare=v799: there is no variant v799: executions/07_deployrun/v799 is not there; there is v701. *",
        ),
        ("v701", "--f07-compare=v701 is the variant itself; name another one, or a revision of it (v701@HEAD)."),
        ("../v7", "--f07-compare=../v7: name a run like v701, v701@REVISION or path/to/project:v701; *"),
    ],
)
def test_a_run_that_is_not_there_is_refused_before_anything_is_touched(
    f07_finished: F07Project, name: str, message: str
) -> None:
    refused(f07_finished, message, f"--f07-compare={name}")


# -- the terminal


def test_the_terminal_ends_with_a_table_and_two_runs_give_one_report_but_for_times(f07_stub: F07Project) -> None:
    def timeless(text: str) -> str:
        text = re.sub(r"<figure(?:(?!</figure>).)*Pace of the replay.*?</figure>", "", text, flags=re.DOTALL)
        text = re.sub(r"\d+-\w{3}-\d{4} at [\d:]+|[\d-]{10} [\d:]{8} UTC|took [\d:]{8}|tests took [^.]+", "", text)
        return re.sub(r"[\d,.]+ (ms|s|windows/s|windows a second)\b", "", text)

    result = f07_stub.run()
    first = report(f07_stub)
    [pace] = re.findall(r"^f07: replay: 3,838 windows, ([\d,]+ windows/s)$", str(result.stdout), re.MULTILINE)
    assert f"<dt>Replay</dt><dd>{pace}</dd>" in first
    f07_stub.run()
    assert timeless(report(f07_stub)) == timeless(first)
    result.stdout.fnmatch_lines(["f07: 3,838 windows answered; metrics and pictures follow"])
    result.stdout.fnmatch_lines(["executions/07_deployrun/v701/manifest.json ... *"])
    result.stdout.fnmatch_lines([*TABLE, "f07: report: executions/07_deployrun/v701/report/report.html"])
