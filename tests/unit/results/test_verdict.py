"""What is said of a model: a sentence and a stable code for each failure, all of them at once, and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.equivalence.process import OracleModel
from pytest_f07.equivalence.repeats import RepeatFault
from pytest_f07.results.audit import DatasetStats, ModelAudit
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.identity import ServedModel
from pytest_f07.results.metric_table import values
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.verdict import Verdict, broken, judge
from tests.unit.small_run import model

OWN = DatasetStats(windows=1200)
SOUND = ModelAudit("v402", emissions=1500, smallest=0.1, largest=0.9, datasets={"v402": OWN})
COUNTED = Metrics("a", tp=1000, tn=100, no_ref_pred_0=300, seen_elsewhere=100)
AGREEING = Equivalence(0.5, windows=1500, emissions=1500, largest_difference=4e-6, smallest_distance=0.1)
LOADED = ServedModel("e" * 64, "e" * 64, [], needs_a_code=False)


class FixedFault(InferCheck):
    """A sample that found ``said``."""

    def __init__(self, said: str | None) -> None:
        super().__init__({"a": 0.5}, {})
        self.said = said

    def fault(self, prediction_name: str) -> str | None:
        return self.said


def verdict(
    found: ModelAudit = SOUND,
    metrics: Metrics = COUNTED,
    loaded: ServedModel = LOADED,
    log_fault: str | None = None,
    infer_fault: str | None = None,
    required: Mapping[str, float] = MappingProxyType({}),
    equivalence: Equivalence = AGREEING,
) -> Verdict:
    log = LogCounts({"a": metrics}, {"a": found}, log_fault)
    return judge(model("a", "v402"), loaded, log, FixedFault(infer_fault), required, equivalence)


def not_numbers(own: int, **counts: int) -> ModelAudit:
    """Scores of the own dataset that are not numbers, among other counts."""
    return replace(SOUND, datasets={"v402": replace(OWN, non_finite=own)}, **counts)


def test_a_sound_model_passes_without_a_word() -> None:
    found = verdict()
    assert (found.failures, found.warnings, found.text) == ([], [], "")
    assert found.row() == {"prediction_name": "a", **values(COUNTED.counts(SOUND))}
    met = verdict(required={"precision": 1.0, "recall": 0.5}, equivalence=AGREEING)
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
        {"found": not_numbers(1200, non_finite=1200), "loaded": WEIGHTS},
        "1,200 of 1,200 scores of its own dataset v402 are not numbers; the weights of layer 'dense_12' are NaN or "
        "infinite. Train it again (a masked embedding trained on empty windows does this).",
    ),
    "NONFINITE layers": (
        {
            "found": not_numbers(2, non_finite=3),
            "loaded": replace(LOADED, broken_layers=["a", "b"]),
        },
        "2 of 1,200 scores of its own dataset v402 are not numbers; the weights of layers 'a', 'b' are NaN or "
        "infinite. Train it again (a masked embedding trained on empty windows does this).",
    ),
    "NONFINITE mask": (
        {"found": not_numbers(1, non_finite=1), "loaded": replace(LOADED, needs_a_code=True)},
        "1 of 1,200 scores of its own dataset v402 is not a number; the model pools over a mask, and a window without "
        "a known code leaves nothing to pool. Train it without mask_zero, or keep such windows out of its dataset.",
    ),
    "NONFINITE overflow": (
        {"found": not_numbers(1, non_finite=1)},
        "1 of 1,200 scores of its own dataset v402 is not a number; its weights are numbers, so the scores overflow on "
        "the way. Train it again with smaller weights.",
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
        "equal windows have unequal scores: 2 of 300 repeated windows have another score than the equal window before; "
        "the first: v402 row 7: why.",
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
    everything["found"] = not_numbers(1, wrong_pred=1, non_finite=1)
    everything["metrics"] = Metrics("a")
    everything["loaded"] = FAILURES["IDENTITY"][0]["loaded"]
    everything["required"] = {"precision": 0.5, "recall": 0.75}
    # nothing is labelled, so nothing can be required: REQUIRED is not said on top of UNLABELLED
    codes = [failure.code.removeprefix("F07-") for failure in verdict(**everything).failures]
    assert codes == ["IDENTITY", "EMISSIONS", "INFER", "BOOKS", "UNLABELLED", "THRESHOLD", "NONFINITE", "REPEAT"]
    everything["metrics"] = Metrics("a", fp=1)
    codes = [failure.code.removeprefix("F07-") for failure in verdict(**everything).failures]
    assert codes[3:] == ["BOOKS", "THRESHOLD", "NONFINITE", "REPEAT", "REQUIRED", "REQUIRED"]


def test_the_other_ways_of_asking_are_told() -> None:
    assert broken("a", "no").asked_again == {}
    found = replace(
        verdict(
            equivalence=Equivalence(0.5, asked=700, windows=1024, emissions=1024, wrong=3, smallest_distance=0.015)
        ),
        asked_alone=32,
    )
    assert found.asked_again == {
        "asked alone (/infer)": "32", "answered otherwise": "0", "proven": "100 %", "distinct windows asked": "700",
        "oracle says otherwise": "3", "largest difference": "0", "nearest to the threshold": "0.015", "tie": "2e-06",
    }  # fmt: skip
    nothing = replace(verdict(equivalence=Equivalence(0.5, with_oracle=False, emissions=9)), asked_alone=32).asked_again
    assert [nothing[key] for key in ("largest difference", "nearest to the threshold")] == ["–", "–"]
    assert nothing["proven"] == "not proven"


def test_no_number_elsewhere_and_a_constant_are_warnings() -> None:
    found = verdict(replace(SOUND, non_finite=1100))
    assert (found.failures, found.warnings) == ([], ["1,100 scores of other datasets are not numbers"])
    assert found.row()["non_finite"] == 1100
    assert verdict(replace(SOUND, smallest=0.25, largest=0.25)).warnings == ["every window has the same score, 0.25"]
    assert verdict(replace(SOUND, emissions=1, smallest=0.25, largest=0.25)).warnings == []


def test_a_run_that_broke_says_so_of_every_model_and_has_no_row() -> None:
    found = broken("a", "the server died at v402 row 5,120")
    assert found.text == "F07-BROKEN  a: not validated: the server died at v402 row 5,120."
    assert found.row() == {}


@pytest.mark.parametrize(
    ("oracle", "said"),
    [
        (OracleModel(0.5, 1, "f" * 64), "read another file (sha256): eeeeeeeeeeee… and ffffffffffff…. Was "),
        (OracleModel(0.25, 1, "e" * 64), "read another threshold: 0.5 and 0.25. Was "),
        (OracleModel(0.5, 6, "e" * 64), "read another number of codes in the vocabulary: 1 and 6. Was "),
    ],
)
def test_run_and_oracle_must_have_read_the_same(oracle: OracleModel, said: str) -> None:
    [failure] = verdict(loaded=replace(LOADED, oracle=oracle)).failures
    assert failure.code == "F07-IDENTITY"
    assert said in failure.sentence
    assert verdict(loaded=replace(LOADED, oracle=OracleModel(0.5, 1, "e" * 64))).failures == []


def test_a_run_in_which_nothing_was_compared_does_not_pass() -> None:
    [failure] = verdict(equivalence=Equivalence(0.5, emissions=9)).failures
    assert (failure.code, "nothing is proven" in failure.sentence) == ("F07-EQUIVALENCE", True)
    assert verdict(equivalence=Equivalence(0.5, with_oracle=False, emissions=9)).failures == []
