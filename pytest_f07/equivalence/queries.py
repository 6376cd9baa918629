"""Ask the oracle while the replay runs: about each model's sample, once its own dataset is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future

import numpy as np
import pyarrow as pa

from pytest_f07.equivalence.process import Oracle
from pytest_f07.equivalence.sampler import RowScores, WindowSampler
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model
from pytest_f07.windows import BatchResult, Float32Array

BLOCK_ROWS = 8192


class OracleQueries:
    """The queries to the oracle.

    :param infer_rows: by dataset, the rows that are asked about through ``/infer`` too.
    """

    def __init__(
        self,
        oracle: Oracle,
        models: Sequence[Model],
        datasets: Sequence[Dataset],
        infer_rows: Mapping[str, Sequence[int]],
    ) -> None:
        self._oracle, self._models = oracle, models
        self._rows = {dataset.source_f04: dataset.rows for dataset in datasets}
        self._samplers = {
            model.prediction_name: WindowSampler(
                model, self._rows[model.source_f04], infer_rows.get(model.source_f04, [])
            )
            for model in models
        }
        self._pending: list[BatchResult] = []
        self.answers: dict[str, tuple[RowScores, Future[Float32Array]]] = {}

    def add(self, batch: BatchResult) -> None:
        """Consider a batch; at the end of a dataset, ask about the models that were trained from it."""
        self._pending.append(batch)
        end = batch.first_row + len(batch.windows)
        is_last = end == self._rows[batch.dataset]
        if is_last or end - self._pending[0].first_row >= BLOCK_ROWS:
            self._sample(batch.dataset, self._pending)
            self._pending = []
        if is_last:
            for model in self._models:
                if model.source_f04 == batch.dataset:
                    scores = self._samplers.pop(model.prediction_name).sample()
                    answer = self._oracle.ask(model.prediction_name, scores.rows.tolist())
                    self.answers[model.prediction_name] = scores, answer

    def _sample(self, dataset: str, batches: Sequence[BatchResult]) -> None:
        windows = pa.concat_arrays([batch.windows for batch in batches])
        rows = np.arange(batches[0].first_row, batches[0].first_row + len(windows))
        for column, model in enumerate(self._models):
            if model.source_f04 == dataset:
                y_pred = np.concatenate([batch.predictions.y_pred[:, column] for batch in batches])
                y_prob = np.concatenate([batch.predictions.y_prob[:, column] for batch in batches])
                self._samplers[model.prediction_name].add(windows, RowScores(rows, y_pred, y_prob))
