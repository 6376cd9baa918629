"""Index the labelled windows of a package, to know which windows have a label in a model's own dataset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.variant.dataset import BLOCK_ROWS, UNLABELLED, X_COLUMN, Y_COLUMN, Dataset, labels_of
from pytest_f07.windows import windows_of


class ReferenceIndex:
    """The distinct labelled windows of all datasets from which a model was trained, each once, in memory.

    :param datasets: of the package; where there is only one, no window is looked up.
    :param owners: the source_f04 of the datasets that have a model.
    """

    def __init__(self, datasets: Sequence[Dataset], owners: Iterable[str]) -> None:
        self._columns = {name: column for column, name in enumerate(dict.fromkeys(owners))}
        own = {}
        if len(datasets) > 1:
            own = {
                dataset.source_f04: _labelled_windows(dataset)
                for dataset in datasets
                if dataset.source_f04 in self._columns
            }
        self._windows: pa.Array = pc.unique(pa.concat_arrays([pa.array([], pa.large_binary()), *own.values()]))
        # The last row stands for every window that is not there.
        self._labelled_in = np.zeros((len(self._windows) + 1, len(self._columns)), bool)
        for name, windows in own.items():
            self._labelled_in[pc.index_in(windows, self._windows).to_numpy(), self._columns[name]] = True

    def __len__(self) -> int:
        """Return the number of distinct windows."""
        return len(self._windows)

    def labelled_in(self, windows: Sequence[pa.Array]) -> dict[str, npt.NDArray[np.bool_]]:
        """Return by dataset whether it has a labelled row with each window, bool ``[windows]``.

        Arrow hashes the whole index anew at each call: ask about as many windows as it holds.

        :param windows: list arrays, one after another.
        """
        keys = pa.concat_arrays([pa.array([], pa.large_binary()), *map(window_keys, windows)])
        places = pc.index_in(keys, self._windows)
        rows = self._labelled_in[pc.fill_null(places, len(self._windows)).to_numpy()]
        return {name: rows[:, column] for name, column in self._columns.items()}


def _labelled_windows(dataset: Dataset) -> pa.Array:
    """Return the keys of the distinct windows of the labelled rows."""
    distinct = pa.array([], pa.large_binary())
    pending: list[pa.Array] = []
    for block in dataset.blocks([X_COLUMN, Y_COLUMN]):
        labelled = labels_of(block.column(Y_COLUMN)) != UNLABELLED
        pending.append(window_keys(block.column(X_COLUMN)).filter(pa.array(labelled)))
        if sum(map(len, pending)) > max(BLOCK_ROWS, len(distinct)):
            distinct, pending = pc.unique(pa.concat_arrays([distinct, *pending])), []
    return pc.unique(pa.concat_arrays([distinct, *pending]))


def window_keys(windows: pa.Array) -> pa.Array:
    """Return each window's codes as bytes: equal keys are equal windows, whatever integer type a file has."""
    decoded = windows_of(windows)
    buffers = [
        None,
        pa.py_buffer(decoded.offsets * decoded.codes.itemsize),
        pa.py_buffer(np.ascontiguousarray(decoded.codes)),
    ]
    return pa.Array.from_buffers(pa.large_binary(), len(decoded), buffers)
