"""Index the labelled windows of a package, to know which windows have a label in a model's own dataset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.equivalence.hashing import UInt64Array, window_hashes
from pytest_f07.variant.dataset import BLOCK_ROWS, UNLABELLED, X_COLUMN, Y_COLUMN, Dataset, labels_of
from pytest_f07.windows import Int64Array, windows_of


class ReferenceIndex:
    """The distinct labelled windows of all datasets from which a model was trained, each once, by their hashes.

    In memory, or in a file that several processes map: then each window is in memory once, and looking some up reads
    the places of those alone.

    :param owners: the source_f04 of the datasets that have a model.
    :param batch: by ascending ``hash``: the ``window`` as a key, and the bits of the owners that have it labelled.
    """

    def __init__(self, owners: Sequence[str], batch: pa.RecordBatch) -> None:
        self._owners, self._batch = tuple(owners), batch
        hashes, self._windows, labelled_in = batch.columns
        self._hashes: UInt64Array = hashes.to_numpy()
        shape = len(batch), _bytes_for(owners)
        bits = np.frombuffer(labelled_in.buffers()[1] or b"", np.uint8)
        self._labelled_in: npt.NDArray[np.uint8] = bits[: shape[0] * shape[1]].reshape(shape)

    @classmethod
    def build(cls, datasets: Sequence[Dataset], owners: Iterable[str]) -> ReferenceIndex:
        """Read the labelled windows of a package; where it has one dataset only, no window is looked up.

        :param datasets: all of the package.
        """
        names = tuple(dict.fromkeys(owners))
        own = {}
        if len(datasets) > 1:
            own = {each.source_f04: _labelled_windows(each) for each in datasets if each.source_f04 in names}
        windows = pc.unique(pa.concat_arrays([pa.array([], pa.large_binary()), *own.values()]))
        labelled_in = np.zeros((len(windows), len(names)), bool)
        for name, labelled in own.items():
            labelled_in[pc.index_in(labelled, windows).to_numpy(), names.index(name)] = True
        hashes = _hashes_of_keys(windows)
        order = np.argsort(hashes)
        packed = np.packbits(labelled_in[order], axis=1)
        kind = pa.binary(_bytes_for(names))
        bits = pa.Array.from_buffers(kind, len(windows), [None, pa.py_buffer(np.ascontiguousarray(packed))])
        columns = [pa.array(hashes[order]), windows.take(pa.array(order)), bits]
        return cls(names, pa.record_batch(columns, names=["hash", "window", "labelled_in"]))

    def write(self, path: Path) -> None:
        """Write the index into a file."""
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, self._batch.schema) as writer:
            writer.write_batch(self._batch)

    @classmethod
    def read(cls, path: Path, owners: Iterable[str]) -> ReferenceIndex:
        """Map the file that :meth:`write` wrote."""
        return cls(tuple(dict.fromkeys(owners)), pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0))

    def __len__(self) -> int:
        """Return the number of distinct windows."""
        return len(self._hashes)

    def labelled_in(self, windows: pa.Array) -> dict[str, npt.NDArray[np.bool_]]:
        """Return by owner whether it has a labelled row with each window, bool ``[windows]``.

        :param windows: a list array.
        """
        places = self._places(windows)
        known = places >= 0
        labelled = np.zeros((len(windows), len(self._owners)), bool)
        if known.any():
            bits = self._labelled_in[places[known]]
            labelled[known] = np.unpackbits(bits, axis=1, count=len(self._owners)).astype(bool)
        return {name: labelled[:, column] for column, name in enumerate(self._owners)}

    def _places(self, windows: pa.Array) -> Int64Array:
        """Return the place of each window in the index; -1 where it is not there."""
        hashes, keys = window_hashes(windows), window_keys(windows)
        places = np.full(len(windows), -1)
        asked, candidates = np.arange(len(windows)), np.searchsorted(self._hashes, hashes)
        # Unequal windows may share a hash: then the next place is looked at too.
        while True:
            inside = candidates < len(self)
            asked, candidates = asked[inside], candidates[inside]
            same_hash = self._hashes[candidates] == hashes[asked]
            asked, candidates = asked[same_hash], candidates[same_hash]
            if not len(asked):
                return places
            same = pc.equal(keys.take(pa.array(asked)), self._windows.take(pa.array(candidates)))
            is_same = same.to_numpy(zero_copy_only=False)
            places[asked[is_same]] = candidates[is_same]
            asked, candidates = asked[~is_same], candidates[~is_same] + 1


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


def _hashes_of_keys(keys: pa.Array) -> UInt64Array:
    """Return the hashes of the windows whose keys these are."""
    _, offsets, codes = keys.buffers()
    ends = np.frombuffer(offsets or bytes(8), np.int64) // np.int64().itemsize
    values = pa.array(np.frombuffer(codes or b"", np.int64))
    hashes = [
        window_hashes(pa.LargeListArray.from_arrays(pa.array(ends[start : start + BLOCK_ROWS + 1]), values))
        for start in range(0, len(keys), BLOCK_ROWS)
    ]
    return np.concatenate([np.zeros(0, np.uint64), *hashes])


def _bytes_for(owners: Sequence[str]) -> int:
    """Return how many bytes hold a bit for each owner."""
    return max(1, -(-len(owners) // 8))
