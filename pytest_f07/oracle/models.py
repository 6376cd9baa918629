"""A model as F05 used it: loaded by Keras, asked through ``Model.predict``, with other kernels than the server's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from pytest_f07.oracle.package import ModelEntry
from pytest_f07.oracle.vectorize import Inputs

BATCH = 4096


class OracleModel:
    """What one model says of its inputs.

    :param entry: the model as the package declares it.
    """

    def __init__(self, entry: ModelEntry) -> None:
        self._network = tf.keras.models.load_model(entry.h5, compile=False)
        # A kernel can hide them (contract, "Scores that are not numbers").
        self._broken = any(
            weights.dtype.kind == "f" and not np.isfinite(weights).all()
            for layer in self._network.layers
            for weights in layer.get_weights()
        )

    def scores(self, inputs: Inputs) -> npt.NDArray[np.float32]:
        """Return the score of each row, NaN where it is no number."""
        if self._broken or not len(inputs):
            return np.full(len(inputs), np.nan, np.float32)
        scores = self._network.predict(inputs, batch_size=BATCH, verbose=0)[:, 0].astype(np.float32)
        return np.where(np.isfinite(scores), scores, np.float32(np.nan))
