"""``python -m pytest_f07.oracle.explain MANIFEST MODEL OUTPUT.npz``: what each layer makes of one window.

Standard input holds the window, ``[1, 5, 2]``. OUTPUT.npz gets the model's input, and for each layer in order its
output by a graph, as the server computes, and eagerly; then the score without each distinct code. Asking a graph for
every layer at once would change it, so each has a graph of its own, of which only the last layer is fetched. Whether
oneDNN is used, ``TF_ENABLE_ONEDNN_OPTS`` says.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_f07.errors import F07Error
from pytest_f07.oracle.package import read_package
from pytest_f07.oracle.vectorize import vectorize
from pytest_f07.variant.interpreter import hide_optional_modules


def main() -> int:
    """Write what the layers of one model make of one window; return 2 after one line for a user's mistake."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", KERAS_BACKEND="tensorflow")
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    hide_optional_modules()
    manifest, name, output = sys.argv[1:]
    window: list[int] = json.load(sys.stdin)
    try:
        package = read_package(Path(manifest).resolve())
        [entry] = (entry for entry in package.models if entry.prediction_name == name)
        from pytest_f07.oracle.models import OracleModel

        network = OracleModel(entry).network
    except F07Error as error:
        print(f"ERROR: {error}", file=sys.stderr, flush=True)
        return 2
    kind = entry.kind, entry.vocabulary, entry.width
    codes = list(dict.fromkeys(window))
    without = [[code for code in window if code != left_out] for left_out in codes]
    inputs = vectorize([window, *without], *kind)
    arrays: dict[str, Any] = {"input": inputs[0], "codes": np.array(codes, np.int64)}
    names = []
    for number, (layer, prefix) in enumerate(_prefixes(network)):
        names.append(f"{layer.name} ({type(layer).__name__})")
        arrays[f"graph_{number}"] = _by_graph(prefix, inputs[:1])
        arrays[f"eager_{number}"] = np.asarray(prefix(inputs[:1], training=False))[0]
    arrays["layers"] = np.array(names)
    arrays["without"] = _by_graph(network, inputs[1:], whole=True)[:, 0] if codes else np.zeros(0, np.float32)
    np.savez(output, **arrays)
    return 0


def _prefixes(network: Any) -> list[tuple[Any, Any]]:
    """Return each layer that computes, with the model that ends in it."""
    import tensorflow as tf

    layers = [layer for layer in network.layers if type(layer).__name__ != "InputLayer"]
    return [(layer, tf.keras.Model(network.inputs[0], layer.output)) for layer in layers]


def _by_graph(model: Any, inputs: npt.NDArray[Any], whole: bool = False) -> npt.NDArray[Any]:
    """Return the output of a model as a graph computes it, of the first row or of all."""
    import tensorflow as tf

    rows = tf.TensorSpec([None, *inputs.shape[1:]], inputs.dtype)
    outputs = np.asarray(tf.function(lambda batch: model(batch, training=False), input_signature=[rows])(inputs))
    return outputs if whole else outputs[0]


if __name__ == "__main__":
    sys.exit(main())
