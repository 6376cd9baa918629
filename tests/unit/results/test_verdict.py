"""What is said of a model: a sentence and a stable code for each failure, all of them at once, and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.infer import Sampled
from pytest_f07.results.audit import Audit, ModelAudit
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.verdict import Loaded, Verdict, broken, judge
from tests.unit.small_run import model

SOUND = ModelAudit(emissions=1500, own_rows=1200, least=0.1, most=0.9)
COUNTED = Metrics("a", tp=1000, tn=100, no_ref_pred_0=300, seen_elsewhere=100)
LOADED = Loaded("e" * 64, "e" * 64, [], needs_a_code=False)


class Says(Sampled):
    """A sample that found ``said``."""

    def __init__(self, said: str | None) -> None:
        super().__init__({"a": 0.5})
        self.said = said

    def fault(self, prediction_name: str) -> str | None:
        return self.said


def verdict(
    found: ModelAudit = SOUND,
    metrics: Metrics = COUNTED,
    loaded: Loaded = LOADED,
    log_fault: str | None = None,
    infer_fault: str | None = None,
    required: Mapping[str, float] = MappingProxyType({}),
    equivalence: Equivalence | None = None,
) -> Verdict:
    audit = Audit({"a": found}, log_fault)
    return judge(model("a", "v402"), loaded, audit, metrics, Says(infer_fault), required, equivalence)


def test_a_sound_model_passes_without_a_word() -> None:
    found = verdict()
    assert (found.failures, found.warnings, found.text) == ([], [], "")
    more = {"non_finite": 0, "base_rate": 1000 / 1100, "unknown_codes": 0.0, "empty_windows": 0.0}
    assert found.row() == {**COUNTED.row(), **more}
    agreeing = Equivalence(windows=1024, largest_difference=4e-6, least_distance=0.1)
    met = verdict(required={"precision": 1.0, "recall": 0.5}, equivalence=agreeing)
    assert (met.failures, met.warnings, met.text) == ([], [], "")


WEIGHTS = replace(LOADED, broken_layers=["dense_12"])
FAILURES = {
    "IDENTITY": (
        {"loaded": replace(LOADED, sha256="f" * 64)},
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
    "UNLABELLED": (
        {"metrics": Metrics("a", no_ref_pred_1=1500)},
        "none of the 1,200 rows of its own dataset v402 is labelled, so there is nothing to compare with. "
        "Label the dataset (F04) and package it again.",
    ),
    "THRESHOLD": (
        {"found": replace(SOUND, wrong_pred=1234, example="v402 row 1,000: y_pred 0, y_prob 0.5")},
        "y_pred is not y_prob >= 0.5 in 1,234 of 1,500 rows; the first: v402 row 1,000: y_pred 0, y_prob 0.5.",
    ),
    "NONFINITE": (
        {"found": replace(SOUND, non_finite=1200, own_non_finite=1200), "loaded": WEIGHTS},
        "1,200 of 1,200 scores of its own dataset v402 are not numbers; the weights of layer 'dense_12' are NaN or "
        "infinite. Train it again (a masked embedding trained on empty windows does this).",
    ),
    "NONFINITE layers": (
        {
            "found": replace(SOUND, non_finite=3, own_non_finite=2),
            "loaded": replace(LOADED, broken_layers=["a", "b"]),
        },
        "2 of 1,200 scores of its own dataset v402 are not numbers; the weights of layers 'a', 'b' are NaN or "
        "infinite. Train it again (a masked embedding trained on empty windows does this).",
    ),
    "NONFINITE mask": (
        {"found": replace(SOUND, non_finite=1, own_non_finite=1), "loaded": replace(LOADED, needs_a_code=True)},
        "1 of 1,200 scores of its own dataset v402 are not numbers; the model pools over a mask, and a window without "
        "a known code leaves nothing to pool. Train it without mask_zero, or keep such windows out of its dataset.",
    ),
    "NONFINITE overflow": (
        {"found": replace(SOUND, non_finite=1, own_non_finite=1)},
        "1 of 1,200 scores of its own dataset v402 are not numbers; its weights are numbers, so the scores overflow on "
        "the way. Train it again with smaller weights.",
    ),
    "EQUIVALENCE": (
        {
            "equivalence": Equivalence(
                windows=1024, largest_difference=0.25, differing=1001, flipped=12, example="the first: v402 row 0: why"
            )
        },
        "the runtime does not say what F05 would have said: 1,001 of 1,024 windows differ by up to 0.25, 12 of them in "
        "the label; the first: v402 row 0: why.",
    ),
    "REQUIRED": (
        {"metrics": replace(COUNTED, tp=500, fn=500), "required": {"precision": 1.0, "recall": 0.75}},
        "its recall is 0.5000; params.yaml requires at least 0.75.",
    ),
    "REQUIRED nearly": (
        {
            "found": replace(SOUND, emissions=1_000_000),
            "metrics": Metrics("a", tp=799_999, fn=200_001),
            "required": {"recall": 0.8},
        },
        "its recall is 0.799999; params.yaml requires at least 0.8.",
    ),
}


@pytest.mark.parametrize(("case", "found"), FAILURES.items(), ids=FAILURES)
def test_each_failure_has_its_code_and_its_sentence(case: str, found: tuple[dict, str]) -> None:
    given, sentence = found
    [failure] = verdict(**given).failures
    assert failure.code == f"F07-{case.split()[0]}"
    assert failure.sentence == sentence
    assert verdict(**given).text == f"{failure.code}  a: {sentence}"


def test_all_that_is_wrong_is_said_at_once() -> None:
    everything = {key: value for given, _ in FAILURES.values() for key, value in given.items()}
    everything["found"] = replace(SOUND, wrong_pred=1, own_non_finite=1, non_finite=1)
    everything["metrics"] = Metrics("a")
    everything["loaded"] = FAILURES["IDENTITY"][0]["loaded"]
    everything["required"] = {"precision": 0.5, "recall": 0.75}
    # nothing is labelled, so nothing can be required: REQUIRED is not said on top of UNLABELLED
    codes = [failure.code.removeprefix("F07-") for failure in verdict(**everything).failures]
    assert codes == ["IDENTITY", "EMISSIONS", "INFER", "BOOKS", "UNLABELLED", "THRESHOLD", "NONFINITE", "EQUIVALENCE"]
    everything["metrics"] = Metrics("a", fp=1)
    codes = [failure.code.removeprefix("F07-") for failure in verdict(**everything).failures]
    assert codes[3:] == ["BOOKS", "THRESHOLD", "NONFINITE", "EQUIVALENCE", "REQUIRED", "REQUIRED"]


def test_the_other_ways_of_asking_are_told() -> None:
    assert broken("a", "no").asked_again == {}
    found = replace(verdict(equivalence=Equivalence(windows=1024, differing=3, least_distance=0.015)), asked_alone=32)
    assert found.asked_again == {
        "asked alone (/infer)": "32", "answered otherwise": "0", "asked of the oracle": "1,024",
        "oracle says otherwise": "3", "largest difference": "0", "nearest to the threshold": "0.015",
    }  # fmt: skip
    nothing = replace(verdict(equivalence=Equivalence()), asked_alone=32).asked_again
    assert [nothing[key] for key in ("largest difference", "nearest to the threshold")] == ["–", "–"]
    assert len(replace(verdict(), asked_alone=32).asked_again) == 2


def test_no_number_elsewhere_and_a_constant_are_warnings() -> None:
    found = verdict(replace(SOUND, non_finite=1100))
    assert (found.failures, found.warnings) == ([], ["1,100 scores of other datasets are not numbers"])
    assert found.row()["non_finite"] == 1100
    assert verdict(replace(SOUND, least=0.25, most=0.25)).warnings == ["every window has the same score, 0.25"]
    assert verdict(replace(SOUND, emissions=1, least=0.25, most=0.25)).warnings == []


def test_scores_outside_of_0_and_1_are_a_warning() -> None:
    assert verdict(replace(SOUND, least=-3.25, most=0.75)).warnings == [
        "its scores run from -3.25 to 0.75, not from 0 to 1: it ends in no sigmoid, and 0.5 is compared with "
        "them as they are"
    ]


def test_half_precision_says_how_far_scores_may_be_apart() -> None:
    half = replace(model("a", "v402"), precision="float16")
    told = judge(half, LOADED, Audit({"a": SOUND}, None), COUNTED, Says(None), {}, None).warnings
    assert told == ["it computes in float16: scores count as equal up to 0.002 apart"]


def test_a_run_that_broke_says_so_of_every_model_and_has_no_row() -> None:
    found = broken("a", "the server died at v402 row 5,120")
    assert found.text == "F07-BROKEN  a: not validated: the server died at v402 row 5,120."
    assert found.row() == {}
