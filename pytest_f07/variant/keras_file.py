"""A model file as the Keras that is installed here can load it: itself, or a copy with its configuration translated."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import h5py

from pytest_f07.variant.translation import translate


@contextmanager
def loadable(path: Path) -> Iterator[Path]:
    """Yield ``path``, which was inspected before, or a translated copy that lasts as long as the context."""
    with h5py.File(path, "r") as file:
        written, version = json.loads(file.attrs["model_config"]), file.attrs.get("keras_version", "2")
    made_by = version.decode() if isinstance(version, bytes) else str(version)
    translated = translate(written, made_by, metadata.version("keras"), path.name)
    if translated == written:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="pytest-f07-") as folder:
        copy = Path(folder, path.name)
        shutil.copyfile(path, copy)
        with h5py.File(copy, "r+") as file:
            file.attrs["model_config"] = json.dumps(translated)
        yield copy
