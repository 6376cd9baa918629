"""A server with one fault: the real one, or the stub, with one thing in it changed.

``python faulty_server.py FAULT real|stub MANIFEST --socket N --nonce TEXT``
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import pytest_f07.server.app
import pytest_f07.vectorize as vectorize
from pytest_f07 import wire
from pytest_f07.windows import Predictions

HALF_WAY = 4
STUB = "tests.stub_server"
number = count(1)


# -- how windows become input


def _inputs(name: str, change: Callable[..., Any]) -> None:
    made = getattr(vectorize, name)
    setattr(vectorize, name, lambda windows, vocabulary, width: change(made(windows, vocabulary, width)))


def _each_row(change: Callable[[list[int], int], list[int]]) -> Callable[..., Any]:
    """A change of the known codes of each padded row."""

    def changed(padded: Any) -> Any:
        width = padded.shape[1]
        rows = [change([place for place in row if place], width) for row in padded.tolist()]
        return np.array(rows, np.int32).reshape(padded.shape)

    return changed


def vocabulary_swapped() -> None:
    made = vectorize.Vocabulary.__init__

    def init(self: Any, codes: Any) -> None:
        swapped = codes.copy()
        swapped[[0, 1]] = codes[[1, 0]]
        made(self, swapped)

    vectorize.Vocabulary.__init__ = init  # type: ignore[method-assign]  # a planted fault


def padding_right() -> None:
    _inputs("sequences", _each_row(lambda known, width: known + [0] * (width - len(known))))


def place_off_by_one() -> None:
    _inputs("sequences", lambda padded: np.maximum(padded - 1, 0))
    _inputs("bag_of_words", lambda counts: np.roll(counts, 1, axis=1))


def window_reversed() -> None:
    _inputs("sequences", _each_row(lambda known, width: [0] * (width - len(known)) + known[::-1]))


def first_codes_kept() -> None:
    made = vectorize.sequences

    def cut(windows: Any, vocabulary: Any, width: int) -> Any:
        firsts = [
            [code for code in window if vocabulary.look_up(np.array([code]))[0]][:width] for window in windows.lists()
        ]
        return made(wire.windows_from_lists(firsts), vocabulary, width)

    vectorize.sequences = cut


def presence_for_counts() -> None:
    _inputs("bag_of_words", lambda counts: np.minimum(counts, 1))


# -- what the models say


def _predicting(change: Callable[[Any, Predictions], Predictions]) -> None:
    """Change what a batch is answered; a window alone is answered rightly where there is no ``/infer`` to blame."""
    runtime: Any
    if STUB in sys.modules:
        from tests.stub_server import Stub as runtime
    else:
        from pytest_f07.server.models import Runtime as runtime
    predict = runtime.predict
    runtime.predict = lambda self, windows: change(self, predict(self, windows))


def _scored(change: Callable[[Any], Any]) -> None:
    """Change the scores; the labels follow them."""

    def changed(runtime: Any, predictions: Predictions) -> Predictions:
        y_prob = change(predictions.y_prob.copy())
        return Predictions(predictions.names, (y_prob >= runtime._thresholds).astype(np.int8), y_prob)

    _predicting(changed)


def _rows(change: Callable[[Any], Any]) -> None:
    """Answer other rows: ``change`` takes and gives their places."""

    def changed(_: Any, predictions: Predictions) -> Predictions:
        rows = change(np.arange(len(predictions)))
        return Predictions(predictions.names, predictions.y_pred[rows], predictions.y_prob[rows])

    _predicting(changed)


def threshold_strict() -> None:
    _predicting(
        lambda runtime, predictions: Predictions(
            predictions.names, (predictions.y_prob > runtime._thresholds).astype(np.int8), predictions.y_prob
        )
    )


def threshold_wrong() -> None:
    _predicting(
        lambda _, predictions: Predictions(
            predictions.names, (predictions.y_prob >= 0.3).astype(np.int8), predictions.y_prob
        )
    )


def labels_inverted() -> None:
    _predicting(lambda _, predictions: Predictions(predictions.names, 1 - predictions.y_pred, predictions.y_prob))


def models_swapped() -> None:
    _scored(lambda y_prob: y_prob[:, [0, 2, 1]])


def scores_float16() -> None:
    _scored(lambda y_prob: y_prob.astype(np.float16).astype(np.float32))


def scores_logits() -> None:
    _scored(lambda y_prob: np.log(y_prob / (1 - y_prob)))


def scores_complement() -> None:
    _scored(lambda y_prob: 1 - y_prob)


def scores_nan() -> None:
    def some(y_prob: Any) -> Any:
        y_prob[::50, 0] = np.nan
        return y_prob

    _scored(some)


def nan_hidden() -> None:
    """What the graph says, whether the contract calls it a number or not."""
    from pytest_f07.server.models import Runtime

    made = Runtime.predict

    def predict(self: Any, windows: Any) -> Predictions:
        predictions = made(self, windows)
        y_prob = np.where(np.isfinite(predictions.y_prob), predictions.y_prob, np.float32(0.25))
        return Predictions(predictions.names, predictions.y_pred, y_prob)

    Runtime.predict = predict  # type: ignore[method-assign]  # a planted fault


def batch_permuted() -> None:
    _rows(lambda rows: rows[::-1])


def row_missing() -> None:
    _rows(lambda rows: rows[1:])


def row_twice() -> None:
    _rows(lambda rows: np.concatenate([rows[:1], rows[:-1]]))


def answer_longer() -> None:
    _rows(lambda rows: np.concatenate([rows, rows[-1:]]))


def answer_empty() -> None:
    _rows(lambda rows: rows[:0])


def scores_of_the_batch_before() -> None:
    before: list[Predictions] = []

    def changed(_: Any, predictions: Predictions) -> Predictions:
        before.append(predictions)
        return before[-2] if len(before) > 1 and len(before[-2]) == len(predictions) else predictions

    _predicting(changed)


def slow() -> None:
    def changed(_: Any, predictions: Predictions) -> Predictions:
        if next(number) == HALF_WAY:
            time.sleep(3600)
        return predictions

    _predicting(changed)


def dies() -> None:
    _predicting(lambda _, predictions: os._exit(9) if next(number) == HALF_WAY else predictions)


# -- of few rows; batches are answered in any order, so that a fault chooses by what is in them


def _batches(change: Callable[[Any, Any], Any], some: Callable[[Any], bool] = lambda windows: True) -> None:
    """Change the scores of some batches, never of a window alone; the labels follow them.

    :param change: takes the windows and the scores, and gives the scores.
    """
    from pytest_f07.server.models import Runtime

    made = Runtime.predict

    def predict(self: Any, windows: Any) -> Predictions:
        predictions = made(self, windows)
        if len(windows) < 2 or not some(windows):
            return predictions
        y_prob = change(windows, predictions.y_prob.copy())
        return Predictions(predictions.names, (y_prob >= self._thresholds).astype(np.int8), y_prob)

    Runtime.predict = predict  # type: ignore[method-assign]  # a planted fault


def two_rows_swapped() -> None:
    """Rows 3 and 4 of every batch: no digest of the rows sees what the models are given."""

    def swap(_: Any, y_prob: Any) -> Any:
        y_prob[[3, 4]] = y_prob[[4, 3]]
        return y_prob

    _batches(swap)


def one_batch_of_the_one_before() -> None:
    """The last of several full batches of v401 is answered with the scores of the first that came."""
    before: list[Any] = []

    def change(_: Any, y_prob: Any) -> Any:
        before.append(y_prob)
        return before[-2] if len(before) == 3 and len(before[-2]) == len(y_prob) else y_prob

    _batches(change)


def columns_swapped_in_some_batches() -> None:
    _batches(lambda _, y_prob: y_prob[:, [0, 2, 1]], lambda windows: windows.codes.sum() % 3 == 0)


def number_for_nan_elsewhere() -> None:
    """A number where the contract has none: which happens in a dataset that is not the model's own."""
    _batches(lambda _, y_prob: np.where(np.isfinite(y_prob), y_prob, np.float32(0.25)))


def embedding_row_zeroed() -> None:
    from pytest_f07.server import models
    from pytest_f07.variant.package import Model

    load_whole = models.load

    def load(made: Model) -> models.LoadedModel:
        loaded = load_whole(made)
        for layer in loaded.network.layers:
            if type(layer).__name__ == "Embedding":
                [weights] = layer.get_weights()
                weights[-1] = 0
                layer.set_weights([weights])
        return loaded

    models.load = load


def repeats_drift() -> None:
    """Every batch moves a model's scores by another 1e-5."""
    drift = count(1)
    _batches(lambda _, y_prob: np.clip(y_prob + np.array([1e-5 * next(drift), 0, 0], np.float32), 0, 1))


# -- the reader of the package, which run and server share; each process plants it for itself


def file_of_another_model() -> None:
    from pytest_f07.variant.package import Model

    other = "inverter_trip.cnn__inverter_trip.cnn"

    def h5(self: Model) -> Path:
        folder = self.folder.with_name(other) if self.prediction_name == "inverter_trip" else self.folder
        return folder / "model.h5"

    Model.h5 = property(h5)  # type: ignore[assignment]  # a planted fault


def threshold_rounded() -> None:
    from pytest_f07.variant import package

    def parse(value: Any, where: str) -> float:
        return 0.0 if value is None else round(value - 0.1)

    package._parse_threshold = parse


# -- the wire


def _app(change: Callable[[Any], None], **headers: str) -> None:
    """Change the application; ``headers`` instead of its own."""
    module: Any = pytest_f07.server.app
    made = module.create_app

    def create_app(identity: Any, predict: Any, signed: dict[str, str]) -> Any:
        app = made(identity, predict, signed | {name.replace("_", "-"): value for name, value in headers.items()})
        change(app)
        return app

    module.create_app = create_app
    if STUB in sys.modules:
        stub: Any = sys.modules[STUB]
        stub.create_app = create_app


def _every_answer(change: Callable[[Any], Any]) -> None:
    from tests.changed_answers import change_answers  # it lies beside the stub server

    _app(lambda app: change_answers(app, change))


def _answers(change: Callable[[Any], Any]) -> None:
    """Change each Arrow answer."""

    def meddle(response: Any) -> Any:
        return change(response) if response.mimetype == wire.ARROW else response

    _every_answer(meddle)


def _body(change: Callable[[bytes], bytes]) -> None:
    def changed(response: Any) -> Any:
        response.set_data(change(response.get_data()))
        return response

    _answers(changed)


def _batch(change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
    def changed(body: bytes) -> bytes:
        with pa.ipc.open_stream(body) as stream:
            batch = change(stream.read_next_batch())
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as written:
            written.write_batch(batch)
        return bytes(sink.getvalue())

    _body(changed)


def another_run() -> None:
    _app(lambda _: None, **{wire.NONCE_HEADER.replace("-", "_"): "somebody else's"})


def another_manifest() -> None:
    _app(lambda _: None, **{wire.MANIFEST_HEADER.replace("-", "_"): "0" * 64})


def started_again() -> None:
    def change(response: Any) -> Any:
        response.headers[wire.PROCESS_HEADER] = str(next(number))
        return response

    _every_answer(change)


def answer_permuted() -> None:
    _batch(lambda batch: batch.take(pa.array(range(len(batch) - 1, -1, -1))))


def answer_row_twice() -> None:
    _batch(lambda batch: batch.take(pa.array([0, *range(len(batch) - 1)])))


def answer_stale() -> None:
    kept: list[Any] = []

    def change(response: Any) -> Any:
        kept.append((response.get_data(), response.headers[wire.ROWS_HEADER]))
        body, rows = kept[0]
        response.set_data(body)
        response.headers[wire.ROWS_HEADER] = rows
        return response

    _answers(change)


def answer_cut() -> None:
    _body(lambda body: body[: len(body) // 2])


def answer_a_bit_wrong() -> None:
    """The lowest bit of the last score."""

    def change(batch: pa.RecordBatch) -> pa.RecordBatch:
        last = batch.column(batch.num_columns - 1)
        y_prob = last.field(1).to_numpy().copy()
        y_prob[-1] = np.nextafter(y_prob[-1], np.float32(2))
        column = pa.StructArray.from_arrays([last.field(0), pa.array(y_prob)], fields=list(wire.PREDICTION))
        return pa.record_batch([*batch.columns[:-1], column], names=batch.schema.names)

    _batch(change)


def answer_of_other_models() -> None:
    _batch(lambda batch: batch.rename_columns(batch.schema.names[::-1]))


def answer_500() -> None:
    def change(response: Any) -> Any:
        if next(number) == HALF_WAY:
            response.status_code, response.data = 500, "it failed"
        return response

    _every_answer(change)


def main() -> None:
    fault, kind = sys.argv[1:3]
    del sys.argv[1:3]
    if kind == "stub":
        from tests import stub_server

        sys.argv.insert(2, "none")
        globals()[fault]()
        stub_server.main()
    else:
        from pytest_f07.server import __main__ as server

        os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", KERAS_BACKEND="tensorflow")
        globals()[fault]()
        sys.exit(server.main())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))  # the stub server lies there
    main()
