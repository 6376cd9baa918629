"""Compare the whole log with the oracle, and with itself where windows repeat, row by row, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pytest_f07.equivalence.cause import Cases
from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.index import WindowIndex
from pytest_f07.equivalence.repeats import Repeats
from pytest_f07.equivalence.tolerance import tie_width
from pytest_f07.log.reader import LogReader
from pytest_f07.variant.dataset import X_COLUMN, Dataset
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array


@dataclass(frozen=True)
class Yardstick:
    """What the log is held against.

    :param oracle: the scores of the index's windows, ``[windows, models]``; None where the oracle was not asked.
    :param tolerance: of the scores of every model; None: by its precision.
    :param batch_size: rows that were sent at once.
    """

    index: WindowIndex
    oracle: Float32Array | None
    tolerance: float | None
    batch_size: int

    def tolerance_of(self, model: Model) -> float:
        """Return how far a score may be from the oracle's."""
        return model.tolerance if self.tolerance is None else self.tolerance

    def tie_of(self, model: Model) -> float:
        """Return how far scores of equal windows may be apart, and how near to the threshold a label is a tie."""
        return tie_width(model.tolerance) if self.tolerance is None else self.tolerance


def prove_log(
    parquet: Path, models: Sequence[Model], datasets: Sequence[Dataset], yardstick: Yardstick
) -> dict[str, Equivalence]:
    """Return the differences of the log from the oracle, and from itself where windows repeat, by prediction_name."""
    index, oracle = yardstick.index, yardstick.oracle
    repeats = Repeats(len(index), {model.prediction_name: yardstick.tie_of(model) for model in models})
    results = {
        name: Equivalence(
            model.threshold,
            yardstick.tolerance_of(model),
            yardstick.tie_of(model),
            oracle is not None,
            0 if oracle is None else len(index),
            repeats=repeats.faults[name],
        )
        for model in models
        for name in [model.prediction_name]
    }
    cases = [Cases(models, column, yardstick.batch_size) for column in range(len(models))]
    with LogReader(parquet, len(models)) as log:
        for dataset in datasets:
            first_row = 0
            for batch in dataset.blocks([X_COLUMN]):
                block = log.take(len(batch))
                windows = batch.column(0)
                places = index.places(windows)[: len(block)]
                [there] = np.nonzero(places >= 0)
                rows, places = first_row + there, places[there]
                y_pred, y_prob = block.y_pred[there], block.y_prob[there]
                repeats.add(dataset.source_f04, rows, places, y_prob)
                for column, result in enumerate(results.values()):
                    result.emissions += len(block)
                    if oracle is not None:
                        scores = oracle[places]
                        wrong = result.compare(
                            dataset.source_f04, rows, y_pred[:, column], y_prob[:, column], scores[:, column]
                        )
                        if wrong.any():
                            cases[column].add(
                                dataset.source_f04, there, windows.take(pa.array(there)), y_prob, scores, wrong
                            )
                first_row += len(batch)
    for case, result in zip(cases, results.values(), strict=True):
        result.cause = case.sentence
    return results
