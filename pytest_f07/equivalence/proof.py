"""Compare the log with the oracle, and with itself where windows repeat, row by row, shard by shard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from pytest_f07.equivalence.cause import Block, Cases
from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.index import WindowIndex
from pytest_f07.equivalence.repeats import Repeats
from pytest_f07.equivalence.tolerance import tie_of, tolerance_of
from pytest_f07.log.reader import LogReader
from pytest_f07.replay.shards import Shard, replay_block_rows
from pytest_f07.variant.dataset import X_COLUMN
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array


@dataclass(frozen=True)
class Expectation:
    """The scores that the log is compared with.

    :param index: the distinct windows.
    :param oracle: their scores, ``[windows, models]``; None where the oracle was not asked.
    :param tolerance: of the scores of every model; None: by its precision.
    :param batch_size: rows that were sent at once.
    """

    index: WindowIndex
    oracle: Float32Array | None
    tolerance: float | None
    batch_size: int


@dataclass
class Proof:
    """The comparison of consecutive rows of the log.

    :param equivalences: with the oracle, by prediction_name.
    :param repeats: with equal windows.
    """

    equivalences: dict[str, Equivalence]
    repeats: Repeats

    @classmethod
    def empty(cls, models: Sequence[Model], expectation: Expectation) -> Proof:
        """Return the comparison of no rows."""
        is_asked = expectation.oracle is not None
        equivalences = {
            model.prediction_name: Equivalence(
                model.threshold,
                tolerance_of(model, expectation.tolerance),
                tie_of(model, expectation.tolerance),
                with_oracle=is_asked,
                asked=len(expectation.index) if is_asked else 0,
                cases=Cases(models, column, expectation.batch_size) if is_asked else None,
            )
            for column, model in enumerate(models)
        }
        tolerances = {model.prediction_name: tie_of(model, expectation.tolerance) for model in models}
        return cls(equivalences, Repeats(len(expectation.index), tolerances))

    def merge(self, later: Proof) -> None:
        """Add the comparison of later rows."""
        for name, equivalence in self.equivalences.items():
            equivalence.merge(later.equivalences[name])
        self.repeats.merge(later.repeats)

    def results(self) -> dict[str, Equivalence]:
        """Return the differences of each model from the oracle and from itself, by prediction_name."""
        faults = self.repeats.faults()
        return {name: replace(equivalence, repeats=faults[name]) for name, equivalence in self.equivalences.items()}


def prove_log(parquet: Path, shards: Sequence[Shard], models: Sequence[Model], expectation: Expectation) -> Proof:
    """Compare the whole log."""
    with LogReader(parquet, len(models)) as log:
        return prove_shards(log, shards, models, expectation)


def prove_shards(log: LogReader, shards: Sequence[Shard], models: Sequence[Model], expectation: Expectation) -> Proof:
    """Compare consecutive shards.

    :param log: read up to the first row of the first shard.
    """
    proof = Proof.empty(models, expectation)
    for shard in shards:
        first_row = shard.first_row
        blocks = shard.dataset.blocks(
            [X_COLUMN], replay_block_rows(expectation.batch_size), shard.first_row, shard.rows
        )
        for batch in blocks:
            _compare_block(proof, expectation, shard.dataset.source_f04, first_row, batch.column(0), log)
            first_row += len(batch)
    return proof


def _compare_block(
    proof: Proof, expectation: Expectation, dataset: str, first_row: int, windows: pa.Array, log: LogReader
) -> None:
    logged = log.take(len(windows))
    # A log that lost rows ends early, which is a fault of its own.
    places = expectation.index.places(windows)[: len(logged)]
    [known] = np.nonzero(places >= 0)
    rows, y_pred, y_prob = first_row + known, logged.y_pred[known], logged.y_prob[known]
    # Where there are labels alone, equal windows must have equal labels.
    repeated = y_prob if logged.has_scores else y_pred.astype(np.float32)
    proof.repeats.add(dataset, rows, places[known], repeated)
    for column, equivalence in enumerate(proof.equivalences.values()):
        equivalence.emissions += len(logged)
        if expectation.oracle is not None:
            scores = expectation.oracle[places[known]]
            logged_scores = y_prob[:, column] if logged.has_scores else None
            wrong = equivalence.compare(dataset, rows, y_pred[:, column], logged_scores, scores[:, column])
            if wrong.any() and equivalence.cases:
                block = Block(dataset, first_row, rows, windows.take(pa.array(known)))
                equivalence.cases.add(block, y_prob, scores, wrong)
