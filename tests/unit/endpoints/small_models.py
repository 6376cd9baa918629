"""Two models of a package, one of each vectorization, for tests of endpoints: no file is behind them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pytest_f07.variant.package import Model
from pytest_f07.vectorize import Vectorization

BAG = Vectorization("dense_bow", (1, 2, 3), 3)
SEQUENCE = Vectorization("sequence", (1, 2, 3, 4), 4)
WINDOWS = pa.array([[1, 2, 2], [], [9, 3, 4]], pa.list_(pa.int64()))
WIDTHS = {"Trip": 3, "overload": 4}


def model(name: str, vectorization: Vectorization, threshold: float = 0.5) -> Model:
    return Model(name, "v501", "v401", Path("nowhere"), threshold, vectorization, "2.15.0", {})


MODELS = (model("Trip", BAG), model("overload", SEQUENCE, 0.25))
NAMES = ("Trip", "overload")
