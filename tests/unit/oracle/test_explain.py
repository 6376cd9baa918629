"""What the process of explain7 computes of each layer, for each kind of model of the demo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import REPOSITORY

MANIFEST = REPOSITORY / "executions" / "07_deployrun" / "v701" / "manifest.json"


@pytest.mark.parametrize("model", ["feeder_overload", "inverter_trip", "inverter_trip.cnn"])
def test_every_layer_is_computed_by_a_graph_and_eagerly(tmp_path: Path, model: str) -> None:
    output = tmp_path / "arrays.npz"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest_f07.oracle.explain", str(MANIFEST), model, str(output)],
        input="[1, 7, 1, 3]",
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    arrays = np.load(output)
    layers = arrays["layers"].tolist()
    assert len(layers) >= 2
    assert layers[-1].startswith("dense")
    for number in range(len(layers)):
        graph, eager = arrays[f"graph_{number}"], arrays[f"eager_{number}"]
        assert graph == pytest.approx(eager, abs=1e-5)
    assert arrays[f"graph_{len(layers) - 1}"].shape == (1,)
    assert arrays["codes"].tolist() == [1, 7, 3]
    assert arrays["without"].shape == (3,)
    assert ((arrays["without"] >= 0) & (arrays["without"] <= 1)).all()
