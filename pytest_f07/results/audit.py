"""Audit the log: each emission stands in it once, and each y_pred follows from y_prob and threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.results.non_finite import NonFiniteWindows
from pytest_f07.results.scores import Scores
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array, Int8Array, window_text


@dataclass
class DatasetStats:
    """Counts of the windows and answers of one model in one dataset.

    :param empty: windows without any code.
    :param unknown: of all ``codes`` those outside the model's vocabulary.
    """

    windows: int = 0
    empty: int = 0
    codes: int = 0
    unknown: int = 0
    predicted_1: int = 0
    non_finite: int = 0

    def merge(self, other: DatasetStats) -> None:
        """Add the counts of other rows."""
        for count in fields(self):
            setattr(self, count.name, getattr(self, count.name) + getattr(other, count.name))


@dataclass
class ModelAudit:
    """The counts of one model in the log.

    :param own_dataset: the source_f04 of the dataset that the model was trained from.
    :param emissions: rows of the log.
    :param non_finite: scores that are NaN, over all emissions.
    :param has_scores: False where the server gave labels alone.
    :param wrong_pred: rows whose y_pred does not follow from y_prob and the threshold; ``example`` is the first.
    :param smallest: of the scores that are numbers; ``largest`` too.
    :param datasets: by source_f04.
    :param scores: of the model's own dataset, for the report.
    :param non_finite_windows: which windows have scores that are not numbers, by source_f04.
    """

    own_dataset: str = ""
    emissions: int = 0
    non_finite: int = 0
    has_scores: bool = True
    wrong_pred: int = 0
    example: str = ""
    smallest: float = np.inf
    largest: float = -np.inf
    datasets: dict[str, DatasetStats] = field(default_factory=dict)
    scores: Scores = field(default_factory=Scores)
    non_finite_windows: dict[str, NonFiniteWindows] = field(default_factory=dict)

    @property
    def own(self) -> DatasetStats:
        """Return the counts of its own dataset."""
        return self.datasets.get(self.own_dataset, DatasetStats())

    @property
    def constant(self) -> bool:
        """Return whether every window has the same score."""
        return self.has_scores and self.emissions > 1 and self.non_finite == 0 and self.smallest == self.largest

    def count(
        self,
        stats: DatasetStats,
        threshold: float,
        place: tuple[str, int],
        y_pred: Int8Array,
        y_prob: Float32Array | None,
    ) -> None:
        """Count consecutive rows of one dataset.

        :param stats: the rows as :func:`window_stats` counts them.
        :param place: the dataset and the row number of the first row.
        :param y_prob: None where there are labels alone.
        """
        non_finite = 0
        if y_prob is None:
            self.has_scores = False
        else:
            non_finite = self._count_scores(threshold, place, y_pred, y_prob)
        self.emissions += len(y_pred)
        self.non_finite += non_finite
        self.datasets.setdefault(place[0], DatasetStats()).merge(
            DatasetStats(
                stats.windows, stats.empty, stats.codes, stats.unknown, int(np.count_nonzero(y_pred)), non_finite
            )
        )

    def _count_scores(self, threshold: float, place: tuple[str, int], y_pred: Int8Array, y_prob: Float32Array) -> int:
        """Count the scores, and return how many of them are not numbers."""
        dataset, first_row = place
        not_numbers = ~np.isfinite(y_prob)
        wrong = y_pred != (y_prob >= np.float32(threshold))
        if wrong.any() and not self.wrong_pred:
            row = int(wrong.argmax())
            self.example = f"{dataset} row {first_row + row:,}: y_pred {y_pred[row]}, y_prob {y_prob[row]}"
        self.wrong_pred += int(wrong.sum())
        if not not_numbers.all():
            self.smallest = min(self.smallest, float(np.nanmin(y_prob)))
            self.largest = max(self.largest, float(np.nanmax(y_prob)))
        return int(np.count_nonzero(not_numbers))

    def add_windows(self, model: Model, place: tuple[str, int], windows: pa.Array, y_prob: Float32Array) -> None:
        """Tell which of consecutive windows have scores that are not numbers.

        :param place: the dataset and the row number of the first row.
        """
        dataset, first_row = place
        [places] = np.nonzero(~np.isfinite(y_prob))
        if len(places):
            vocabulary = np.array(model.vectorization.vocabulary, np.int64)
            kinds = self.non_finite_windows.setdefault(dataset, NonFiniteWindows())
            kinds.add(dataset, first_row + places, windows.take(pa.array(places)), vocabulary)

    def merge(self, later: ModelAudit) -> None:
        """Add the counts of later rows."""
        self.example = self.example or later.example
        self.emissions += later.emissions
        self.non_finite += later.non_finite
        self.has_scores = self.has_scores and later.has_scores
        self.wrong_pred += later.wrong_pred
        self.smallest = min(self.smallest, later.smallest)
        self.largest = max(self.largest, later.largest)
        for dataset, stats in later.datasets.items():
            self.datasets.setdefault(dataset, DatasetStats()).merge(stats)
        self.scores.merge(later.scores)
        for dataset, windows in later.non_finite_windows.items():
            self.non_finite_windows.setdefault(dataset, NonFiniteWindows()).merge(windows)


def first_difference(
    rows: pa.Table, windows: pa.Array, dataset: str, first_row: int, names: Sequence[str]
) -> str | None:
    """Return the first place where a row of the log differs from the expected one; None where none does.

    :param rows: of the log, one for each window and model.
    :param windows: the windows of the dataset from ``first_row`` on, a list array.
    """
    window_numbers = np.repeat(np.arange(len(windows)), len(names))
    expected = {
        "row": pa.array(window_numbers + first_row),
        "dataset": pa.repeat(pa.scalar(dataset), len(window_numbers)),
        "prediction_name": pa.array(names, pa.string()).take(pa.array(np.tile(np.arange(len(names)), len(windows)))),
        "window": window_text(windows).take(pa.array(window_numbers)),
    }
    for column, values in expected.items():
        logged = rows[column].combine_chunks()
        if not logged.equals(values):
            wrong = next((i for i, (a, b) in enumerate(zip(logged, values, strict=False)) if a != b), len(logged))
            value = logged[wrong].as_py() if wrong < len(logged) else "missing"
            place = f"{dataset} row {first_row + int(window_numbers[wrong]):,}"
            return f"the log's {column} at {place} is {value!r}; it must be {values[wrong].as_py()!r}"
    return None


def window_stats(windows: pa.Array, models: Sequence[Model]) -> list[DatasetStats]:
    """Return the counts of ``windows`` for each model; each distinct code is looked up once in each vocabulary."""
    code_counts = pc.value_counts(windows.flatten())
    codes = code_counts.field("values").cast(pa.int64()).to_numpy()
    counts = code_counts.field("counts").to_numpy()
    empty = int(pc.sum(pc.equal(pc.list_value_length(windows), 0)).as_py() or 0)
    unknown: dict[tuple[int, ...], int] = {}
    for model in models:
        vocabulary = model.vectorization.vocabulary
        if vocabulary not in unknown:
            known = np.isin(codes, np.array(vocabulary, np.int64))
            unknown[vocabulary] = int(counts[~known].sum())
    total = int(counts.sum())
    return [DatasetStats(len(windows), empty, total, unknown[model.vectorization.vocabulary]) for model in models]
