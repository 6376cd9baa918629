"""Look into a Keras ``.h5`` without running any of it: only h5py reads it, nothing is built or imported.

An ``.h5`` can carry code (Lambda layers, classes by module path) or point outside itself. Keras ignored ``safe_mode``
for this format until 3.11.3 and guards links only since 3.15.1, so both are refused here, whatever the version.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import h5py

from pytest_f07.errors import F07Error
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.layers import MODELS, check_ends, check_parts
from pytest_f07.variant.refusals import check_computable
from pytest_f07.variant.translation import translate

SECONDS = 30


@dataclass(frozen=True)
class ModelFile:
    """What a model file says of itself.

    :param keras_version: of the Keras that saved it, like "2.15.0".
    :param input_width: columns of the model's input; None where the file leaves it open.
    :param embedding_rows: rows of each Embedding layer that the file names, in order.
    :param layer_classes: the classes of its layers, each once, in order.
    :param precision: the least that a layer computes in: "float32", "float16" or "bfloat16".
    """

    keras_version: str
    input_width: int | None
    embedding_rows: tuple[int, ...]
    layer_classes: tuple[str, ...]
    precision: str = "float32"


def inspect(path: Path, where: str) -> ModelFile:
    """Read what ``path`` says of itself; :class:`F07Error` for what is not a harmless Keras HDF5 model."""
    try:
        with h5py.File(path, "r") as file:
            _check_storage(file, where)
            config, version = file.attrs.get("model_config"), file.attrs.get("keras_version")
            if "model_weights" not in file:
                config = None
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:  # h5py on damaged files: any of these
        raise F07Error(f"{where}: is not a readable HDF5 file ({_first_line(error)}).") from None
    if config is None:
        raise F07Error(f"{where}: is HDF5 but no Keras model: it has no model_config and model_weights.")
    try:
        document = json.loads(config)
    except (ValueError, TypeError, RecursionError):
        raise F07Error(f"{where}: its model_config is not JSON.") from None
    if not isinstance(document, dict) or document.get("class_name") not in MODELS:
        raise F07Error(f"{where}: its model_config describes no model; a model is {' or '.join(MODELS)}.")
    layers = list(check_parts(document, where))
    made_by = _text(version) if version is not None else "2"
    try:
        check_ends(document, where)
        check_computable(layers, made_by, where)
        translate(document, made_by, metadata.version("keras"), where)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise F07Error(
            f"{where}: its model_config describes no model ({type(error).__name__}: {_first_line(error)})."
        ) from None
    return ModelFile(
        keras_version=made_by,
        input_width=_input_width(layers),
        embedding_rows=tuple(
            rows
            for layer in layers
            if layer["class_name"] == "Embedding" and isinstance(rows := layer["config"].get("input_dim"), int)
        ),
        layer_classes=tuple(dict.fromkeys(kind for layer in layers if (kind := layer["class_name"]) not in MODELS)),
        precision=_precision(layers),
    )


def check_readable(paths: Sequence[Path], folder: Path) -> None:
    """Look into each of ``paths`` below ``folder`` in a process that can be ended.

    A damaged file can keep HDF5 busy for ever or bring it down, and nothing in this process could stop either.

    :raises F07Error: that names the file with which it did.
    """
    command = python_command(__name__, *map(str, paths))
    try:
        done = subprocess.run(
            command,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        begun, ended = done.stdout, done.returncode >= 0  # below: the signal that it died of
    except subprocess.TimeoutExpired as error:
        begun, ended = error.stdout or b"", False
    if not ended:
        at = paths[max(begun.count(b"\n"), 1) - 1].relative_to(folder).as_posix()
        raise F07Error(f"package {folder.name}: {at}: is not a readable HDF5 file (HDF5 comes to no end with it).")


def check_keras(version: str, where: str) -> None:
    """Refuse a file saved by Keras 3 where this environment has Keras 2, which cannot load it."""
    here = metadata.version("keras")
    if version.startswith("3") and here.startswith("2"):
        raise F07Error(
            f"{where}: was saved by Keras {version}, and this environment has Keras {here}, which cannot load it. "
            "Install tensorflow 2.16 or newer, or save the model with Keras 2."
        )


def _check_storage(file: h5py.File, where: str) -> None:
    """Refuse links out of the file, data kept elsewhere, and shapes larger than what is stored."""
    groups, seen = [file], set()
    while groups:
        group = groups.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise F07Error(f"{where}: {group.name}/{name} is a link; a model file holds its weights itself.")
            member = group[name]
            address = h5py.h5o.get_info(member.id).addr
            if address in seen:
                raise F07Error(f"{where}: {group.name}/{name} stands in the file twice.")
            seen.add(address)
            if isinstance(member, h5py.Group):
                groups.append(member)
            elif isinstance(member, h5py.Dataset):
                _check_dataset(member, where)


def _check_dataset(dataset: h5py.Dataset, where: str) -> None:
    if dataset.external or dataset.is_virtual:
        raise F07Error(
            f"{where}: {dataset.name} keeps its data in another file; a model file holds its weights itself."
        )
    if dataset.dtype.kind in "OV":
        raise F07Error(f"{where}: {dataset.name} holds {dataset.dtype}; weights are numbers.")
    declared = (dataset.size or 0) * dataset.dtype.itemsize
    if declared > 64 * max(dataset.id.get_storage_size(), 1):
        raise F07Error(
            f"{where}: {dataset.name} declares {declared:,} bytes and stores {dataset.id.get_storage_size():,}."
        )


def _input_width(layers: list[dict[str, Any]]) -> int | None:
    for layer in layers:
        config = layer["config"]
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        if isinstance(shape, list) and shape and isinstance(shape[-1], int):
            return shape[-1]
    return None


def _precision(layers: list[dict[str, Any]]) -> str:
    names = []
    for layer in layers:
        dtype = layer["config"].get("dtype")
        names.append(str(dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype))
    for half in ("bfloat16", "float16"):
        if any(name in (half, f"mixed_{half}") for name in names):
            return half
    return "float32"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]


def main() -> None:
    """Look into each file named on the command line, an empty line for each as it is begun."""
    for path in sys.argv[1:]:
        print(flush=True)
        with suppress(F07Error):  # whoever reads the package tells of it
            inspect(Path(path), path)


if __name__ == "__main__":
    main()
