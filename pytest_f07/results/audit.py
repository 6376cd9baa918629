"""Hold the log against the datasets and against itself: is every emission there once, is every row what it says?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.replay.log import window_text
from pytest_f07.results.predictions import LoggedRows
from pytest_f07.variant.dataset import X_COLUMN, Dataset
from pytest_f07.variant.package import Model


@dataclass
class ModelAudit:
    """What the log holds of one model.

    :param emissions: rows of the log.
    :param non_finite: scores that are NaN, over all emissions; ``own_non_finite`` of the model's own dataset.
    :param own_rows: emissions of the model's own dataset.
    :param wrong_pred: rows whose y_pred is not what y_prob and the threshold say; ``example`` is the first.
    :param least: the smallest and ``most`` the largest score that is a number.
    """

    emissions: int = 0
    non_finite: int = 0
    own_non_finite: int = 0
    own_rows: int = 0
    wrong_pred: int = 0
    example: str = ""
    least: float = np.inf
    most: float = -np.inf

    @property
    def constant(self) -> bool:
        """Whether one and the same score answers every window."""
        return self.emissions > 1 and self.non_finite == 0 and self.least == self.most


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
    found = {name: ModelAudit() for name in names}
    columns = ["window", "prediction_name", "y_pred", "y_prob", "dataset", "row"]
    with LoggedRows(parquet, columns) as log:
        fault = None
        emissions = sum(dataset.rows for dataset in datasets) * len(models)
        if log.rows != emissions:
            fault = f"the log has {log.rows:,} rows; {emissions:,} predictions were asked for"
        for dataset in datasets:
            first = 0
            for block in dataset.blocks([X_COLUMN]):
                rows = log.take(block.num_rows * len(models))
                fault = fault or _compare(rows, block.column(0), dataset, first, names)
                for index, model in enumerate(models):
                    mine = {column: rows[column].to_numpy()[index :: len(models)] for column in ("y_pred", "y_prob")}
                    _account(found[model.prediction_name], model, dataset, first, mine["y_pred"], mine["y_prob"])
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
