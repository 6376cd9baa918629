"""A model as F05 used it: loaded by Keras, asked through ``Model.predict``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from pytest_f07.oracle.vectorize import vectorize
from pytest_f07.variant.keras_file import loadable
from pytest_f07.variant.package import Model
from pytest_f07.variant.translation import HARD_SIGMOID

BATCH = 256


class Oracle:
    """What one model says of windows, and where the contract says that it has no number to give.

    :param made: the model as the package declares it.
    """

    def __init__(self, made: Model) -> None:
        self._made = made
        with loadable(made.h5) as file, tf.keras.utils.custom_object_scope({HARD_SIGMOID: _hard_sigmoid}):
            self._network = tf.keras.models.load_model(file, compile=False)
        # Graph execution, and so predict, can hide both (contract, "Scores that are not numbers").
        self._broken = any(
            not np.isfinite(weights).all() for layer in self._network.layers for weights in layer.get_weights()
        )
        nothing = self._network(vectorize([[]], made.vectorization), training=False)
        self._needs_a_code = made.vectorization.kind == "sequence" and not np.isfinite(nothing).all()

    def scores(self, windows: Sequence[Sequence[int]]) -> list[float | None]:
        """Return the score of each window; None where it is no number."""
        if self._broken or not windows:
            return [None] * len(windows)
        inputs = vectorize(windows, self._made.vectorization)
        found = self._network.predict(inputs, batch_size=BATCH, verbose=0)
        scores: list[float | None] = []
        for row, score in zip(inputs, found[:, 0], strict=True):
            hidden = self._needs_a_code and not row.any()
            scores.append(None if hidden or not np.isfinite(score) else float(score))
        return scores


def _hard_sigmoid(x: Any) -> Any:
    """hard_sigmoid as Keras 2 has it: a line from 0 at -2.5 to 1 at 2.5."""
    return tf.minimum(tf.maximum(x * 0.2 + 0.5, 0), 1)


# Layers within layers look it up by its name.
_hard_sigmoid.__name__ = HARD_SIGMOID
