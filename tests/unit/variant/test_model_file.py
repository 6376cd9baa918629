"""What may be in a model file and what may not: it is looked at, never run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import REPOSITORY, shadow_modules
from pytest_f07.errors import F07Error
from pytest_f07.variant import model_file
from pytest_f07.variant.model_file import ModelFile, check_keras, check_readable, inspect
from pytest_f07.variant.package import read_package
from tests.unit.small_package import layer, make_package, network, overwrite, write_h5

DEMO = REPOSITORY / "executions" / "06_packaging" / "v601" / "models"
OWN_WEIGHTS = "; a model file holds its weights itself."
NO_CODE = (
    ", which is not on the list of layers that are loaded: a package's models are built of Keras's own layers and "
    "functions, and carry no code."
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A healthy model file."""
    path = tmp_path / "model.h5"
    write_h5(path, network(6, layer("Embedding", input_dim=5), layer("Embedding", input_dim=9)))
    return path


def refused(path: Path) -> str:
    with pytest.raises(F07Error) as caught:
        inspect(path, "m")
    [line] = str(caught.value).splitlines()
    return line


# -- what it reads


def test_a_file_says_who_saved_it_and_what_fits(path: Path) -> None:
    assert inspect(path, "m") == ModelFile("2.15.0", 6, (5, 9), ("InputLayer", "Embedding", "Dense"))


@pytest.mark.parametrize(
    ("dtype", "precision"),
    [
        (None, "float32"),
        ("float64", "float32"),
        ("float16", "float16"),
        ({"class_name": "Policy", "config": {"name": "mixed_float16"}}, "float16"),
        ({"class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}}, "bfloat16"),
    ],
)
def test_a_file_says_in_which_precision_it_computes(path: Path, dtype: object, precision: str) -> None:
    write_h5(path, network(6, layer("Dense", dtype=dtype)))
    assert inspect(path, "m").precision == precision


def test_a_file_that_leaves_the_width_open_or_the_version_out(path: Path) -> None:
    write_h5(path, network(None), version=None)
    assert inspect(path, "m") == ModelFile("2", None, (), ("InputLayer", "Dense"))


def test_keras_3_names_shape_and_modules_its_own_way(path: Path) -> None:
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4]}}
    dtype = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    relu = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}
    dense = {"module": "keras.layers", "class_name": "Dense", "config": {"dtype": dtype, "activation": relu}}
    write_h5(path, {"class_name": "Functional", "config": {"layers": [first, dense]}}, "3.15.1")
    assert inspect(path, "m") == ModelFile("3.15.1", 4, (), ("InputLayer", "Dense"))


def test_the_demo_models_are_harmless() -> None:
    found = {one.parent.name: inspect(one, "m") for one in DEMO.glob("*/model.h5")}
    assert len(found) == 3
    assert all(one.input_width for one in found.values())


# -- what it refuses: links, data elsewhere, shapes that are not stored

Plant = Callable[[h5py.File, Path], object]


def external_storage(file: h5py.File, folder: Path) -> None:
    (folder / "secret").write_bytes(b"x" * 64)
    file.create_dataset("w", (16,), "f4", external=[(str(folder / "secret"), 0, 64)])


def virtual(file: h5py.File, folder: Path) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "w", (4,))
    file.create_virtual_dataset("w", layout)


def circle(file: h5py.File, folder: Path) -> None:
    file["model_weights/again"] = file["model_weights"]


STORED: dict[str, tuple[Plant, str]] = {
    "soft link": (lambda file, _: file.update(w=h5py.SoftLink("/model_weights")), "m: //w is a link" + OWN_WEIGHTS),
    "deep soft link": (
        lambda file, _: file["model_weights"].update(w=h5py.SoftLink("/nowhere")),
        "m: /model_weights/w is a link" + OWN_WEIGHTS,
    ),
    "external link": (
        lambda file, _: file.update(w=h5py.ExternalLink("/etc/passwd", "/")),
        "m: //w is a link" + OWN_WEIGHTS,
    ),
    "external storage": (external_storage, "m: /w keeps its data in another file" + OWN_WEIGHTS),
    "virtual dataset": (virtual, "m: /w keeps its data in another file" + OWN_WEIGHTS),
    "groups in a circle": (circle, "m: /model_weights/again stands in the file twice."),
    "weights twice": (
        lambda file, _: file.update(w=file["model_weights/dense/kernel:0"]),
        "m: * stands in the file twice.",
    ),
    "shape bomb": (
        lambda file, _: file.create_dataset("w", (2**40,), "f4", chunks=(1024,)),
        f"m: /w declares {2**42:,} bytes and stores 0.",
    ),
    "shape bomb over 64 bits": (
        lambda file, _: file.create_dataset("w", (2**32, 2**32), "f4", chunks=(1, 16)),
        f"m: /w declares {2**66:,} bytes and stores 0.",
    ),
    "zip bomb": (
        lambda file, _: file.create_dataset("w", data=np.zeros(10**6, "f4"), compression="gzip"),
        "m: /w declares 4,000,000 bytes and stores *.",
    ),
    "objects": (
        lambda file, _: file.create_dataset("w", data=["text"], dtype=h5py.string_dtype()),
        "m: /w holds object; weights are numbers.",
    ),
    "references": (
        lambda file, _: file.create_dataset("w", data=[file.ref], dtype=h5py.ref_dtype),
        "m: /w holds object; weights are numbers.",
    ),
    "records": (
        lambda file, _: file.create_dataset("w", data=np.zeros(2, [("a", "f4"), ("b", "i8")])),
        "m: /w holds *; weights are numbers.",
    ),
    "a name of two lines": (
        lambda file, _: file.update({"a\nb\x1b[0m": h5py.SoftLink("/")}),
        r"m: //a\nb\x1b[[]0m is a link" + OWN_WEIGHTS,
    ),
    "no weights": (
        lambda file, _: file.pop("model_weights"),
        "m: is HDF5 but no Keras model: it has no model_config and model_weights.",
    ),
    "no configuration": (
        lambda file, _: file.attrs.pop("model_config"),
        "m: is HDF5 but no Keras model: it has no model_config and model_weights.",
    ),
    "configuration a number": (
        lambda file, _: file.attrs.create("model_config", 5),
        "m: its model_config is not JSON.",
    ),
    "configuration nothing": (
        lambda file, _: file.attrs.create("model_config", h5py.Empty("f4")),
        "m: its model_config is not JSON.",
    ),
}


@pytest.mark.parametrize(("plant", "message"), STORED.values(), ids=STORED)
def test_what_is_stored_stays_in_the_file(path: Path, plant: Plant, message: str) -> None:
    with h5py.File(path, "r+") as file:
        plant(file, path.parent)
    assert fnmatchcase(refused(path), message), refused(path)


def test_a_dataset_that_holds_nothing_is_harmless(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["empty"] = h5py.Empty("f4")
        file["none"] = np.zeros((0, 3), "f4")
    assert inspect(path, "m").keras_version == "2.15.0"


# -- what it refuses: classes that are not Keras's own


def nested(depth: int) -> str:
    return '{"class_name": "Sequential", "config": ' + "[" * depth + "]" * depth + "}"


def wrapped(inner: dict[str, Any]) -> dict[str, Any]:
    """A part where Keras would look for one, deep inside a wrapper's configuration."""
    return network(3, layer("TimeDistributed", layer=layer("Bidirectional", layer={"x": [[inner]]})))


NOT_A_MODEL = "m: its model_config describes no model; a model is Sequential or Functional or Model."
NAMED: dict[str, tuple[object, str]] = {
    "Lambda": (
        network(3, layer("Lambda", function=["code"])),
        "m: its configuration names the class 'Lambda'" + NO_CODE,
    ),
    "Lambda inside": (wrapped(layer("Lambda")), "m: its configuration names the class 'Lambda'" + NO_CODE),
    "TFOpLambda": (network(3, layer("TFOpLambda")), "m: its configuration names the class 'TFOpLambda'" + NO_CODE),
    "unknown": (network(3, layer("MyLayer")), "m: its configuration names the class 'MyLayer'" + NO_CODE),
    "registered": (network(3, layer("a>MyLayer")), "m: its configuration names the class 'a>MyLayer'" + NO_CODE),
    "script": (network(3, layer("<script>\n")), r"m: its configuration names the class '<script>\n'" + NO_CODE),
    "a number": (network(3, layer(7)), "m: its configuration names the class 7" + NO_CODE),
    "a list": (network(3, layer(["Dense"])), "m: its configuration names the class [[]'Dense'[]]" + NO_CODE),
    "other module": (
        wrapped({"module": "os", "class_name": "Dense", "config": {}}),
        "m: its configuration names the module 'os'; only Keras's own is loaded.",
    ),
    "nearly Keras's module": (
        wrapped({"module": "keras_evil.layers", "class_name": "Dense", "config": {}}),
        "m: its configuration names the module 'keras_evil.layers'; only Keras's own is loaded.",
    ),
    "module a list": (
        wrapped({"module": ["keras"], "class_name": "Dense", "config": {}}),
        "m: its configuration names the module [[]'keras'[]]; only Keras's own is loaded.",
    ),
    "not JSON": ("{'class_name'", "m: its model_config is not JSON."),
    "no text": (b"\xff\xfe\xfa", "m: its model_config is not JSON."),
    "nested": (nested(100_000), "m: its model_config is not JSON."),
    "an empty list": ("[]", NOT_A_MODEL),
    "null": ("null", NOT_A_MODEL),
    "a layer": (layer("Dense"), NOT_A_MODEL),
    "nothing": ({}, NOT_A_MODEL),
}


@pytest.mark.parametrize(("config", "message"), NAMED.values(), ids=NAMED)
def test_what_is_named_is_kerass_own(path: Path, config: object, message: str) -> None:
    write_h5(path, config)
    assert fnmatchcase(refused(path), message), refused(path)


def test_a_long_configuration_is_read_in_one_pass(path: Path) -> None:
    """Taking parts off the front of a list took minutes here."""
    document = network(3)
    document["config"]["numbers"] = list(range(150_000))
    write_h5(path, document)
    assert inspect(path, "m").input_width == 3


# -- damage


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.floats(0, 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_is_refused_in_one_line_or_read(
    tmp_path_factory: pytest.TempPathFactory, place: float, damage: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.h5"
    write_h5(path, network(3))
    overwrite(path, place, damage)
    try:
        inspect(path, "m")
        message = "m: read"
    except F07Error as error:
        message = str(error)
    assert message.startswith("m: ")
    assert len(message.splitlines()) == 1


def test_a_file_with_which_hdf5_comes_to_no_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four bytes in the header of its heap, and reading an attribute never returns; nor does Ctrl-C stop it."""
    content = bytearray((DEMO / "inverter_trip__inverter_trip" / "model.h5").read_bytes())
    package = make_package(tmp_path)
    assert content[4357:4361] == b"\0\0\0\x0e"
    content[4357:4361] = b"\x7f\xff\xff\xff"
    path = package.models / "a__m1" / "model.h5"
    path.write_bytes(content)
    monkeypatch.setattr(model_file, "SECONDS", 2)
    with pytest.raises(F07Error) as caught:
        read_package(package)
    assert str(caught.value) == (
        "package v601: models/a__m1/model.h5: is not a readable HDF5 file (HDF5 comes to no end with it)."
    )


@pytest.mark.parametrize("keep", [0.0, 0.001, 0.05, 0.3, 0.7, 0.99])
def test_a_file_cut_short_is_refused(path: Path, keep: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    assert fnmatchcase(refused(path), "m: is not a readable HDF5 file (*).")


# -- which Keras can load it


KERAS = {
    "2": ("2.15.0", "2.15.0"),
    "3": ("3.15.1", "3.0.0"),
    "2 in 3": ("3.15.1", "2.15.0"),
    "unknown": ("2.15.0", "2"),
}


@pytest.mark.parametrize(("here", "saved"), KERAS.values(), ids=KERAS)
def test_a_file_that_can_be_loaded_passes(monkeypatch: pytest.MonkeyPatch, here: str, saved: str) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: here)
    check_keras(saved, "m")


def test_a_file_of_keras_3_where_keras_2_is_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: "2.15.0")
    with pytest.raises(F07Error) as caught:
        check_keras("3.15.1", "m")
    assert str(caught.value) == (
        "m: was saved by Keras 3.15.1, and this environment has Keras 2.15.0, which cannot load it. "
        "Install tensorflow 2.16 or newer, or save the model with Keras 2."
    )


def test_files_of_the_project_do_not_stand_for_what_looks_into_a_model_file(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A numpy.py there, or warnings made errors, would end the look before it began."""
    finished: list[subprocess.CompletedProcess[bytes]] = []
    run = subprocess.run

    def remember(*arguments: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        finished.append(run(*arguments, **options))
        return finished[-1]

    shadow_modules(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setattr("subprocess.run", remember)
    check_readable([path], tmp_path)
    assert [(done.returncode, done.stdout.count(b"\n")) for done in finished] == [(0, 1)]
