"""Hold windows and predictions, the tables that every stage passes on, and the limits of a request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.errors import TooLarge

MAX_WINDOWS = 65_536
MAX_CODES = 8 * 1024 * 1024
MAX_WINDOW = 1_000_000
LEAST_REPEATS = 4  # of a code on average, for its text to be written once

Int64Array = npt.NDArray[np.int64]
Int8Array = npt.NDArray[np.int8]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """Windows as one array of codes and the offsets where each window begins.

    :param codes: all windows' codes one after another, int64 ``[codes]``.
    :param offsets: where each window starts and the last one ends, int64 ``[windows + 1]``, from 0.
    """

    codes: Int64Array
    offsets: Int64Array

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def rows(self) -> Int64Array:
        """The window's index of each code; int64 ``[codes]``."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def lists(self) -> list[list[int]]:
        """Return the windows as lists of codes."""
        codes, offsets = self.codes.tolist(), self.offsets.tolist()
        return [codes[start:end] for start, end in pairwise(offsets)]

    def parts(self, max_windows: int) -> Iterator[Windows]:
        """Yield the same windows, at most ``max_windows`` at a time."""
        if len(self) <= max_windows:
            yield self
            return
        for start in range(0, len(self), max_windows):
            offsets = self.offsets[start : start + max_windows + 1]
            yield Windows(self.codes[offsets[0] : offsets[-1]], offsets - offsets[0])

    def checked(self) -> Windows:
        """Return the windows; raise :class:`TooLarge` where they exceed a limit."""
        check_window_count(len(self))
        if len(self.codes) > MAX_CODES:
            raise TooLarge(f"{len(self.codes):,} codes in one request; at most {MAX_CODES:,} are answered")
        if len(self.codes) > MAX_WINDOW and (longest := int(np.diff(self.offsets).max())) > MAX_WINDOW:
            raise TooLarge(f"a window of {longest:,} codes; at most {MAX_WINDOW:,} are answered")
        return self


def check_window_count(windows: int) -> None:
    """Raise :class:`TooLarge` where a request holds more windows than are answered at once."""
    if windows > MAX_WINDOWS:
        raise TooLarge(f"{windows:,} windows in one request; at most {MAX_WINDOWS:,} are answered")


@dataclass(frozen=True)
class Predictions:
    """The predictions of every model for every window of a batch.

    :param names: the prediction names, in the order of the columns.
    :param y_pred: int8 ``[windows, models]``, 0 or 1.
    :param y_prob: float32 ``[windows, models]``; NaN where a model gives no number.
    :param has_scores: False where the server gives labels alone: then y_prob is NaN everywhere and means nothing.
    """

    names: tuple[str, ...]
    y_pred: Int8Array
    y_prob: Float32Array
    has_scores: bool = True

    def __len__(self) -> int:
        return len(self.y_prob)


@dataclass(frozen=True)
class BatchResult:
    """A batch of a dataset and the predictions of every model.

    :param dataset: the F04 variant of the dataset, like v401.
    :param first_row: the row in the dataset of the batch's first window.
    :param windows: the list array as read, ``[rows]``.
    :param predictions: of the same rows, in the same order.
    """

    dataset: str
    first_row: int
    windows: pa.Array
    predictions: Predictions


def holds_windows(kind: pa.DataType) -> bool:
    """Return whether an Arrow column of this type holds windows: a list or large_list of integers."""
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return bool(is_list and pa.types.is_integer(kind.value_type))


def windows_of(column: pa.Array) -> Windows:
    """Return the windows of an Arrow list or large_list array of integers without nulls; int64 codes are not copied."""
    offsets = column.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    codes = column.values.slice(offsets[0], offsets[-1] - offsets[0])
    if pa.types.is_uint64(codes.type):
        codes = codes.cast(pa.int64())  # numpy would let a code over 2**63 - 1 become negative
    return Windows(codes.to_numpy(zero_copy_only=False).astype(np.int64, copy=False), offsets - offsets[0])


def window_text(windows: pa.Array) -> pa.Array:
    """Return each window of a list array as compact JSON text, ``[1,5,2]`` or ``[]``: a string array."""
    offsets = windows.offsets.to_numpy().astype(np.int64)
    codes = windows.values.slice(offsets[0], offsets[-1] - offsets[0])
    offsets -= offsets[0]
    encoded = codes.dictionary_encode()
    if len(encoded.dictionary) * LEAST_REPEATS >= len(codes):
        lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), codes.cast(pa.string()))
        return pc.binary_join_element_wise("[", pc.binary_join(lists, ","), "]", "")
    return _text_of_repeated_codes(encoded, offsets)


def _text_of_repeated_codes(codes: pa.DictionaryArray, offsets: Int64Array) -> pa.Array:
    """Return the same in half the time: each distinct code is written once, the codes' texts are laid end to end."""
    number, text, join = len(codes.dictionary), codes.dictionary.cast(pa.string()), pc.binary_join_element_wise
    forms = ((text, ","), ("[", text, ","), (text, "]"), ("[", text, "]"))  # within a window, first, last, alone
    texts = pa.concat_arrays([*(join(*form, "") for form in forms), pa.array(["[]"])])
    lengths = np.diff(offsets)
    places = np.insert(codes.indices.to_numpy(), offsets[:-1][lengths == 0], len(forms) * number)
    bounds = np.concatenate([[0], np.cumsum(np.maximum(lengths, 1))])
    places[bounds[:-1][lengths > 0]] += number
    places[bounds[1:][lengths > 0] - 1] += 2 * number
    _, text_offsets, content = texts.take(pa.array(places)).buffers()
    window_offsets = np.frombuffer(text_offsets, np.int32)[bounds]
    return pa.StringArray.from_buffers(len(lengths), pa.py_buffer(window_offsets), content)
