"""What a script takes from a finished run, and what it is told where the run is not as it was left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Checkout
from pytest_f07 import F07Error, Run, list_runs, read_run

FOLDER = "executions/07_deployrun/v701"
METRICS = "metrics/metrics_per_model.csv"
LOG = "logs/raw_predictions.parquet"
NAMES = ("feeder_overload", "inverter_trip", "inverter_trip.cnn")


def test_a_run_says_what_was_validated_and_what_it_wrote(checkout: Checkout) -> None:
    run = read_run("v701", checkout.root)
    assert (run.variant, run.package, run.outcome, run.models) == ("v701", "v601", "passed", NAMES)
    assert run.datasets == ("v401", "v402")
    assert repr(run) == f"<Run v701 of package v601: passed, models {', '.join(NAMES)}>"
    assert run.path("report/report.html") == checkout.variant / "report" / "report.html"
    assert run.metadata == checkout.metadata()
    run.metadata["models"].clear()
    assert run.models == NAMES
    assert run.failures.empty
    assert list(run.failures.columns) == ["prediction_name", "code", "message"]


def test_predictions_with_their_labels_are_what_the_metrics_count(checkout: Checkout) -> None:
    run = read_run("v701", checkout.root)
    metrics, rows = run.metrics, run.predictions(labels=True)
    assert tuple(metrics.index) == run.models
    assert len(rows) == run.metadata["counts"]["predictions"]
    for name in run.models:
        own = run.predictions(model=name, labels=True).dropna(subset="label")
        assert set(own.dataset) == {run.metadata["models"][name]["model"]["dataset"]}
        for key, label, y_pred in (("TP", 1, 1), ("TN", 0, 0), ("FP", 0, 1), ("FN", 1, 0)):
            assert ((own.label == label) & (own.y_pred == y_pred)).sum() == metrics.loc[name, key] > 0
            chosen = (rows.prediction_name == name) & (rows.label == label) & (rows.y_pred == y_pred)
            assert chosen.sum() == metrics.loc[name, key]


def test_predictions_of_a_model_or_a_dataset_are_the_same_in_batches(checkout: Checkout) -> None:
    run = read_run("v701", checkout.root)
    rows = run.predictions(model="inverter_trip", dataset="v402")
    assert (set(rows.prediction_name), set(rows.dataset)) == ({"inverter_trip"}, {"v402"})
    assert rows.row.tolist() == list(range(run.metadata["counts"]["rows"]["v402"]))
    assert (str(rows.y_pred.dtype), str(rows.y_prob.dtype), str(rows.row.dtype)) == ("int8", "float32", "int64")
    batches = list(run.prediction_batches(dataset="v402"))
    assert sum(batch.num_rows for batch in batches) == len(rows) * len(run.models)
    assert batches[0].schema.names == ["window", "prediction_name", "y_pred", "y_prob", "dataset", "row"]


MISTAKES: dict[str, tuple[Callable[[Run], object], str]] = {
    "labels by name": (
        lambda run: run.predictions(labels="inverter_trip"),  # type: ignore[arg-type]
        "labels is 'inverter_trip'; it must be True or False.",
    ),
    "a number": (
        lambda run: run.compare(700),  # type: ignore[arg-type]
        "compare=700: name a run like v701, v701@REVISION or path/to/project:v701; ",
    ),
    "a model": (lambda run: run.predictions(model="trip"), f"model is 'trip'; v701 has {', '.join(NAMES)}."),
    "a dataset": (lambda run: run.prediction_batches(dataset="v499"), "dataset is 'v499'; v701 has v401, v402."),
    "a file": (lambda run: run.path("../v702"), "v701 has no file '../v702'; it has logs/raw_predictions.csv, "),
}


@pytest.mark.parametrize(("ask", "message"), MISTAKES.values(), ids=MISTAKES)
def test_what_a_run_does_not_have_is_named_with_what_it_has(
    checkout: Checkout, ask: Callable[[Run], object], message: str
) -> None:
    with pytest.raises(F07Error) as caught:
        ask(read_run("v701", checkout.root))
    assert str(caught.value).startswith(message)


# -- a run that is not as it was left


def append(name: str) -> Callable[[Checkout], object]:
    def change(checkout: Checkout) -> None:
        with (checkout.root / name).open("ab") as file:
            file.write(b"\n")

    return change


def forget_the_records(checkout: Checkout) -> None:
    models = checkout.metadata()["models"]
    checkout.change_metadata(models={name: {**model, "model": None} for name, model in models.items()})


def name_another_package(checkout: Checkout) -> None:
    checkout.change_metadata(parent_variant="../../..")


DATASET = "executions/06_packaging/v601/datasets/v402__dataset.parquet"
REFUSED: dict[str, tuple[Callable[[Checkout], object], Callable[[Run], object] | None, str]] = {
    "no metadata": (
        lambda checkout: (checkout.variant / "07_deployrun_metadata.json").unlink(),
        None,
        f"{FOLDER}/07_deployrun_metadata.json is not there: no run of v701 was completed. ",
    ),
    "a file removed": (
        lambda checkout: (checkout.variant / LOG).unlink(),
        None,
        f"v701 is not as its run left it: {FOLDER}/{LOG} is missing. ",
    ),
    "the parameters": (
        lambda checkout: (checkout.variant / "params.yaml").write_text("parent_variant_f06: v601\n"),
        None,
        f"v701 is not as its run left it: {FOLDER}/params.yaml has changed since the run. ",
    ),
    "the metrics": (
        append(f"{FOLDER}/{METRICS}"),
        lambda run: run.metrics,
        f"v701 is not as its run left it: {FOLDER}/{METRICS} has changed since the run. Put that right, or run it "
        "again: make script7-run VARIANT=v701",
    ),
    "the log": (
        append(f"{FOLDER}/{LOG}"),
        lambda run: run.predictions(),
        f"v701 is not as its run left it: {FOLDER}/{LOG} has changed since the run. ",
    ),
    "labels": (
        append(DATASET),
        lambda run: run.predictions(labels=True),
        f"{DATASET}: is not a readable parquet file",
    ),
    "no dataset": (
        lambda checkout: (checkout.root / DATASET).unlink(),
        lambda run: run.predictions(labels=True),
        f"{DATASET}: no such file",
    ),
    "another dataset": (
        lambda checkout: shutil.copy(checkout.root / DATASET.replace("v402", "v401"), checkout.root / DATASET),
        lambda run: run.predictions(labels=True),
        f"{DATASET} has changed since the run of v701: its labels are not those that the metrics were counted with. ",
    ),
    "an older version's metadata": (
        forget_the_records,
        lambda run: run.predictions(labels=True),
        "v701 was run by a version that did not record each model's own dataset, so its labels cannot be had. ",
    ),
    "a package outside": (
        name_another_package,
        lambda run: run.predictions(labels=True),
        "parent_variant of v701 is '../../..'; it must be 'v' and at least three digits, like v701.",
    ),
}


@pytest.mark.parametrize(("spoil", "ask", "message"), REFUSED.values(), ids=REFUSED)
def test_a_run_that_is_incomplete_or_altered_is_refused_by_name_at_the_first_access(
    checkout: Checkout, spoil: Callable[[Checkout], object], ask: Callable[[Run], object] | None, message: str
) -> None:
    spoil(checkout)
    if ask is None:
        with pytest.raises(F07Error) as caught:
            read_run("v701", checkout.root)
    else:
        run = read_run("v701", checkout.root)
        with pytest.raises(F07Error) as caught:
            ask(run)
    assert str(caught.value).startswith(message)


def test_a_changed_file_does_not_hinder_what_does_not_read_it(checkout: Checkout) -> None:
    append(f"{FOLDER}/{METRICS}")(checkout)
    run = read_run("v701", checkout.root)
    assert len(run.predictions(model="inverter_trip", dataset="v401")) == run.metadata["counts"]["rows"]["v401"]


def test_failures_are_rows(checkout: Checkout) -> None:
    failures = [{"code": "F07-INFER", "message": "no."}, {"code": "F07-WORSE", "message": "it fell."}]
    models = checkout.metadata()["models"]
    models["inverter_trip"]["failures"] = failures
    checkout.change_metadata(models=models)
    assert read_run("v701", checkout.root).failures.values.tolist() == [
        ["inverter_trip", "F07-INFER", "no."],
        ["inverter_trip", "F07-WORSE", "it fell."],
    ]


# -- where the runs are


def test_the_project_is_the_nearest_above_or_the_one_that_is_named(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(checkout.variant)
    assert read_run("v701").path(METRICS).is_file()
    monkeypatch.chdir(tmp_path)
    assert list_runs(project=checkout.root.name) == ["v701"]
    with pytest.raises(F07Error, match=f"^{tmp_path} is no project: it has no folder executions/"):
        read_run("v701", project=tmp_path)


def test_only_complete_runs_are_listed_in_the_order_of_their_numbers(checkout: Checkout) -> None:
    assert list_runs(checkout.root) == ["v701"]
    for name in ("v1000", "v702"):
        folder = checkout.variant.with_name(name)
        shutil.copytree(checkout.variant, folder)
        path = folder / "07_deployrun_metadata.json"
        path.write_text(json.dumps({**checkout.metadata(), "variant": name}))
    (checkout.variant / "07_deployrun_metadata.json").write_text(json.dumps({"stage": "07_deployrun"}))
    assert list_runs(checkout.root) == ["v702", "v1000"]
