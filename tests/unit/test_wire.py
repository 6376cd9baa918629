"""What goes over the wire comes back the same, and what is not a message of the contract is refused in one line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_f07 import wire
from pytest_f07.errors import TooLarge, WireError
from pytest_f07.windows import Predictions, Windows, windows_of

quick = settings(derandomize=True, deadline=None, max_examples=100)

INTEGERS = {
    kind: st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for kind, bits in ((pa.int8(), 8), (pa.int16(), 16), (pa.int32(), 32), (pa.int64(), 64))
} | {
    # uint64 only as far as int64 goes: beyond it a code is refused.
    kind: st.integers(0, 2**bits - 1)
    for kind, bits in ((pa.uint8(), 8), (pa.uint16(), 16), (pa.uint32(), 32), (pa.uint64(), 63))
}
WHOLE = INTEGERS[pa.int64()]


def stream(schema: pa.Schema, *batches: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return bytes(sink.getvalue())


def column(kind: pa.DataType, *values: object) -> bytes:
    """A stream of one batch of one column."""
    batch = pa.record_batch([pa.array(values, kind)], names=["window"])
    return stream(batch.schema, batch)


# -- windows there and back


@quick
@given(st.lists(st.lists(WHOLE, max_size=6), max_size=6))
def test_windows_come_through_json_as_they_went(windows: list[list[int]]) -> None:
    decoded = wire.decode_windows(json.dumps({"windows": windows}).encode())
    assert decoded.lists() == windows
    assert len(decoded) == len(windows)
    for window in windows:
        assert wire.decode_window(json.dumps({"window": window}).encode()).lists() == [window]


@st.composite
def arrow_columns(draw: st.DrawFn) -> pa.Array:
    """A list or large_list column of any integers, which may be cut out of a longer one."""
    listed = draw(st.sampled_from([pa.list_, pa.large_list]))
    kind, codes = draw(st.sampled_from(list(INTEGERS.items())))
    whole = pa.array(draw(st.lists(st.lists(codes, max_size=5), max_size=8)), listed(kind))
    return whole.slice(draw(st.integers(0, len(whole))), draw(st.integers(0, len(whole))))


@quick
@given(arrow_columns())
def test_windows_come_through_arrow_as_they_were_read(windows: pa.Array) -> None:
    assert windows_of(windows).lists() == windows.to_pylist()
    body = wire.encode_windows_arrow(windows)
    assert wire.decode_windows_arrow(body).lists() == windows.to_pylist()


@quick
@given(arrow_columns(), st.lists(st.integers(0, 8), max_size=4))
def test_no_one_and_several_arrow_batches_are_the_same_windows(windows: pa.Array, cuts: list[int]) -> None:
    ends = [0, *sorted(min(cut, len(windows)) for cut in cuts), len(windows)]
    schema = pa.schema([pa.field("any name", windows.type)])
    pieces = [windows.slice(start, end - start) for start, end in pairwise(ends)]
    body = stream(schema, *(pa.record_batch([piece], schema=schema) for piece in pieces))
    assert wire.decode_windows_arrow(body).lists() == windows.to_pylist()
    assert wire.decode_windows_arrow(stream(schema)).lists() == []


# -- predictions there and back


@st.composite
def predictions(draw: st.DrawFn) -> Predictions:
    names = tuple(draw(st.lists(st.sampled_from(["a", "a__b", "a.b", "trip", "Trip-2"]), min_size=1, unique=True)))
    rows = draw(st.integers(0, 5))
    size = rows * len(names)
    scores = st.floats(0, 1, width=32) | st.just(math.nan)
    y_prob = np.array(draw(st.lists(scores, min_size=size, max_size=size)), np.float32).reshape(rows, len(names))
    return Predictions(names, (y_prob >= np.float32(0.5)).astype(np.int8), y_prob)


@quick
@given(predictions())
def test_predictions_come_through_arrow_bit_for_bit(answer: Predictions) -> None:
    decoded = wire.decode_predictions_arrow(wire.encode_predictions_arrow(answer), answer.names)
    assert decoded.names == answer.names
    assert [decoded.y_pred.dtype.name, decoded.y_prob.dtype.name] == ["int8", "float32"]
    np.testing.assert_array_equal(decoded.y_pred, answer.y_pred)
    np.testing.assert_array_equal(decoded.y_prob, answer.y_prob)


@quick
@given(predictions())
def test_predictions_in_json_name_their_model_and_keep_their_score(answer: Predictions) -> None:
    windows = wire.windows_from_lists([[row, row] for row in range(len(answer))])
    text = f"[{wire.encode_answers(windows, answer)}]"
    for row, one in enumerate(json.loads(text)):
        assert one["window"] == [row, row]
        assert [result["prediction_name"] for result in one["results"]] == list(answer.names)
        assert [result["y_pred"] for result in one["results"]] == answer.y_pred[row].tolist()
        scores = [math.nan if result["y_prob"] is None else result["y_prob"] for result in one["results"]]
        np.testing.assert_array_equal(np.array(scores), answer.y_prob[row].astype(np.float64))


def test_a_score_that_is_no_number_is_null_in_json() -> None:
    answer = Predictions(("a", "b"), np.zeros((1, 2), np.int8), np.array([[math.nan, 0.25]], np.float32))
    assert wire.encode_answers(wire.windows_from_lists([[7]]), answer) == (
        '{"window":[7],"results":[{"prediction_name":"a","y_pred":0,"y_prob":null},'
        '{"prediction_name":"b","y_pred":0,"y_prob":0.25}]}'
    )


def test_an_answer_in_several_batches_is_one_answer() -> None:
    batch = pa.record_batch([pa.array([{"y_pred": 1, "y_prob": 0.75}], wire.PREDICTION)], names=["a"])
    predictions = wire.decode_predictions_arrow(stream(batch.schema, batch, batch.slice(1), batch), ("a",))
    assert predictions.y_pred.tolist() == [[1], [1]]
    assert predictions.y_prob.tolist() == [[0.75], [0.75]]


# -- refusals

HUGE = 2**63
LONG = "x" * 60

JSON_BATCH = {
    b"": "the body is not JSON",
    b"[1,": "the body is not JSON",
    b"\xff\xfe\xfd": "the body is not JSON",
    b"[" * 100_000: "the body is not JSON",
    b"[[1, 2]]": "the body is [[1, 2]]; it must be a JSON object",
    b"null": "the body is null; it must be a JSON object",
    b"{}": "the body has no 'windows'",
    b'{"window": [1]}': "the body has no 'windows'",
    b'{"windows": null}': "windows is null; it must be a list of windows",
    b'{"windows": {"0": [1]}}': 'windows is {"0": [1]}; it must be a list of windows',
    b'{"windows": [1, 2]}': "windows[0] is 1; it must be a list of integers",
    b'{"windows": [[1], "12"]}': 'windows[1] is "12"; it must be a list of integers',
    b'{"windows": [[1], null]}': "windows[1] is null; it must be a list of integers",
    b'{"windows": [[], [1, true]]}': "windows[1] holds true; a code is an integer",
    b'{"windows": [[1.0]]}': "windows[0] holds 1.0; a code is an integer",
    b'{"windows": [[1e2]]}': "windows[0] holds 100.0; a code is an integer",
    b'{"windows": [[NaN]]}': "windows[0] holds NaN; a code is an integer",
    b'{"windows": [["1"]]}': 'windows[0] holds "1"; a code is an integer',
    b'{"windows": [["a\\nb"]]}': 'windows[0] holds "a\\nb"; a code is an integer',
    b'{"windows": [[null]]}': "windows[0] holds null; a code is an integer",
    b'{"windows": [[[1]]]}': "windows[0] holds [1]; a code is an integer",
    json.dumps({"windows": [[LONG]]}).encode(): f'windows[0] holds "{LONG[:39]}…; a code is an integer',
    json.dumps({"windows": [[1], [2, HUGE]]}).encode(): f"windows[1] holds {HUGE}; a code is a 64-bit integer",
    json.dumps({"windows": [[-HUGE - 1]]}).encode(): f"windows[0] holds {-HUGE - 1}; a code is a 64-bit integer",
}

JSON_ONE = {
    b"\x00": "the body is not JSON",
    b'"window"': 'the body is "window"; it must be a JSON object',
    b'{"windows": [[1]]}': "the body has no 'window'",
    b'{"window": 1}': "window is 1; it must be a list of integers",
    b'{"window": "[1]"}': 'window is "[1]"; it must be a list of integers',
    b'{"window": [true]}': "window holds true; a code is an integer",
    b'{"window": [1.0]}': "window holds 1.0; a code is an integer",
    b'{"window": ["1"]}': 'window holds "1"; a code is an integer',
    json.dumps({"window": [HUGE]}).encode(): f"window holds {HUGE}; a code is a 64-bit integer",
}

HOLDS = "the stream holds {}; it must hold one list or large_list column of integers"
LIST = pa.list_(pa.int64())

ARROW_BATCH = {
    stream(pa.schema([])): HOLDS.format("no column"),
    stream(pa.schema([("a", LIST), ("b", LIST)])): HOLDS.format(f"{LIST}, {LIST}"),
    column(pa.int64(), 1): HOLDS.format("int64"),
    column(pa.string(), "[1]"): HOLDS.format("string"),
    column(pa.list_(pa.float64()), [1.0]): HOLDS.format(pa.list_(pa.float64())),
    column(pa.list_(pa.bool_()), [True]): HOLDS.format(pa.list_(pa.bool_())),
    column(pa.list_(pa.string()), ["1"]): HOLDS.format(pa.list_(pa.string())),
    column(pa.list_(LIST), [[1]]): HOLDS.format(pa.list_(LIST)),
    column(pa.list_(pa.int64(), 2), [1, 2]): HOLDS.format(pa.list_(pa.int64(), 2)),
    column(LIST, [1], None): "a window is null; an empty window is an empty list",
    column(LIST, [1, None]): "a code is null; a code is an integer",
    column(pa.list_(pa.uint64()), [1, HUGE]): f"a code is over {HUGE - 1}; a code is a 64-bit integer",
}

GOOD = {"y_pred": 1, "y_prob": 0.5}
OTHER = pa.struct([("y_pred", pa.int64()), ("y_prob", pa.float32())])
SWAPPED = pa.struct([("y_prob", pa.float32()), ("y_pred", pa.int8())])
MUST = "it must be struct<y_pred: int8, y_prob: float>"


def answer(kind: pa.DataType, *values: object, name: str = "a") -> bytes:
    batch = pa.record_batch([pa.array(values, kind)], names=[name])
    return stream(batch.schema, batch)


ANSWERS = {
    stream(pa.schema([])): "the answer's columns are ; they must be the models a",
    answer(wire.PREDICTION, GOOD, name="b"): "the answer's columns are b; they must be the models a",
    stream(pa.schema([("a", wire.PREDICTION), ("b", wire.PREDICTION)])): (
        "the answer's columns are a, b; they must be the models a"
    ),
    answer(pa.int8(), 1): f"the answer's column a is int8; {MUST}",
    answer(OTHER, GOOD): f"the answer's column a is {OTHER}; {MUST}",
    answer(SWAPPED, GOOD): f"the answer's column a is {SWAPPED}; {MUST}",
    answer(wire.PREDICTION, GOOD, None): "the answer holds a null; each window has a prediction",
    answer(wire.PREDICTION, {"y_pred": None, "y_prob": 0.5}): "the answer holds a null; each window has a prediction",
    answer(wire.PREDICTION, {"y_pred": 1, "y_prob": None}): "the answer holds a null; each window has a prediction",
}

REFUSALS = [
    pytest.param(decode, body, message, id=f"{what}: {message[:60]}")
    for what, decode, table in (
        ("infer_batch", wire.decode_windows, JSON_BATCH),
        ("infer", wire.decode_window, JSON_ONE),
        ("arrow", wire.decode_windows_arrow, ARROW_BATCH),
        ("answer", lambda body: wire.decode_predictions_arrow(body, ("a",)), ANSWERS),
    )
    for body, message in table.items()
]


@pytest.mark.parametrize(("decode", "body", "message"), REFUSALS)
def test_a_wrong_message_is_refused_with_what_was_found(
    decode: Callable[[bytes], object], body: bytes, message: str
) -> None:
    with pytest.raises(WireError) as refusal:
        decode(body)
    assert str(refusal.value) == message
    assert not isinstance(refusal.value, TooLarge)


@pytest.mark.parametrize("damage", [lambda body: b"", lambda body: b'{"windows": []}', lambda body: body[:-60]])
def test_what_is_no_arrow_stream_is_refused_in_one_line(damage: Callable[[bytes], bytes]) -> None:
    for decode, body, what in (
        (wire.decode_windows_arrow, column(LIST, [1, 2]), "the body"),
        (lambda body: wire.decode_predictions_arrow(body, ("a",)), answer(wire.PREDICTION, GOOD), "the answer"),
    ):
        with pytest.raises(WireError) as refusal:
            decode(damage(body))
        assert str(refusal.value).startswith(f"{what} is not an Arrow stream (")
        assert "\n" not in str(refusal.value)


REQUEST = column(LIST, [1, 2], [], [3])
ANSWER = answer(wire.PREDICTION, GOOD, GOOD)


@settings(quick, max_examples=400)
@given(st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=4), st.none() | st.integers(0))
@example([(ANSWER.index(b"a\0\0\0"), 0x80)], None)  # a column's name that is not UTF-8
def test_bytes_damaged_on_the_way_never_raise_anything_but_a_refusal(
    damage: list[tuple[int, int]], end: int | None
) -> None:
    for decode, whole in (
        (wire.decode_windows_arrow, REQUEST),
        (lambda body: wire.decode_predictions_arrow(body, ("a",)), ANSWER),
    ):
        body = bytearray(whole)
        for place, byte in damage:
            body[place % len(body)] = byte
        if end is not None:
            del body[end % len(body) :]
        try:
            decode(bytes(body))
        except WireError as refusal:
            assert "\n" not in str(refusal)  # noqa: PT017 - most damage is refused, some is harmless


def test_an_empty_batch_need_not_have_offsets() -> None:
    """The format lets their buffer be empty where there is no window; pyarrow writes one, so each length of 8 bytes
    in the stream is set to 0 in turn."""
    body = wire.encode_windows_arrow(pa.array([], pa.large_list(pa.int64())))
    lengths = [place for place in range(0, len(body), 8) if body[place : place + 8] == (8).to_bytes(8, "little")]
    found = []
    for place in lengths:
        try:
            found.append(len(wire.decode_windows_arrow(body[:place] + bytes(8) + body[place + 8 :])))
        except WireError:  # it was another length
            continue
    assert found
    assert set(found) == {0}


def test_what_is_nested_too_deeply_to_be_shown_is_refused() -> None:
    for depth in range(900, 1000):
        with pytest.raises(WireError):
            wire.decode_windows(b'{"windows": ' + b"[" * depth + b"]" * depth + b"}")


# -- limits

TOO_LARGE = {
    "MAX_WINDOWS": ([[1], [2], [], [3]], "4 windows in one request; at most 3 are answered"),
    "MAX_CODES": ([[1, 2], [3, 4]], "4 codes in one request; at most 3 are answered"),
    "MAX_WINDOW": ([[], [1, 2, 3, 4]], "a window of 4 codes; at most 3 are answered"),
}


@pytest.mark.parametrize("codec", ["json", "arrow"])
@pytest.mark.parametrize("limit", TOO_LARGE)
def test_a_message_over_a_limit_is_too_large_and_one_at_it_is_not(
    monkeypatch: pytest.MonkeyPatch, codec: str, limit: str
) -> None:
    windows, message = TOO_LARGE[limit]

    def decode() -> Windows:
        if codec == "json":
            return wire.decode_windows(json.dumps({"windows": windows}).encode())
        return wire.decode_windows_arrow(column(LIST, *windows))

    monkeypatch.setattr(f"pytest_f07.windows.{limit}", 4)
    assert decode().lists() == windows
    monkeypatch.setattr(f"pytest_f07.windows.{limit}", 3)
    with pytest.raises(TooLarge) as refusal:
        decode()
    assert str(refusal.value) == message


def test_several_arrow_batches_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = pa.record_batch([pa.array([[1, 2]], LIST)], names=["window"])
    monkeypatch.setattr("pytest_f07.windows.MAX_CODES", 3)
    with pytest.raises(TooLarge, match=r"^4 codes in one request; at most 3 are answered$"):
        wire.decode_windows_arrow(stream(batch.schema, batch, batch))
