"""Give each logged prediction the label that its model's metrics are counted against."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.variant.dataset import UNLABELLED, Y_COLUMN, Dataset, labels_of
from pytest_f07.windows import Int8Array


class OwnLabels:
    """The labels of each model's own dataset; a prediction of another dataset has none.

    :param owners: the own dataset of each model, by prediction_name.
    :param open_dataset: opens a dataset by its name; asked once for each whose labels are wanted.
    """

    def __init__(self, owners: Mapping[str, str], open_dataset: Callable[[str], Dataset]) -> None:
        self._names = pa.array(owners.keys(), pa.string())
        self._datasets = list(dict.fromkeys(owners.values()))
        self._owners = np.array([self._datasets.index(dataset) for dataset in owners.values()])
        self._open_dataset = open_dataset
        self._labels: dict[str, Int8Array] = {}

    def take(self, batch: pa.RecordBatch) -> pa.Array:
        """Return the label of each row of a batch of the log, int8; null where it has none."""
        models = pc.index_in(batch.column("prediction_name"), self._names).to_numpy()
        datasets = pc.index_in(batch.column("dataset"), pa.array(self._datasets, pa.string()))
        places = pc.fill_null(datasets, -1).to_numpy()
        is_own, rows = self._owners[models] == places, batch.column("row").to_numpy()
        labels = np.full(batch.num_rows, UNLABELLED, np.int8)
        for place in np.unique(places[is_own]).tolist():
            chosen = is_own & (places == place)
            labels[chosen] = self._read(self._datasets[place])[rows[chosen]]
        return pa.array(labels, pa.int8(), mask=labels == UNLABELLED)

    def _read(self, name: str) -> Int8Array:
        """Return the labels of a dataset; the log has the rows of one after those of the other, so one is kept."""
        if name not in self._labels:
            blocks = self._open_dataset(name).blocks([Y_COLUMN])
            labels = np.concatenate([labels_of(block.column(Y_COLUMN)) for block in blocks])
            self._labels = {name: labels}
        return self._labels[name]
