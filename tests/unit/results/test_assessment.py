"""How far metrics can be relied on: the sentences and the record of one model."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pytest_f07.results.assessment import Assessment, assess
from pytest_f07.results.blocks import Neighbours, OwnBlocks
from pytest_f07.results.formulas import wilson_interval
from pytest_f07.results.scores import Scores
from tests.unit.small_run import model

CELLS = np.random.default_rng(1).multinomial(60, [0.9, 0.04, 0.03, 0.03], 100)
BLOCKS = OwnBlocks(60, CELLS, Neighbours(5999, 4100))
SUMMARY = {
    "test_metrics": {"confusion_matrix": [[195, 26], [29, 70]], "precision": 70 / 96},
    "split_sizes": {"train": 1500, "test": 320},
}


def make(blocks: OwnBlocks = BLOCKS, assumed: bool = False) -> Assessment:
    return assess(replace(model("a", "v402"), summary=SUMMARY), blocks.total, Scores(), blocks, assumed)


def test_the_sentences_of_a_model() -> None:
    f05, training, dependence = make().sentences
    assert f05.startswith("Precision is 0.464 here ")
    assert training.startswith("F05 trained it on 1,500 windows, 25.0% of the labelled rows here")
    assert dependence.startswith(
        "Consecutive windows overlap: 4,100 of 5,999 pairs of neighbours are equal. Rows are not independent, and "
        "Wilson's intervals are too narrow. Resampling blocks of 60 rows (OW + LT + PW or more) gives precision 0."
    )
    assert "(assumed, for the package does not give OW, LT and PW)" in make(assumed=True).sentences[2]


def test_blocks_that_differ_have_a_wider_interval_than_wilsons() -> None:
    runs = np.concatenate([np.tile([40, 0, 0, 20], (20, 1)), np.tile([40, 20, 0, 0], (20, 1))])
    interval = make(OwnBlocks(60, runs, Neighbours(9, 9))).intervals["precision"]
    low, high = wilson_interval(400, 800)
    assert interval is not None
    assert interval[0] < low - 0.05 < high + 0.05 < interval[1]


def test_too_few_blocks_have_no_interval() -> None:
    assessment = make(replace(BLOCKS, counts=CELLS[:9]))
    assert set(assessment.intervals.values()) == {None}
    assert assessment.sentences[-1].endswith("9 blocks of 60 rows are too few for better ones.")


def test_a_dataset_of_one_row_has_no_neighbours() -> None:
    assert not any("neighbours" in sentence for sentence in make(OwnBlocks(60, CELLS[:1])).sentences)


@pytest.mark.parametrize("blocks", [BLOCKS, replace(BLOCKS, counts=CELLS[:9]), OwnBlocks.empty(60, 0, 0)])
def test_the_record_is_json(blocks: OwnBlocks) -> None:
    record = json.loads(json.dumps(make(blocks).document(), allow_nan=False))
    assert record["equal_neighbours"]["of"] == blocks.neighbours.pairs
    assert record["intervals"]["blocks"] == len(blocks.counts)
    assert {"precision", "recall", "f1", "mcc"} <= record["intervals"].keys()


def test_a_precision_that_is_not_f05s_is_worth_knowing() -> None:
    f05_holds = replace(BLOCKS, counts=np.tile([530, 70, 3, 7], (10, 1)))
    assert make(f05_holds).remarks == []
    [remark] = make(replace(BLOCKS, counts=np.tile([54, 1, 2, 3], (100, 1)))).remarks
    assert remark.startswith("precision is 0.750 here")
    assert remark.endswith("The model was trained on 25.0% of these rows, and may remember them")


def test_an_interval_from_a_value_to_itself_is_not_told() -> None:
    never_1 = make(replace(BLOCKS, counts=np.tile([54, 0, 6, 0], (100, 1))))
    assert never_1.intervals["recall"] == (0, 0)
    assert never_1.remarks == []
    assert never_1.sentences[-1].endswith("Rows are not independent, and Wilson's intervals are too narrow.")
