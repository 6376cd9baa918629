"""Count confusion and predictions without reference of each model (specification §5), from log and labels.

Metrics come only from the labelled rows of a model's own dataset. An emission of another dataset has no reference
unless its window, the same codes in the same order, stands among those rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.formulas import Counts
from pytest_f07.variant.dataset import UNLABELLED
from pytest_f07.windows import Int8Array


@dataclass
class Metrics:
    """The counts of one model, added up block by block; its metrics follow from them (:mod:`metric_table`).

    :param seen_elsewhere: emissions of other datasets whose window is among the labelled rows of the own dataset.
    :param no_ref: emissions without reference that were predicted 1 and 0, by dataset.
    """

    prediction_name: str
    tp: int = 0
    tn: int = 0
    fp: int = 0
    fn: int = 0
    no_ref_pred_1: int = 0
    no_ref_pred_0: int = 0
    seen_elsewhere: int = 0
    no_ref: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def referenced(self) -> int:
        """Return the number of labelled rows of the own dataset."""
        return self.tp + self.tn + self.fp + self.fn

    @property
    def no_ref_total(self) -> int:
        """Return the number of emissions without reference."""
        return self.no_ref_pred_1 + self.no_ref_pred_0

    @property
    def emissions(self) -> int:
        """Return the sum of the counts; the accounting balances where it equals the emissions in the log."""
        return self.referenced + self.no_ref_total + self.seen_elsewhere

    def counts(self, audit: ModelAudit) -> Counts:
        """Return all counts that the table of metrics asks for.

        :param audit: the counts of the same model in the log.
        """
        own = audit.own
        return Counts(
            tp=self.tp,
            tn=self.tn,
            fp=self.fp,
            fn=self.fn,
            no_ref_pred_1=self.no_ref_pred_1,
            no_ref_pred_0=self.no_ref_pred_0,
            non_finite=audit.non_finite if audit.has_scores else None,
            codes=own.codes,
            unknown_codes=own.unknown,
            windows=own.windows,
            empty_windows=own.empty,
        )

    def count_own(self, dataset: str, labels: Int8Array, y_pred: Int8Array) -> None:
        """Count rows of the own dataset; an unlabelled one has no reference."""
        self.tp += int(np.sum((labels == 1) & (y_pred == 1)))
        self.tn += int(np.sum((labels == 0) & (y_pred == 0)))
        self.fp += int(np.sum((labels == 0) & (y_pred == 1)))
        self.fn += int(np.sum((labels == 1) & (y_pred == 0)))
        self._count_no_ref(dataset, y_pred[labels == UNLABELLED])

    def count_other(self, dataset: str, labelled: npt.NDArray[np.bool_], y_pred: Int8Array) -> None:
        """Count rows of another dataset.

        :param labelled: whether the own dataset has a labelled row with the same window, ``[rows]``.
        """
        self.seen_elsewhere += int(labelled.sum())
        self._count_no_ref(dataset, y_pred[~labelled])

    def _count_no_ref(self, dataset: str, y_pred: Int8Array) -> None:
        ones, zeros = int(np.sum(y_pred == 1)), int(np.sum(y_pred == 0))
        self.no_ref_pred_1 += ones
        self.no_ref_pred_0 += zeros
        self._add_no_ref(dataset, ones, zeros)

    def _add_no_ref(self, dataset: str, ones: int, zeros: int) -> None:
        before = self.no_ref.get(dataset, (0, 0))
        self.no_ref[dataset] = (before[0] + ones, before[1] + zeros)

    def merge(self, other: Metrics) -> None:
        """Add the counts of other rows of the same model."""
        for name in ("tp", "tn", "fp", "fn", "no_ref_pred_1", "no_ref_pred_0", "seen_elsewhere"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for dataset, (ones, zeros) in other.no_ref.items():
            self._add_no_ref(dataset, ones, zeros)


def by_name(rows: Sequence[Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """Return metrics.json: the rows of the CSV by prediction_name, as ``dvc metrics`` reads it."""
    return {
        str(row["prediction_name"]): {key: value for key, value in row.items() if key != "prediction_name"}
        for row in rows
    }


def to_csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Return metrics_per_model.csv, whose floats read back exactly."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: repr(value) if isinstance(value, float) else value for key, value in row.items()} for row in rows
    )
    return text.getvalue().encode()
