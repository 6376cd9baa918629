"""A package that means harm gets past no door: not the run's, not the server's, not the oracle's, sealed or not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from conftest import F07Project

MODEL = "models/feeder_overload__feeder_overload/model.h5"


def with_a_lambda(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"].insert(
            1, {"class_name": "Lambda", "config": {"name": "l", "function": ["4wEA", None]}}
        )
        file.attrs["model_config"] = json.dumps(config)


def with_a_link_out(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["model_weights/away"] = h5py.ExternalLink("/etc/passwd", "/")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


def with_a_giant_layer(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        hidden = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Dense")
        hidden["config"]["units"] = 30_000_000  # times 40 inputs of 4 bytes: 4.8 GB
        file.attrs["model_config"] = json.dumps(config)


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "code": (with_a_lambda, "names the class 'Lambda', which is not on the list"),
    "link": (with_a_link_out, "/model_weights/away is a link; a model file holds its weights itself"),
    "truncated": (cut_short, "is not a readable HDF5 file"),
}


@pytest.mark.parametrize(("spoil", "words"), HOSTILE.values(), ids=HOSTILE)
def test_each_door_refuses_a_model_file_in_one_line(
    f07_project: F07Project, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(f07_project.package / MODEL)
    manifest = f07_project.variant / "manifest.json"
    document = json.loads(manifest.read_text())
    del document["files"]  # as an older tool writes it: nothing is sealed, so only what the file holds can tell
    manifest.write_text(json.dumps(document))
    before = f07_project.tree()
    result = f07_project.run()
    assert result.ret == 4
    [line] = [line for line in result.errlines if line]
    assert words in line
    for door in ("pytest_f07.server", "pytest_f07.oracle"):
        command = [sys.executable, "-m", door, str(manifest)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            assert process.stdin is not None
            assert process.stderr is not None
            if door == "pytest_f07.oracle":
                process.stdin.write("go\n")  # it opens nothing before
                process.stdin.flush()
            code = process.wait(60)
            told = process.stderr.read()
        assert (door, code) == (door, 2), told
        # TensorFlow, which may say something before, is not even imported by the server, which the run has not started.
        *earlier, line = told.splitlines()
        assert not earlier or door == "pytest_f07.oracle"
        assert line.startswith("ERROR: package v601: ")
        assert words in line
    assert f07_project.tree() == before


def test_a_layer_larger_than_its_file_could_fill_is_not_given_the_memory(f07_project: F07Project) -> None:
    with_a_giant_layer(f07_project.package / MODEL)
    shutil.rmtree(f07_project.variant)
    f07_project.variant7("v701", "v601")  # the file is what its maker sealed
    result = f07_project.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*F07-BROKEN*models/feeder_overload__feeder_overload/model.h5: takes more than *MiB to load*"]
    )
