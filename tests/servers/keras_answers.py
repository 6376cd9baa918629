"""Write what Keras itself says: ``python -m tests.servers.keras_answers PACKAGE INPUTS.npz SCORES.npz``.

In a process of its own: the one that runs the tests never imports TensorFlow.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tests.servers.deployed import load


def main() -> None:
    package, inputs, scores = map(Path, sys.argv[1:])
    with np.load(inputs) as rows:
        answers = {model.name: model.network.predict(rows[model.name], verbose=0) for model in load(package)}
    np.savez(scores, **answers)


if __name__ == "__main__":
    main()
