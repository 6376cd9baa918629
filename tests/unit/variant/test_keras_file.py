"""The file that Keras is given: the package's own, or a copy that goes away."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import h5py
import pytest

from pytest_f07.variant import keras_file
from tests.unit.small_package import layer, network, write_h5


def test_a_file_that_needs_no_translation_is_given_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: "3.15.1")
    write_h5(tmp_path / "model.h5", network(3), "3.15.1")
    with keras_file.loadable(tmp_path / "model.h5") as given:
        assert given == tmp_path / "model.h5"


def test_a_translated_copy_has_the_weights_and_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: "3.15.1")
    path = tmp_path / "model.h5"
    write_h5(path, network(3, layer("LSTM", time_major=False)))
    before = path.read_bytes()
    with keras_file.loadable(path) as given:
        with h5py.File(given, "r") as file:
            assert "time_major" not in json.dumps(json.loads(file.attrs["model_config"]))
            assert file["model_weights/dense/kernel:0"].shape == (3, 1)
        assert given != path
    assert not given.exists()
    assert path.read_bytes() == before
