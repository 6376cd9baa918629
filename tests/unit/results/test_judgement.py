"""Test the verdict on a model: a sentence and a stable code for each failure, all of them at once, and warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.equivalence.again import AgainCheck
from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.equivalence.process import OracleModel
from pytest_f07.equivalence.repeats import RepeatFault
from pytest_f07.results.audit import DatasetStats, ModelAudit
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.identity import ServedModel
from pytest_f07.results.judgement import judge, judge_all
from pytest_f07.results.metric_table import values
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.non_finite import UNKNOWN, NonFiniteWindows, WindowKind
from pytest_f07.results.verdict import Verdict
from tests.unit.small_run import model, run_result

OWN = DatasetStats(windows=1200, predicted_1=300)
SOUND = ModelAudit("v402", emissions=1500, smallest=0.1, largest=0.9, datasets={"v402": OWN})
COUNTED = Metrics("a", tp=1000, tn=100, no_ref_pred_0=300, seen_elsewhere=100)
AGREEING = Equivalence(0.5, windows=1500, emissions=1500, largest_difference=4e-6, smallest_distance=0.1)
WITHOUT_NUMBER = replace(AGREEING, without_number=Counter(v402=1))
SERVED = ServedModel("e" * 64, "e" * 64, [], needs_a_code=False)


class FixedFault(InferCheck):
    """A check of ``/infer`` with a given fault."""

    def __init__(self, text: str | None) -> None:
        super().__init__([model("a", "v402")], {})
        self.text = text

    def fault(self, prediction_name: str) -> str | None:
        return self.text


def judge_model(
    audit: ModelAudit = SOUND,
    metrics: Metrics = COUNTED,
    served: ServedModel = SERVED,
    log_fault: str | None = None,
    infer_fault: str | None = None,
    required: Mapping[str, float] = MappingProxyType({}),
    equivalence: Equivalence = AGREEING,
    recount_fault: str | None = None,
) -> Verdict:
    """Judge a model that is sound but for what a test gives."""
    log = LogCounts({"a": metrics}, {"a": audit}, log_fault)
    return judge(model("a", "v402"), served, log, FixedFault(infer_fault), required, equivalence, recount_fault)


def non_finite_audit(own: int, total: int, wrong_pred: int = 0, kind: str | None = None) -> ModelAudit:
    """Return the audit of a model with scores that are not numbers, ``own`` of them in its own dataset.

    :param kind: of those windows; None where it was not looked at.
    """
    datasets = {"v402": replace(OWN, non_finite=own)}
    windows = {"v402": NonFiniteWindows({kind: WindowKind(own, 7, "v402 row 7: [90]")})} if kind else {}
    return replace(SOUND, datasets=datasets, non_finite=total, wrong_pred=wrong_pred, non_finite_windows=windows)


def test_a_sound_model_passes_without_a_word() -> None:
    verdict = judge_model()
    assert (verdict.failures, verdict.warnings, verdict.text) == ([], [], "")
    assert verdict.row() == {"prediction_name": "a", **values(COUNTED.counts(SOUND))}
    verdict = judge_model(required={"precision": 1.0, "recall": 0.5}, equivalence=AGREEING)
    assert (verdict.failures, verdict.warnings, verdict.text) == ([], [], "")


WEIGHTS = replace(SERVED, broken_layers=["dense_12"])
FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "IDENTITY": (
        {"served": replace(SERVED, sha256="f" * 64)},
        "the server serves another file (sha256 ffffffffffff…, the package has eeeeeeeeeeee…). "
        "Nothing it answered counts.",
    ),
    "EMISSIONS": (
        {"log_fault": "the log has 9 rows; 8 predictions were asked for"},
        "not every emission was answered exactly once: the log has 9 rows; 8 predictions were asked for.",
    ),
    "INFER": (
        {"infer_fault": "1 of 9 windows differ; v401 row 0: y_pred 1 in the batch, 0 alone"},
        "/infer and /infer_batch disagree: 1 of 9 windows differ; v401 row 0: y_pred 1 in the batch, 0 alone.",
    ),
    "BOOKS": (
        {"metrics": replace(COUNTED, seen_elsewhere=99)},
        "the books do not balance: 1,100 reference rows + 300 without reference + 99 known windows of other datasets "
        "are not the 1,500 emissions.",
    ),
    "RECOUNT": (
        {"recount_fault": "TP is 1; counted again from the log it is 2"},
        "two counts of the log disagree: TP is 1; counted again from the log it is 2. One of them is wrong, so no "
        "metric of this run counts. Run it again; if it stays, report it with the log.",
    ),
    "UNLABELLED": (
        {"metrics": Metrics("a", no_ref_pred_1=1500)},
        "none of the 1,200 rows of its own dataset v402 is labelled, so there is nothing to compare with. "
        "Label the dataset (F04) and package it again.",
    ),
    "THRESHOLD": (
        {"audit": replace(SOUND, wrong_pred=1234, example="v402 row 1,000: y_pred 0, y_prob 0.5")},
        "y_pred is not y_prob >= 0.5 in 1,234 of 1,500 rows; the first: v402 row 1,000: y_pred 0, y_prob 0.5.",
    ),
    "NONFINITE": (
        {"audit": non_finite_audit(1200, 1200), "served": WEIGHTS, "equivalence": WITHOUT_NUMBER},
        "1,200 of 1,200 scores of its own dataset v402 are not numbers; the weights of layer 'dense_12' are NaN or "
        "infinite. Train it again (a masked embedding trained on empty windows does this).",
    ),
    "NONFINITE layers": (
        {
            "audit": non_finite_audit(2, 3),
            "served": replace(SERVED, broken_layers=["a", "b"]),
            "equivalence": WITHOUT_NUMBER,
        },
        "2 of 1,200 scores of its own dataset v402 are not numbers; the weights of layers 'a', 'b' are NaN or "
        "infinite. Train it again (a masked embedding trained on empty windows does this).",
    ),
    "NONFINITE mask": (
        {
            "audit": non_finite_audit(1, 1, kind=UNKNOWN),
            "served": replace(SERVED, needs_a_code=True),
            "equivalence": WITHOUT_NUMBER,
        },
        "1 of 1,200 scores of its own dataset v402 is not a number (1 window of unknown codes alone, as v402 row 7: "
        "[90]); the model pools over a mask, and a window without a known code leaves nothing to pool. Train it "
        "without mask_zero, or keep such windows out of its dataset.",
    ),
    "NONFINITE overflow": (
        {"audit": non_finite_audit(1, 1), "equivalence": WITHOUT_NUMBER},
        "1 of 1,200 scores of its own dataset v402 is not a number; its weights are numbers, so the scores overflow on "
        "the way. Train it again with smaller weights.",
    ),
    "NONFINITE of the server alone": (
        {
            "audit": non_finite_audit(5, 5),
            "served": WEIGHTS,
            "equivalence": replace(WITHOUT_NUMBER, missing=Counter(v402=4, v401=9)),
        },
        "5 of 1,200 scores of its own dataset v402 are not numbers; the oracle gives a number to 4 of 5 such windows, "
        "so the server is wrong there, not the model. Run it again; if it stays, report it with runtime/server.log.",
    ),
    "NONFINITE without the oracle": (
        {"audit": non_finite_audit(1, 1), "served": WEIGHTS, "equivalence": replace(AGREEING, with_oracle=False)},
        "1 of 1,200 scores of its own dataset v402 is not a number; the oracle was not asked about them. The server "
        "says of itself: the weights of layer 'dense_12' are NaN or infinite. Train it again (a masked embedding "
        "trained on empty windows does this). To know whether it is right, run with equivalence: full.",
    ),
    "EQUIVALENCE": (
        {
            "equivalence": Equivalence(
                0.5, windows=1024, largest_difference=0.25, wrong=1001, clear_flips=12, example="v402 row 0: why"
            )
        },
        "the runtime does not say what F05 would have said: 1,001 of 1,024 windows differ by up to 0.25, 12 of them in "
        "the label; the first: v402 row 0: why.",
    ),
    "REPEAT": (
        {"equivalence": replace(AGREEING, repeats=RepeatFault(300, 2, "v402 row 7: why"))},
        "equal windows have unequal scores: 2 of 300 repeated windows have unequal scores; the first: v402 row 7: why.",
    ),
    "REQUIRED": (
        {"metrics": replace(COUNTED, tp=500, fn=500), "required": {"precision": 1.0, "recall": 0.75}},
        "its recall is 0.5000 on 1,000 rows labelled 1; params.yaml requires at least 0.75.",
    ),
    "REQUIRED nearly": (
        {
            "audit": replace(SOUND, emissions=1_000_000),
            "metrics": Metrics("a", tp=799_999, fn=200_001),
            "required": {"recall": 0.8},
        },
        "its recall is 0.799999 on 1,000,000 rows labelled 1; params.yaml requires at least 0.8.",
    ),
}


@pytest.mark.parametrize(("case", "failure_case"), FAILURES.items(), ids=FAILURES)
def test_each_failure_has_its_code_and_its_sentence(case: str, failure_case: tuple[dict[str, Any], str]) -> None:
    given, sentence = failure_case
    [failure] = judge_model(**given).failures
    assert failure.code == f"F07-{case.split()[0]}"
    assert failure.sentence == sentence
    assert judge_model(**given).text == f"{failure.code}  a: {sentence}"


def test_all_that_is_wrong_is_said_at_once() -> None:
    everything = {key: value for given, _ in FAILURES.values() for key, value in given.items()}
    everything["audit"] = non_finite_audit(1, 1, wrong_pred=1)
    everything["metrics"] = Metrics("a")
    everything["served"] = FAILURES["IDENTITY"][0]["served"]
    everything["required"] = {"precision": 0.5, "recall": 0.75}
    # nothing is labelled, so nothing can be required: REQUIRED is not said on top of UNLABELLED
    codes = [failure.code.removeprefix("F07-") for failure in judge_model(**everything).failures]
    assert codes == [
        "IDENTITY",
        "EMISSIONS",
        "INFER",
        "BOOKS",
        "UNLABELLED",
        "RECOUNT",
        "THRESHOLD",
        "NONFINITE",
        "REPEAT",
    ]
    everything["metrics"] = Metrics("a", fp=1)
    codes = [failure.code.removeprefix("F07-") for failure in judge_model(**everything).failures]
    assert codes[3:] == ["BOOKS", "RECOUNT", "THRESHOLD", "NONFINITE", "REPEAT", "REQUIRED", "REQUIRED"]


def test_no_number_elsewhere_and_a_constant_are_warnings() -> None:
    verdict = judge_model(replace(SOUND, non_finite=1100))
    assert (verdict.failures, verdict.warnings) == (
        [],
        [
            "1,100 scores of other datasets are not numbers: the oracle was not asked about them. The server says of "
            "itself: its weights are numbers, so the scores overflow on the way. Train it again with smaller weights. "
            "To know whether it is right, run with equivalence: full"
        ],
    )
    assert verdict.row()["non_finite"] == 1100
    assert judge_model(replace(SOUND, smallest=0.25, largest=0.25)).warnings == [
        "every window has the same score, 0.25"
    ]
    assert judge_model(replace(SOUND, emissions=1, smallest=0.25, largest=0.25)).warnings == []


def test_scores_outside_of_0_and_1_are_a_warning() -> None:
    assert judge_model(replace(SOUND, smallest=-3.25, largest=0.75)).warnings == [
        "its scores run from -3.25 to 0.75, not from 0 to 1: it ends in no sigmoid, and 0.5 is compared with "
        "them as they are"
    ]


def test_half_precision_says_how_far_scores_may_be_apart() -> None:
    half = replace(model("a", "v402"), precision="float16")
    told = judge(half, SERVED, LogCounts({"a": COUNTED}, {"a": SOUND}), FixedFault(None), {}, AGREEING).warnings
    assert told == ["it computes in float16: scores count as equal up to 0.002 apart"]


@pytest.mark.parametrize(
    ("oracle", "text"),
    [
        (OracleModel(0.5, 1, "f" * 64), "read another file (sha256): eeeeeeeeeeee… and ffffffffffff…. Was "),
        (OracleModel(0.25, 1, "e" * 64), "read another threshold: 0.5 and 0.25. Was "),
        (OracleModel(0.5, 6, "e" * 64), "read another number of codes in the vocabulary: 1 and 6. Was "),
    ],
)
def test_run_and_oracle_must_have_read_the_same(oracle: OracleModel, text: str) -> None:
    [failure] = judge_model(served=replace(SERVED, oracle=oracle)).failures
    assert failure.code == "F07-IDENTITY"
    assert text in failure.sentence
    assert judge_model(served=replace(SERVED, oracle=OracleModel(0.5, 1, "e" * 64))).failures == []


def test_a_run_in_which_nothing_was_compared_does_not_pass() -> None:
    [failure] = judge_model(equivalence=Equivalence(0.5, emissions=9)).failures
    assert (failure.code, "nothing is proven" in failure.sentence) == ("F07-EQUIVALENCE", True)
    assert judge_model(equivalence=Equivalence(0.5, with_oracle=False, emissions=9)).failures == []


def test_each_model_is_judged_by_what_was_found_of_it(tmp_path: Path) -> None:
    manifest = run_result(tmp_path, {}).manifest
    models = []
    for name in ("a", "b"):
        folder = manifest.package.model_folder(f"{name}__m")
        folder.mkdir(parents=True)
        (folder / "model.h5").write_bytes(b"file")
        models.append(replace(model(name, "v401"), folder=folder))
    verdicts = judge_all(
        manifest,
        run_result(tmp_path, {}).params,
        models,
        {},
        Provides(),
        LogCounts.empty(models),
        InferCheck(models, {}),
        AgainCheck(models),
        {"a": Equivalence(0.5, windows=1), "b": Equivalence(0.5, windows=1, wrong=1)},
        None,
        {"a": "TP is 1 and 2"},
    )
    codes = {name: {failure.code for failure in verdict.failures} for name, verdict in verdicts.items()}
    assert list(codes) == ["a", "b"]
    assert {"F07-RECOUNT"} == codes["a"] - codes["b"]
    assert {"F07-EQUIVALENCE"} == codes["b"] - codes["a"]
    assert not any("explain7" in failure.sentence for failure in verdicts["a"].failures)


def differing(dataset: str) -> Equivalence:
    """Return a comparison that finds row 9 of a dataset wrong."""
    equivalence = Equivalence(0.5, windows=1)
    scores = np.array([0.1, 0.9], np.float32), np.array([0.1, 0.1], np.float32)
    equivalence.compare(dataset, np.array([3, 9]), np.zeros(2, np.int8), *scores)
    return equivalence


OFFERS = {
    "its own dataset": ("F07-EQUIVALENCE", differing("v402"), SOUND, "ROW=9"),
    "another dataset": ("F07-EQUIVALENCE", differing("v403"), SOUND, "DATASET=v403 ROW=9"),
    "no number": ("F07-NONFINITE", differing("v403"), non_finite_audit(1, 1, kind=UNKNOWN), "ROW=7"),
    "no number anywhere": ("F07-NONFINITE", AGREEING, non_finite_audit(1200, 1200), "ROW=0"),
}


@pytest.mark.parametrize(("code", "equivalence", "audit", "place"), OFFERS.values(), ids=OFFERS)
def test_a_failure_that_a_layer_causes_offers_to_explain_its_first_row(
    tmp_path: Path, code: str, equivalence: Equivalence, audit: ModelAudit, place: str
) -> None:
    manifest = run_result(tmp_path, {}).manifest
    folder = manifest.package.model_folder("a__m")
    folder.mkdir(parents=True)
    (folder / "model.h5").write_bytes(b"file")
    models = [replace(model("a", "v402"), folder=folder)]
    params, log = run_result(tmp_path, {}).params, LogCounts({"a": COUNTED}, {"a": audit})
    checks = InferCheck(models, {}), AgainCheck(models), {"a": equivalence}
    [verdict] = judge_all(manifest, params, models, {}, Provides(), log, *checks, None, {}).values()
    [failure] = [failure for failure in verdict.failures if failure.code == code]
    assert failure.sentence.endswith(f" To see it layer by layer: make explain7 VARIANT=v701 MODEL=a {place}")
