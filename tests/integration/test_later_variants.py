"""Later variants of the demo, made by a tool and really run: each sentence of the comparison by plain loops' counts."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from conftest import REPOSITORY, Checkout, make_checkout
from pytest_f07 import read_run
from tests.metadata_schema import schema_errors
from tests.plain_comparison import sentences

pytestmark = pytest.mark.any_version

MODEL = "feeder_overload"
KINDS = {"threshold": "v611", "label": "v612", "again": "v613", "half": "v614"}


@dataclass
class Later:
    """A checkout with v701 and a run of each later variant, compared with it."""

    checkout: Checkout
    variants: dict[str, str]

    def folder(self, kind: str) -> Path:
        return self.checkout.root / "executions" / "07_deployrun" / self.variants[kind]

    def sentences(self, kind: str) -> list[str]:
        sentences: list[str] = self.comparison(kind)["models"][MODEL]["sentences"]
        return sentences

    def comparison(self, kind: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder(kind) / "report" / "comparison.json").read_text())
        return document

    def predictions(self, kind: str, dataset: str) -> list[int]:
        with (self.folder(kind) / "logs" / "raw_predictions.csv").open(newline="") as file:
            return [
                int(row["y_pred"])
                for row in csv.DictReader(file)
                if row["prediction_name"] == MODEL and row["dataset"] == dataset
            ]


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Later:
    checkout = make_checkout(tmp_path_factory.mktemp("later") / "plant")
    (checkout.root / "conftest.py").unlink()  # the real server answers
    packages = checkout.root / "executions" / "06_packaging"
    tool = REPOSITORY / "tools" / "make_later_variants.py"
    line = [sys.executable, str(tool), str(packages / "v601"), MODEL, *KINDS.values()]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert checkout.run().returncode == 0
    variants = {"base": "v701"}
    for number, (kind, package) in enumerate(KINDS.items(), 702):
        variants[kind] = f"v{number}"
        made = checkout.f07("variant7", "--variant", variants[kind], "--parent", package, "--port", "0")
        assert made.returncode == 0, made.stderr
        run = [sys.executable, "-m", "pytest", f"--f07-variant={variants[kind]}", "--f07-compare=v701"]
        assert checkout.call(*run).returncode == 0
    return Later(checkout, variants)


def labels(later: Later, package: str) -> tuple[str, list[int | None]]:
    folder = later.checkout.root / "executions" / "06_packaging" / package
    [summary] = (
        document
        for path in folder.glob("models/*/model_summary.json")
        if (document := json.loads(path.read_text()))["prediction_name"] == MODEL
    )
    source = summary["parent_variant"]
    return source, pq.read_table(folder / "datasets" / f"{source}__dataset.parquet")["label"].to_pylist()


@pytest.mark.parametrize("kind", KINDS)
def test_the_sentences_are_those_of_plain_loops(later: Later, kind: str) -> None:
    source, label_list = labels(later, KINDS[kind])
    predictions = later.predictions("base", source), later.predictions(kind, source)
    model = later.comparison(kind)["models"][MODEL]
    about = len(model["about"] + model["outcomes"])
    assert model["sentences"][about:] == sentences(label_list, *predictions, model["block_rows"])


def test_a_threshold_that_moved_is_said_and_is_no_evidence_of_a_change(later: Later) -> None:
    assert later.sentences("threshold")[0].startswith("Threshold ")
    assert later.comparison("threshold")["summary"][1].startswith("no evidence of a change in any metric (smallest p")


def test_a_label_that_was_flipped_is_said_and_flips_no_prediction(later: Later) -> None:
    comparison = later.comparison("label")
    source, _ = labels(later, KINDS["label"])
    assert later.sentences("label")[0] == "Another file of its own dataset."
    assert comparison["models"][MODEL]["flips"]["to_1"] == comparison["models"][MODEL]["flips"]["to_0"] == 0
    assert comparison["notes"] == [
        f"Dataset {source}: 1 row is labelled otherwise than in v601; today's labels are taken for both runs."
    ]


@pytest.mark.parametrize("kind", ["again", "half"])
def test_a_model_that_was_trained_again_is_another_file(later: Later, kind: str) -> None:
    assert "Another model file." in later.sentences(kind)[:2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_comparison_after_the_run_is_that_of_the_run(later: Later, kind: str) -> None:
    run = read_run(later.variants[kind], later.checkout.root)
    assert run.compare("v701").document == later.comparison(kind)
    assert schema_errors(run.metadata) == []


def test_the_gate_fails_what_is_worse_than_allowed(later: Later) -> None:
    params = later.folder("half") / "params.yaml"
    shutil.copy(params, params.with_suffix(".kept"))
    params.write_text(f"{params.read_text()}require: {{flips: {{at_most: 0, since: v701}}}}\n")
    done = later.checkout.call(sys.executable, "-m", "pytest", f"--f07-variant={later.variants['half']}")
    assert done.returncode == 1
    assert f"F07-WORSE  {MODEL}: " in done.stdout
    shutil.move(params.with_suffix(".kept"), params)
