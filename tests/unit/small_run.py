"""Small runs for tests: any datasets, models and scores, with the log that a replay writes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from pytest_f07.log import writer
from pytest_f07.log.reader import LogReader
from pytest_f07.log.schema import SCHEMA
from pytest_f07.replay.shards import cut_shards
from pytest_f07.results import counting, references
from pytest_f07.results.counting import CountedShards
from pytest_f07.results.run_result import RunResult
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project
from pytest_f07.vectorize import Vectorization
from pytest_f07.windows import BatchResult, Predictions

Row = tuple[list[int], int | None]
THRESHOLD = 0.7  # float32 0.7 >= float 0.7 is a trap (traps.md)


@dataclass
class SmallRun:
    """The datasets, models and answers of a run, as plain lists.

    :param rows: window and label of each row of each dataset, in replay order.
    :param owners: the own dataset of each model.
    :param answers: ``(y_pred, y_prob)`` by dataset, row and model.
    """

    rows: dict[str, list[Row]]
    owners: dict[str, str]
    limit: int | None
    answers: dict[str, list[list[tuple[int, float]]]]
    datasets: list[Dataset]
    models: list[Model]
    parquet: Path

    def count(
        self, predictions: int = 10, dependent: int | None = None, order: list[int] | None = None
    ) -> counting.LogCounts:
        """Count the log in shards of so many predictions.

        :param order: the shards that are counted before, each by itself, in this order; those after it as a whole.
        """
        shards = cut_shards(self.datasets, len(self.models), 2, predictions)
        index = references.ReferenceIndex.build(self.datasets, self.owners.values())
        counter, counted = counting.ShardCounter(self.datasets, self.models, index, dependent), CountedShards()
        for number in order or []:
            if number < len(shards):
                first_window = sum(shard.rows for shard in shards[:number])
                with LogReader(self.parquet, len(self.models), tuple(SCHEMA.names), first_window) as log:
                    counted.add(number, pickle.loads(pickle.dumps(counter.count(log, shards[number]))))
        return counting.count_log(self.parquet, shards, self.datasets, self.models, dependent, counted)

    def emissions(self) -> Iterator[tuple[str, list[int], int | None, list[tuple[int, float]]]]:
        """Yield dataset, window, label and answers of each emission, in order."""
        for source, rows in self.rows.items():
            for (window, label), answers in zip(rows[: self.limit], self.answers[source], strict=True):
                yield source, window, label, answers


@st.composite
def runs(draw: st.DrawFn) -> dict[str, object]:
    """Draw the values for :func:`write_run`: few codes, so that windows repeat within and between datasets."""
    codes = st.lists(st.sampled_from([1, 2, -3]), max_size=2)
    sources = ["v402", "v401", "v403"][: draw(st.integers(1, 3))]
    names = ["a", "a__b", "c.d"][: draw(st.integers(1, 3))]
    kinds = st.sampled_from([pa.list_(pa.int32()), pa.large_list(pa.int64()), pa.list_(pa.int8())])
    labels = st.sampled_from([pa.int8(), pa.float64(), pa.float16(), pa.bool_(), pa.uint64()])
    return {
        "rows": {
            source: draw(st.lists(st.tuples(codes, st.sampled_from([0, 1, None])), max_size=9)) for source in sources
        },
        "kinds": [(draw(kinds), draw(labels), draw(st.integers(1, 4))) for _ in sources],
        "owners": {name: draw(st.sampled_from(sources)) for name in names},
        "limit": draw(st.none() | st.integers(1, 6)),
        "seed": draw(st.integers(0, 99)),
    }


def _labels(values: list[int | None], kind: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(kind):
        return pa.array([None if value is None else bool(value) for value in values], kind)
    if pa.types.is_floating(kind):  # not labelled is NaN here, and null in the others
        numbers = np.array([np.nan if value is None else value for value in values])
        return pa.array(numbers.astype(np.float16 if pa.types.is_float16(kind) else np.float64), kind)
    return pa.array(values, kind)


@contextmanager
def write_run(drawn: dict[str, Any], batch_size: int = 3) -> Iterator[SmallRun]:
    """Write the files of a drawn run: datasets of several row groups, and the log."""
    random = np.random.default_rng(drawn["seed"])
    names = tuple(drawn["owners"])
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.setattr(writer, "LOG_ROW_GROUP_ROWS", 5)
        patch.setattr(references, "BLOCK_ROWS", 2)
        patch.setattr(counting, "LOG_BLOCK_ROWS", 3)
        datasets, answers = [], {}
        with writer.PredictionLog(folder / "raw.parquet", folder / "raw.csv", names) as log:
            for (source, rows), (x_type, y_type, group) in zip(drawn["rows"].items(), drawn["kinds"], strict=True):
                windows = pa.array([window for window, _ in rows], x_type)
                table = pa.table({"OW_events": windows, "label": _labels([label for _, label in rows], y_type)})
                path = folder / f"{source}__dataset.parquet"
                pq.write_table(table, path, row_group_size=group)
                datasets.append(Dataset.open(source, path, source, drawn["limit"]))
                windows = windows[: drawn["limit"]]
                scores = np.array([0, 0.25, THRESHOLD, 0.75, np.nan], np.float32)
                y_prob = random.choice(scores, (len(windows), len(names)))
                y_pred = (y_prob >= np.float32(THRESHOLD)).astype(np.int8)
                answers[source] = [
                    [(int(pred), float(prob)) for pred, prob in zip(*row, strict=True)]
                    for row in zip(y_pred, y_prob, strict=True)
                ]
                for first in range(0, len(windows), batch_size):
                    part = slice(first, first + batch_size)
                    predictions = Predictions(names, y_pred[part], y_prob[part])
                    log.add(BatchResult(source, first, windows[part], predictions))
        models = [model(name, source, THRESHOLD) for name, source in drawn["owners"].items()]
        yield SmallRun(
            drawn["rows"], drawn["owners"], drawn["limit"], answers, datasets, models, folder / "raw.parquet"
        )


def run_result(root: Path, verdicts: Mapping[str, Verdict], **values: Any) -> RunResult:
    """Return the result of a run of v701 of package v601 whose server never answered.

    :param root: the project's folder.
    :param values: other values of the result.
    """
    paths, package = Project(root).variant("v701"), Project(root).package("v601")
    manifest = Manifest(Project(root), paths, package, (), (), None, "0" * 64)
    began = datetime(2026, 1, 2, tzinfo=UTC)
    return replace(RunResult(manifest, Params("v601"), (), (), paths, began, verdicts), **values)


def model(name: str, source_f04: str, threshold: float = 0.5) -> Model:
    """Return a model of which only name, dataset and threshold matter."""
    vectorization = Vectorization("dense_bow", (1,), 1)
    return Model(name, "v501", source_f04, Path("not read"), threshold, vectorization, "2.15.0", {})
