"""Encode and decode what client and server exchange: windows and predictions, as JSON and as Arrow, and headers.

The Arrow form carries a batch from disk to model without a Python object per window; JSON is the documented default.
Every function checks its input: neither side trusts the other.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.errors import WireError, first_line
from pytest_f07.windows import Predictions, Windows, check_window_count, holds_windows, window_text, windows_of

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
NONCE_HEADER = "F07-Nonce"
MANIFEST_HEADER = "F07-Manifest"
MODELS_HEADER = "F07-Models"
PROCESS_HEADER = "F07-Process"
ROWS_HEADER = "F07-Rows"

MAX_BYTES = 256 * 1024 * 1024
MAX_JSON_BYTES = 32 * 1024 * 1024  # Python answers no other request while it parses them
TEXT = pa.large_string()  # which may hold more than 2 GiB
END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"  # https://arrow.apache.org/docs/format/Columnar.html
PREDICTION = pa.struct([pa.field("y_pred", pa.int8()), pa.field("y_prob", pa.float32())])


def rows_digest(windows: Windows, predictions: Predictions) -> str:
    """Return a digest of windows and their predictions, which each side computes on its own."""
    arrays = (windows.offsets, windows.codes, predictions.y_pred, predictions.y_prob)
    # In one call: hashing releases the interpreter lock, and taking it back costs time.
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def windows_from_lists(windows: Sequence[object], place: str = "windows[{}]") -> Windows:
    """Return the windows of lists of Python ints, as JSON gives them; ``True``, ``1.0`` and ``"1"`` are refused.

    :param place: the name of a window in messages, ``{}`` for its index.
    """
    check_window_count(len(windows))
    for index, window in enumerate(windows):
        if type(window) is not list:
            raise WireError(f"{place.format(index)} is {_show(window)}; it must be a list of integers")
    lists: Sequence[list[Any]] = windows  # type: ignore[assignment]  # the loop above checks each
    if set(map(type, chain.from_iterable(lists))) - {int}:
        index, code = next((i, c) for i, window in enumerate(lists) for c in window if type(c) is not int)
        raise WireError(f"{place.format(index)} holds {_show(code)}; a code is an integer")
    offsets = np.zeros(len(lists) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, lists), np.int64, len(lists)), out=offsets[1:])
    try:
        codes = np.fromiter(chain.from_iterable(lists), np.int64, int(offsets[-1]))
    except OverflowError:
        index, code = next((i, c) for i, window in enumerate(lists) for c in window if not -(2**63) <= c < 2**63)
        raise WireError(f"{place.format(index)} holds {_show(code)}; a code is a 64-bit integer") from None
    return Windows(codes, offsets).checked()


def decode_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a request's body."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise WireError("the body is not JSON") from None
    if not isinstance(document, dict):
        raise WireError(f"the body is {_show(document)}; it must be a JSON object")
    return document


def decode_window(body: bytes) -> Windows:
    """Return the window of a request to ``/infer``: ``{"window": [1, 5, 2]}``."""
    return windows_from_lists([_get_key(decode_json(body), "window")], "window")


def decode_windows(body: bytes) -> Windows:
    """Return the windows of a JSON request to ``/infer_batch``: ``{"windows": [[1, 5, 2], …]}``."""
    windows = _get_key(decode_json(body), "windows")
    if type(windows) is not list:
        raise WireError(f"windows is {_show(windows)}; it must be a list of windows")
    return windows_from_lists(windows)


def _get_key(document: dict[str, Any], key: str) -> object:
    if key not in document:
        raise WireError(f"the body has no {key!r}")
    return document[key]


def _show(value: object) -> str:
    try:
        text = json.dumps(value)
    except RecursionError:  # reading it went one level deeper
        return "nested too deeply"
    return text if len(text) <= 40 else text[:40] + "…"


def encode_answers(windows: Windows, predictions: Predictions) -> str:
    """Return the answer to each window as JSON, a comma between them; a score that is not a number is ``null``."""
    names = [json.dumps(name) for name in predictions.names]
    heads = [f'{{"prediction_name":{name},"y_pred":{label},"y_prob":' for name in names for label in (0, 1)]
    rows, models = predictions.y_prob.shape
    places = (2 * np.arange(models) + predictions.y_pred).ravel()
    y_prob = predictions.y_prob.ravel().astype(np.float64)
    scores = pa.array(y_prob, mask=~np.isfinite(y_prob)).cast(TEXT).fill_null("null")
    results = _join_lists(_join(pa.array(heads, TEXT).take(pa.array(places)), scores, "}"), models)
    texts = window_text(pa.LargeListArray.from_arrays(windows.offsets, windows.codes)).cast(TEXT)
    answers = _join('{"window":', texts, ',"results":[', results, "]}")
    return _join_lists(answers, rows)[0].as_py() if rows else ""


def _join_lists(texts: pa.Array, size: int) -> pa.Array:
    """Return the texts put together with commas, ``size`` of them in each."""
    lists = pa.LargeListArray.from_arrays(np.arange(0, len(texts) + 1, size), texts)
    return pc.binary_join(lists, pa.scalar(",", TEXT))


def _join(*parts: pa.Array | str) -> pa.Array:
    """Return texts put together of as many columns; a text is the same in each row."""
    columns = (pa.scalar(part, TEXT) if isinstance(part, str) else part for part in (*parts, ""))
    return pc.binary_join_element_wise(*columns)


def encode_windows_arrow(column: pa.Array) -> bytes:
    """Return a list or large_list array, which may be a slice, as an Arrow stream of one column."""
    return _encode_stream(("window",), [column])


def _encode_stream(names: tuple[str, ...], columns: list[pa.Array]) -> bytes:
    """Return an Arrow stream of one batch, whose columns are of one type: its messages cost less than a writer."""
    schema, beginning = _encode_schema(names, columns[0].type)
    return b"".join((beginning, pa.RecordBatch.from_arrays(columns, schema=schema).serialize(), END_OF_STREAM))


@lru_cache(8)
def _encode_schema(names: tuple[str, ...], kind: pa.DataType) -> tuple[pa.Schema, bytes]:
    schema = pa.schema([(name, kind) for name in names])
    return schema, schema.serialize().to_pybytes()


def decode_windows_arrow(body: bytes) -> Windows:
    """Return the windows of an Arrow request: a list or large_list column of integers, in any number of batches."""
    try:
        _refuse_compression(body)
        # Not message by message: read_record_batch ends the process at a message that was meddled with.
        with pa.ipc.open_stream(body) as stream:
            kinds = stream.schema.types
            if len(kinds) != 1 or not holds_windows(kinds[0]):
                types = ", ".join(str(kind) for kind in kinds) or "no column"
                raise WireError(f"the stream holds {types}; it must hold one list or large_list column of integers")
            parts = []
            for batch in stream:
                batch.validate(full=True)
                parts.append(_column_windows(batch.column(0)))
    except (pa.ArrowException, OSError, ValueError, MemoryError, struct.error) as error:
        raise WireError(f"the body is not an Arrow stream ({first_line(error)})") from None
    if len(parts) == 1:
        return parts[0].checked()
    lengths = [np.diff(part.offsets) for part in parts]
    codes = np.concatenate([part.codes for part in parts]) if parts else np.zeros(0, np.int64)
    return Windows(codes, np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))).checked()


def _refuse_compression(body: bytes) -> None:
    """Raise :class:`WireError` for a compressed stream: a few kilobytes of it can hold gigabytes.

    pyarrow notices it only by decompressing, so this reads the header of each batch.
    """
    for message in pa.ipc.MessageReader.open_stream(body):
        if message.type == "record batch" and _is_compressed(bytes(message.metadata)):
            raise WireError("the stream is compressed; send it as it is")


def _is_compressed(header: bytes) -> bool:
    """Return whether a batch's header, a flatbuffer, has the field ``RecordBatch.compression``.

    Fields by number as in https://github.com/apache/arrow/blob/main/format/Message.fbs; ``flatbuffers`` comes with
    TensorFlow.
    """
    from flatbuffers import encode, packer
    from flatbuffers.table import Table

    message = Table(header, encode.Get(packer.uoffset, header, 0))
    position = message.Offset(_slot(2))
    if not position:
        return False
    batch = Table(header, message.Indirect(message.Pos + position))
    return bool(batch.Offset(_slot(3)))


def _slot(field: int) -> int:
    """Return the position in a flatbuffer's vtable of a field's offset: after two lengths of 2 bytes."""
    return 4 + 2 * field


def _column_windows(column: pa.Array) -> Windows:
    if len(column) == 0:
        return Windows(np.zeros(0, np.int64), np.zeros(1, np.int64))  # it may have no offsets
    if column.null_count:
        raise WireError("a window is null; an empty window is an empty list")
    if column.values.null_count and column.flatten().null_count:  # a value that no window holds may be null
        raise WireError("a code is null; a code is an integer")
    try:
        return windows_of(column)
    except pa.ArrowInvalid:
        raise WireError(f"a code is over {2**63 - 1}; a code is a 64-bit integer") from None


def encode_predictions_arrow(predictions: Predictions) -> bytes:
    """Return a ``struct<y_pred: int8, y_prob: float32>`` column per model, named by prediction_name, in order."""
    rows, names, model_by_model = len(predictions), predictions.names, (predictions.y_pred.T, predictions.y_prob.T)
    values = pa.StructArray.from_arrays([each.ravel() for each in model_by_model], fields=list(PREDICTION))
    return _encode_stream(names, [values.slice(column * rows, rows) for column in range(len(names))])


def decode_predictions_arrow(body: bytes, names: tuple[str, ...]) -> Predictions:
    """Return the predictions of an Arrow answer, which must hold exactly the models ``names``, in order."""
    try:
        with pa.ipc.open_stream(body) as stream:
            schema, columns, batches = stream.schema, tuple(stream.schema.names), list(stream)
        for batch in batches:
            batch.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise WireError(f"the answer is not an Arrow stream ({first_line(error)})") from None
    if columns != names:
        raise WireError(f"the answer's columns are {', '.join(columns)}; they must be the models {', '.join(names)}")
    for field in schema:
        if field.type != PREDICTION:
            raise WireError(f"the answer's column {field.name} is {field.type}; it must be {PREDICTION}")
    shape = sum(map(len, batches)), len(names)
    y_pred, y_prob = np.empty(shape, np.int8), np.empty(shape, np.float32)
    start = 0
    for batch in batches:
        rows = slice(start, start := start + len(batch))
        for model, column in enumerate(batch.columns):
            labels, scores = column.field(0), column.field(1)
            if column.null_count or labels.null_count or scores.null_count:
                raise WireError("the answer holds a null; each window has a prediction")
            y_pred[rows, model], y_prob[rows, model] = labels.to_numpy(), scores.to_numpy()
    return Predictions(names, y_pred, y_prob)
