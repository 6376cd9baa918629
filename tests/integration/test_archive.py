"""check7, list7 and remove7 in a user's checkout."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from conftest import Checkout


def check(checkout: Checkout) -> tuple[int, dict[str, str]]:
    """The exit status, and what was wrong or could not be looked at by name ("" where all was well)."""
    done = checkout.f07("check7", "--variant", "v701")
    assert done.stderr == ""
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    return done.returncode, {name: "" if sound == "ok" else text for sound, name, text in lines}


def test_a_finished_run_is_complete_unaltered_sealed_and_balanced(checkout: Checkout) -> None:
    assert check(checkout) == (0, {"complete": "", "unaltered": "", "sealed": "", "balanced": ""})


def test_what_has_changed_is_named(checkout: Checkout) -> None:
    log = checkout.variant / "logs" / "raw_predictions.csv"
    log.write_bytes(log.read_bytes()[:-9])
    with (checkout.package / "objectives.json").open("a") as file:
        file.write("\n")
    status, findings = check(checkout)
    assert status == 1
    assert findings["complete"] == ""
    assert findings["unaltered"] == "executions/07_deployrun/v701/logs/raw_predictions.csv has changed since the run"
    assert findings["sealed"].startswith("package v601 no longer matches the seal of v701: objectives.json has changed")
    assert findings["balanced"] == "not looked at, since the above is not as the run left it"


def test_an_edited_manifest_is_not_the_runs(checkout: Checkout) -> None:
    path = checkout.variant / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert check(checkout)[1]["unaltered"] == "executions/07_deployrun/v701/manifest.json has changed since the run"


def test_books_are_counted_again_from_the_log(checkout: Checkout) -> None:
    """A metric that was made better, with its digest, is found out."""
    path = checkout.variant / "metrics" / "metrics_per_model.csv"
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    old, rows[1][1] = rows[1][1], "999"
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    digests = json.loads((checkout.variant / "07_deployrun_metadata.json").read_text())["sha256"]
    digests["metrics/metrics_per_model.csv"] = sha256(path.read_bytes()).hexdigest()
    checkout.change_metadata(sha256=digests)
    where = "executions/07_deployrun/v701/metrics/metrics_per_model.csv"
    balanced = f"{where}: feeder_overload: TP is 999; counted again from the log it is {old}."
    assert check(checkout) == (1, {"complete": "", "unaltered": "", "sealed": "", "balanced": balanced})


def test_what_was_never_completed_is_said_to_be_so(checkout: Checkout) -> None:
    (checkout.variant / "07_deployrun_metadata.json").unlink()
    status, findings = check(checkout)
    assert status == 1
    assert "no run of v701 was completed" in findings["complete"]
    assert findings["unaltered"] == findings["balanced"] == "not looked at: there is no complete run"
    assert findings["sealed"] == ""


# What an older tool left can be looked at in part.


def _no_seal(checkout: Checkout) -> None:
    path = checkout.variant / "manifest.json"
    document = json.loads(path.read_text())
    del document["files"]
    path.write_text(json.dumps(document))
    checkout.change_metadata(manifest={"sha256": sha256(path.read_bytes()).hexdigest()})


def _older_metadata(checkout: Checkout) -> None:
    checkout.change_metadata(sha256=None, outcome=None, params={}, manifest=None)
    (checkout.variant / "report" / "junit.xml").unlink()


def _older_log(checkout: Checkout) -> None:
    _older_metadata(checkout)
    path = checkout.variant / "logs" / "raw_predictions.parquet"
    pq.write_table(pq.read_table(path, columns=["window", "prediction_name", "y_pred"]), path)


def _no_seal_and_better_metrics(checkout: Checkout) -> None:
    _no_seal(checkout)
    _older_metadata(checkout)
    path = checkout.variant / "metrics" / "metrics_per_model.csv"
    path.write_text(re.sub(r"(?m)^(feeder_overload),\d+", r"\1,999", path.read_text()))


NO_SEAL = "the manifest has no seal (an older tool made it), so nobody can tell"
NO_OUTCOME = "3 models, run of *; an older tool wrote no outcome"
NO_DIGESTS = "an older tool wrote no digests of its files, so nobody can tell"
OLDER = {
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
    status, findings = check(checkout)
    assert status == 1
    assert list(findings) == ["complete", "unaltered", "sealed", "balanced"]
    for name, text in findings.items():
        assert fnmatchcase(text, expected.get(name, "")), text


def test_a_model_folder_that_nobody_lists_is_named(checkout: Checkout) -> None:
    (checkout.package / "models" / "old__m0").mkdir()  # empty: the seal is of files
    note = "; on no list of models, so not validated: models/old__m0\n"
    done = checkout.f07("check7", "--variant", "v701")
    assert (done.returncode, note in done.stdout) == (0, True)
    assert checkout.f07("check7", "--parent", "v601").stdout.endswith(note)


def test_a_package_is_checked_without_a_variant(checkout: Checkout) -> None:
    before = checkout.tree()
    done = checkout.f07("check7", "--parent", "v601")
    assert (done.returncode, done.stdout) == (
        0,
        "package v601: fit to be validated: 3 models, 2 datasets, 3,838 rows\n",
    )
    (checkout.package / "datasets" / "v401__dataset.parquet").write_bytes(b"PAR1")
    done = checkout.f07("check7", "--parent", "v601")
    assert done.returncode == 2
    assert done.stderr.startswith("ERROR: package v601: datasets/v401__dataset.parquet: is not a readable parquet file")
    assert set(checkout.tree()) == set(before)


def test_the_list_tells_parent_state_when_and_result(checkout: Checkout) -> None:
    assert checkout.f07("variant7", "--variant", "v702", "--parent", "v601").returncode == 0
    registry = checkout.root / "executions" / "07_deployrun" / "variants.yaml"
    with registry.open("a") as file:
        file.write("  v700: {parent_variant: v600, params_path: /srv/elsewhere/params.yaml}\n")
    done = checkout.f07("list7")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["VARIANT", "PARENT", "STATE", "WHEN", "RESULT"]
    assert rows[1] == ["v700", "v600", "no", "folder", "?"]
    assert (rows[2][:3], rows[2][4:]) == (["v701", "v601", "complete"], ["3", "models", "passed"])
    assert rows[3][:3] == ["v702", "v601", "declared"]


def test_a_parent_that_the_registry_lacks_is_read_from_params(checkout: Checkout) -> None:
    """An older tool's registry names none; a clone has no metadata where git ignores it."""
    registry = checkout.root / "executions" / "07_deployrun" / "variants.yaml"
    registry.write_text("variants: {v701: {params_path: /elsewhere/v701/params.yaml}, v702: {}}\n")
    (checkout.variant / "07_deployrun_metadata.json").unlink()
    rows = [line.split() for line in checkout.f07("list7").stdout.splitlines()]
    assert [row[:2] for row in rows[1:]] == [["v701", "v601"], ["v702", "?"]]


# -- remove7


def remove(checkout: Checkout) -> str:
    done = checkout.f07("remove7", "--variant", "v701")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_variant_with_a_child_stays(checkout: Checkout) -> None:
    child = checkout.root / "executions" / "08_monitor" / "v801"
    child.mkdir(parents=True)
    (child / "params.yaml").write_text("parent_variant_f07: v701\n")
    before = checkout.tree()
    done = checkout.f07("remove7", "--variant", "v701")
    assert (done.returncode, done.stderr) == (2, "ERROR: v701 is not removed: made of it is 08_monitor/v801.\n")
    assert checkout.tree() == before


def test_a_removal_can_be_repeated_from_wherever_it_stopped(checkout: Checkout) -> None:
    assert checkout.f07("variant7", "--variant", "v702", "--parent", "v601").returncode == 0
    for left in ("metadata", "logs", "folder"):  # each stop leaves more to an end
        if left == "metadata":
            (checkout.variant / "07_deployrun_metadata.json").unlink()
        if left == "logs":
            shutil.rmtree(checkout.variant / "logs")
        if left == "folder":
            shutil.rmtree(checkout.variant)
        again = Checkout(Path(shutil.copytree(checkout.root, checkout.root.with_name(left))))
        assert "the entry of v701 removed" in remove(again)
        assert not again.variant.exists()
        registry = (again.root / "executions" / "07_deployrun" / "variants.yaml").read_text()
        assert "v701" not in registry
        assert "v702" in registry
    done = again.f07("remove7", "--variant", "v701")
    assert (done.returncode, done.stderr) == (
        2,
        "ERROR: there is no variant v701: neither folder nor entry in executions/07_deployrun/variants.yaml.\n",
    )


@pytest.mark.parametrize("linked", [".", "logs"])
def test_links_are_removed_and_not_followed(checkout: Checkout, tmp_path: Path, linked: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(checkout.variant / linked, elsewhere)
    (checkout.variant / linked).symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    remove(checkout)
    assert before
    assert sorted(elsewhere.rglob("*")) == before
    assert not checkout.variant.is_symlink()
    assert not checkout.variant.exists()
