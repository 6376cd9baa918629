"""Load a package's models and let all of them answer every window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
import tensorflow as tf

from pytest_f07.errors import F07Error, one_line
from pytest_f07.server import memory
from pytest_f07.variant.keras_file import loadable
from pytest_f07.variant.package import Model
from pytest_f07.variant.seal import digest
from pytest_f07.variant.translation import HARD_SIGMOID
from pytest_f07.vectorize import Int32Array, Vectorizer
from pytest_f07.windows import Float32Array, Predictions, Windows

CHUNK = 8192
IN_THIS_THREAD = "SINGLE_THREADED_EXECUTOR"
# Loops, as in a recurrent layer, stay in a form which that executor can run.
KEEP_LOOPS = tf.compat.v1.ConfigProto(experimental=tf.compat.v1.ConfigProto.Experimental(executor_type=IN_THIS_THREAD))
BEGINNING, END = 120, 400


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory, and where its scores cannot be numbers (contract, "Scores that are not numbers").

    :param broken_layers: layers whose weights are NaN or infinite; with any, every score is NaN.
    :param needs_a_code: asked eagerly about nothing but padding, the model gave no number, so every window
        without a known code gets NaN (graph execution hides it: a fused ReLU turns NaN into 0).
    """

    made: Model
    network: Any
    sha256: str
    broken_layers: tuple[str, ...]
    needs_a_code: bool

    def describe(self) -> dict[str, Any]:
        """Return what ``GET /`` says of the model."""
        return {
            "prediction_name": self.made.prediction_name,
            "sha256": self.sha256,
            "threshold": self.made.threshold,
            "broken_layers": list(self.broken_layers),
            "needs_a_code": self.needs_a_code,
        }


def one_thread_each() -> None:
    """Let each operation compute in one thread, before TensorFlow has started any: several requests are in flight, and
    models this small lose more by sharing out their operations than they gain.
    """
    tf.config.threading.set_intra_op_parallelism_threads(1)


def load(made: Model) -> LoadedModel:
    """Load one model file, which the package's reader has looked into; the optimizer is not needed.

    :raises F07Error: where Keras cannot load it, it takes more memory than a file of its size may, or it does not give
        one score for each row of its input.
    """
    where = f"models/{made.folder.name}/{made.h5.name}"
    sha256 = digest(made.h5)
    kind = tf.int32 if made.vectorization.kind == "sequence" else tf.float32
    size = made.h5.stat().st_size
    try:
        with memory.memory_limit(memory.load_bytes(size)):
            with loadable(made.h5) as file, tf.keras.utils.custom_object_scope({HARD_SIGMOID: _hard_sigmoid}):
                network = tf.keras.models.load_model(file, compile=False)
            nothing = np.asarray(network(tf.zeros([1, made.vectorization.width], kind), training=False))
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise F07Error(
            f"{where}: takes more than {memory.load_bytes(size) >> 20:,} MiB to load; no model in {size:,} bytes needs "
            "that."
        ) from None
    except Exception as error:  # whatever Keras raises, a reader wants the file's name and one line
        raise F07Error(f"{where}: Keras cannot load it: {type(error).__name__}: {reason(error)}") from error
    if nothing.shape != (1, 1):
        raise F07Error(f"{where}: answers a window with shape {nothing.shape[1:]}; it must give one score.")
    broken = tuple(
        layer.name
        for layer in network.layers
        if any(weights.dtype.kind == "f" and not np.isfinite(weights).all() for weights in layer.get_weights())
    )
    needs_a_code = made.vectorization.kind == "sequence" and not np.isfinite(nothing).all()
    return LoadedModel(made, network, sha256, broken, bool(needs_a_code))


def reason(error: Exception) -> str:
    """Return an error's message in one line; keep the end of a long one whole: there Keras says why."""
    text = one_line(str(error))
    return text if len(text) <= BEGINNING + END else f"{text[:BEGINNING]} … {text[-END:]}"


def _hard_sigmoid(x: Any) -> Any:
    """Compute hard_sigmoid as Keras 2 does."""
    return tf.clip_by_value(0.2 * x + 0.5, 0, 1)


# Layers within layers look it up by its name.
_hard_sigmoid.__name__ = HARD_SIGMOID


class Runtime:
    """All models of a package behind one concrete function, traced once.

    :param models: in the order of the package's list, which is the order of the answers.
    """

    def __init__(self, models: Sequence[LoadedModel]) -> None:
        self.models = tuple(models)
        self.names = tuple(model.made.prediction_name for model in models)
        kinds = list(dict.fromkeys(model.made.vectorization for model in models))
        self._vectorizers = [Vectorizer(kind) for kind in kinds]
        self._inputs = [kinds.index(model.made.vectorization) for model in models]
        self._broken = [column for column, model in enumerate(models) if model.broken_layers]
        self._need_a_code = [
            (column, place)
            for column, (model, place) in enumerate(zip(models, self._inputs, strict=True))
            if model.needs_a_code
        ]
        self._thresholds = np.array([model.made.threshold for model in models], np.float32)
        self.graph = self._trace()
        # Its first call prepares it.
        self.forward(self.inputs(Windows(np.zeros(0, np.int64), np.zeros(2, np.int64))))

    def _trace(self) -> Any:
        """One graph for all models: a call of it costs a fraction of a call of each."""

        def graph(*inputs: tf.Tensor) -> tf.Tensor:
            scores = [
                tf.reshape(tf.cast(model.network(inputs[place], training=False), tf.float32), [-1, 1])
                for model, place in zip(self.models, self._inputs, strict=True)
            ]
            return tf.concat(scores, axis=1)

        shapes = [tf.TensorSpec([None, made.width], made.dtype) for made in self._vectorizers]
        return tf.function(graph, autograph=False).get_concrete_function(*shapes)

    def predict(self, windows: Windows) -> Predictions:
        """Every model's answer to every window; NaN for each score that is not a number, and its y_pred is 0."""
        if len(windows) == 0:
            none = np.zeros((0, len(self.models)))
            return Predictions(self.names, none.astype(np.int8), none.astype(np.float32))
        parts = [self._scores(part) for part in windows.parts(CHUNK)]
        y_prob = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return Predictions(self.names, (y_prob >= self._thresholds).astype(np.int8), y_prob)

    def inputs(self, windows: Windows) -> list[Float32Array | Int32Array]:
        """Return the models' input for ``windows``: ``[windows, width]`` of each kind of vectorization."""
        return [vectorize(windows) for vectorize in self._vectorizers]

    def forward(self, inputs: Sequence[Float32Array | Int32Array]) -> Float32Array:
        """Return the models' scores, unrounded: float32 ``[windows, models]``.

        A call of the graph itself would hand its operations to a pool of threads and wait for them, which costs the
        server an eighth of its processor time at 256 windows.
        """
        [scores] = tf.raw_ops.StatefulPartitionedCall(
            args=[*inputs, *self.graph.captured_inputs],
            Tout=[tf.float32],
            f=self.graph,
            config_proto=KEEP_LOOPS.SerializeToString(),
            executor_type=IN_THIS_THREAD,
        )
        computed: Float32Array = scores.numpy()
        return computed

    def _scores(self, windows: Windows) -> Float32Array:
        inputs = self.inputs(windows)
        scores = self.forward(inputs)
        for column, place in self._need_a_code:
            scores[inputs[place][:, -1] == 0, column] = np.nan  # padded on the left: nothing known at all
        if self._broken:
            scores[:, self._broken] = np.nan
        if not (finite := np.isfinite(scores)).all():
            scores[~finite] = np.nan
        return scores


def versions() -> dict[str, str]:
    """Return the versions of the software that answers, for the metadata."""
    return {name: metadata.version(name) for name in ("tensorflow", "keras", "numpy", "flask", "pyarrow")}
