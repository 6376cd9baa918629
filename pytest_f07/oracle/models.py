"""Load a model as F05 used it, and call ``Model.predict``, with other kernels than the server's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from pytest_f07.oracle.package import ModelEntry
from pytest_f07.oracle.vectorize import Inputs
from pytest_f07.variant.keras_file import loadable
from pytest_f07.variant.translation import HARD_SIGMOID

BATCH_ROWS = 4096


class OracleModel:
    """One model, for its scores.

    :param entry: the model as the package declares it.
    """

    def __init__(self, entry: ModelEntry) -> None:
        with loadable(entry.h5) as file, tf.keras.utils.custom_object_scope({HARD_SIGMOID: _hard_sigmoid}):
            self.network = tf.keras.models.load_model(file, compile=False)
        # A kernel can hide them (contract, "Scores that are not numbers").
        self._broken = any(
            not np.isfinite(weights).all() for layer in self.network.layers for weights in layer.get_weights()
        )

    def scores(self, inputs: Inputs) -> npt.NDArray[np.float32]:
        """Return the score of each row, NaN where it is no number."""
        if self._broken or not len(inputs):
            return np.full(len(inputs), np.nan, np.float32)
        # As a dataset: cutting an array itself costs Keras 40 ms a call, whatever its size.
        batches = tf.data.Dataset.from_tensor_slices(inputs).batch(BATCH_ROWS)
        return _numbers([self.network.predict(batches, verbose=0)])

    def quick_scores(self, inputs: Inputs) -> npt.NDArray[np.float32]:
        """Return the score of each of a few rows to about 1e-7, without ``Model.predict``.

        For another number of rows that makes its graph anew: 50 ms a model.
        """
        if self._broken or not len(inputs):
            return np.full(len(inputs), np.nan, np.float32)
        parts = [inputs[start : start + BATCH_ROWS] for start in range(0, len(inputs), BATCH_ROWS)]
        return _numbers([np.asarray(self.network(part, training=False)) for part in parts])


def _numbers(outputs: list[npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
    scores = np.concatenate([output[:, 0].astype(np.float32) for output in outputs])
    return np.where(np.isfinite(scores), scores, np.float32(np.nan))


def _hard_sigmoid(x: Any) -> Any:
    """hard_sigmoid as Keras 2 has it: a line from 0 at -2.5 to 1 at 2.5."""
    return tf.minimum(tf.maximum(x * 0.2 + 0.5, 0), 1)


# Layers within layers look it up by its name.
_hard_sigmoid.__name__ = HARD_SIGMOID
