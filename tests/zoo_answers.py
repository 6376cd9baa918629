"""Answer for every golden model, in one process: ``python -m tests.zoo_answers ARCHIVE…``; a line of JSON for each."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pytest_f07.errors import F07Error
from pytest_f07.oracle.models import OracleModel
from pytest_f07.oracle.package import ModelEntry
from pytest_f07.oracle.vectorize import vectorize
from pytest_f07.server.models import load
from pytest_f07.variant import model_file
from pytest_f07.variant.package import Model
from pytest_f07.vectorize import Vectorization

CODES, WIDTH = 10, 12
Kind = Literal["dense_bow", "sequence"]


def answer(path: Path, kind: Kind, inputs: Any, right: Any, *, ask_oracle: bool) -> dict[str, Any]:
    """How far server and oracle are from the right scores, or why the file is refused."""
    codes = tuple(range(1, CODES + 1))
    width = CODES if kind == "dense_bow" else WIDTH
    model = Model(
        prediction_name="golden",
        source_f05="v501",
        source_f04="v401",
        folder=path.parent,
        threshold=0.5,
        vectorization=Vectorization(kind, codes, width),
        keras_version="",
        summary={},
    )
    try:
        model_file.inspect(path, "m")
        loaded = load(model)
    except F07Error as error:
        return {"refused": str(error)}
    scores = {"server": np.asarray(loaded.network(inputs[kind], training=False), "float32")}
    if ask_oracle:
        windows = [[int(place) for place in row if place] for row in inputs["sequence"]]
        oracle = OracleModel(ModelEntry("golden", model.h5, model.threshold, kind, codes, width))
        scores["oracle"] = oracle.scores(vectorize(windows, kind, codes, width))[:, None]
    if right is None:
        return {"refused": ""}
    return {name: float(np.abs(values - right).max()) for name, values in scores.items()}


def main() -> None:
    """Go through the archives."""
    for archive in map(Path, sys.argv[1:]):
        with zipfile.ZipFile(archive) as files, tempfile.TemporaryDirectory() as folder:
            scores = np.load(io.BytesIO(files.read("scores.npz")))
            path = Path(folder, "model.h5")
            for name, facts in json.loads(files.read("cases.json")).items():
                path.write_bytes(files.read(f"{name}.h5"))
                right = scores[f"{name}.scores"] if f"{name}.scores" in scores else None
                result = answer(path, facts["kind"], scores, right, ask_oracle=archive.stem == "keras-2.15.0")
                print(json.dumps({"archive": archive.stem, "case": name, **facts, **result}), flush=True)


if __name__ == "__main__":
    main()
