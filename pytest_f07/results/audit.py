"""Hold the log against the datasets and against itself: is every emission there once, is every row what it says?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.log.reader import LoggedRows
from pytest_f07.log.writer import window_text
from pytest_f07.results.scores import Block, Scores
from pytest_f07.variant.dataset import X_COLUMN, Y_COLUMN, Dataset, labels_of
from pytest_f07.variant.package import Model


@dataclass
class Seen:
    """What one model met in one dataset.

    :param empty: windows without any code.
    :param unknown: of all ``codes`` those outside the model's vocabulary.
    """

    windows: int = 0
    empty: int = 0
    codes: int = 0
    unknown: int = 0
    predicted_1: int = 0
    non_finite: int = 0


@dataclass
class ModelAudit:
    """What the log holds of one model.

    :param emissions: rows of the log.
    :param non_finite: scores that are NaN, over all emissions; ``own_non_finite`` of the model's own dataset.
    :param own_rows: emissions of the model's own dataset.
    :param wrong_pred: rows whose y_pred is not what y_prob and the threshold say; ``example`` is the first.
    :param least: the smallest and ``most`` the largest score that is a number.
    :param seen: by dataset.
    :param own: the model's own dataset in ``seen``.
    :param scores: of the model's own dataset, for the report.
    """

    emissions: int = 0
    non_finite: int = 0
    own_non_finite: int = 0
    own_rows: int = 0
    wrong_pred: int = 0
    example: str = ""
    least: float = np.inf
    most: float = -np.inf
    seen: dict[str, Seen] = field(default_factory=dict)
    own: Seen = field(default_factory=Seen)
    scores: Scores = field(default_factory=Scores)

    @property
    def constant(self) -> bool:
        """Whether one and the same score answers every window."""
        return self.emissions > 1 and self.non_finite == 0 and self.least == self.most

    def shares(self) -> dict[str, float]:
        """Of the own dataset: codes that the model does not know, and windows without any."""
        own = self.own
        return {
            "unknown_codes": own.unknown / own.codes if own.codes else 0.0,
            "empty_windows": own.empty / own.windows if own.windows else 0.0,
        }


@dataclass(frozen=True)
class Audit:
    """The log as found.

    :param models: by prediction_name.
    :param fault: the first place where the log is not the datasets, row for row; None where it is.
    """

    models: dict[str, ModelAudit]
    fault: str | None


def audit(parquet: Path, datasets: Sequence[Dataset], models: Sequence[Model]) -> Audit:
    """Read the log once, whole, beside the datasets."""
    names = [model.prediction_name for model in models]
    found = {model.prediction_name: ModelAudit(scores=Scores(model.threshold)) for model in models}
    columns = ["window", "prediction_name", "y_pred", "y_prob", "dataset", "row"]
    with LoggedRows(parquet, columns) as log:
        fault = None
        emissions = sum(dataset.rows for dataset in datasets) * len(models)
        if log.rows != emissions:
            fault = f"the log has {log.rows:,} rows; {emissions:,} predictions were asked for"
        for dataset in datasets:
            first = 0
            for block in dataset.blocks([X_COLUMN, Y_COLUMN]):
                windows, labels = block.column(X_COLUMN), labels_of(block.column(Y_COLUMN))
                rows = log.take(block.num_rows * len(models))
                fault = fault or _compare(rows, windows, dataset, first, names)
                met = _meet(windows, models)
                for index, model in enumerate(models):
                    mine = {column: rows[column].to_numpy()[index :: len(models)] for column in ("y_pred", "y_prob")}
                    y_pred, y_prob = np.ascontiguousarray(mine["y_pred"]), np.ascontiguousarray(mine["y_prob"])
                    one = found[model.prediction_name]
                    _account(one, model, dataset, first, y_pred, y_prob)
                    is_own = dataset.source_f04 == model.source_f04
                    seen = one.seen.setdefault(dataset.source_f04, one.own if is_own else Seen())
                    _add(seen, met[index], y_pred, y_prob)
                    if is_own and len(y_prob) == len(labels):
                        one.scores.add(Block(first, windows, labels, y_pred, y_prob))
                first += block.num_rows
    return Audit(found, fault)


def _compare(rows: pa.Table, windows: pa.Array, dataset: Dataset, first: int, names: list[str]) -> str | None:
    """The first difference between the log's rows and what should stand there."""
    each = np.repeat(np.arange(len(windows)), len(names))
    expected = {
        "row": pa.array(each + first),
        "dataset": pa.repeat(pa.scalar(dataset.source_f04), len(each)),
        "prediction_name": pa.array(names, pa.string()).take(pa.array(np.tile(np.arange(len(names)), len(windows)))),
        "window": window_text(windows).take(pa.array(each)),
    }
    for column, values in expected.items():
        logged = rows[column].combine_chunks()
        if not logged.equals(values):
            wrong = next((i for i, (a, b) in enumerate(zip(logged, values, strict=False)) if a != b), len(logged))
            found = logged[wrong].as_py() if wrong < len(logged) else "missing"
            place = f"{dataset.source_f04} row {first + int(each[wrong]):,}"
            return f"the log's {column} at {place} is {found!r}; it must be {values[wrong].as_py()!r}"
    return None


def _account(
    found: ModelAudit, model: Model, dataset: Dataset, first: int, y_pred: npt.NDArray[np.int8],
    y_prob: npt.NDArray[np.float32],
) -> None:  # fmt: skip
    not_numbers = ~np.isfinite(y_prob)
    found.emissions += len(y_prob)
    found.non_finite += int(not_numbers.sum())
    if dataset.source_f04 == model.source_f04:
        found.own_rows += len(y_prob)
        found.own_non_finite += int(not_numbers.sum())
    wrong = y_pred != (y_prob >= np.float32(model.threshold))
    if wrong.any() and not found.wrong_pred:
        row = int(wrong.argmax())
        found.example = f"{dataset.source_f04} row {first + row:,}: y_pred {y_pred[row]}, y_prob {y_prob[row]}"
    found.wrong_pred += int(wrong.sum())
    if not not_numbers.all():
        found.least = min(found.least, float(np.nanmin(y_prob)))
        found.most = max(found.most, float(np.nanmax(y_prob)))


def _meet(windows: pa.Array, models: Sequence[Model]) -> list[Seen]:
    """What each model meets in a block; each distinct code is looked up once in each vocabulary."""
    met = pc.value_counts(windows.flatten())
    codes = met.field("values").cast(pa.int64()).to_numpy()
    counts = met.field("counts").to_numpy()
    empty = int(pc.sum(pc.equal(pc.list_value_length(windows), 0)).as_py() or 0)
    unknown: dict[tuple[int, ...], int] = {}
    for model in models:
        vocabulary = model.vectorization.vocabulary
        if vocabulary not in unknown:
            known = np.isin(codes, np.array(vocabulary, np.int64))
            unknown[vocabulary] = int(counts[~known].sum())
    whole = int(counts.sum())
    return [Seen(len(windows), empty, whole, unknown[model.vectorization.vocabulary]) for model in models]


def _add(seen: Seen, met: Seen, y_pred: npt.NDArray[np.int8], y_prob: npt.NDArray[np.float32]) -> None:
    seen.windows += met.windows
    seen.empty += met.empty
    seen.codes += met.codes
    seen.unknown += met.unknown
    seen.predicted_1 += int(np.count_nonzero(y_pred))
    seen.non_finite += int(np.count_nonzero(~np.isfinite(y_prob)))
