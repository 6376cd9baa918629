"""Read an F06 package: its models, their vectorization, and their datasets.

Paths written inside a package are absolute and of another machine: none is followed. A model's folder is found by its
prediction name and model id, a dataset by its F04 variant, both inside the package (contract, "In").
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant import model_file
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.documents import pull_hint, read_json
from pytest_f07.variant.missing import missing_package
from pytest_f07.variant.model_file import ModelFile
from pytest_f07.variant.names import caseless, check_folder_name, check_name, find_folder, first_collision
from pytest_f07.variant.paths import DATASET_SUFFIX, PackagePaths, is_variant
from pytest_f07.variant.wording import counted
from pytest_f07.vectorize import Vectorization

DEFAULT_THRESHOLD = 0.5
# How far two scores of one window may be apart: a few last bits of what the layers compute in.
TOLERANCES = {"float32": 1e-5, "float16": 2e-3, "bfloat16": 1.6e-2}


@dataclass(frozen=True)
class Model:
    """One model of a package.

    :param threshold: the score from which the prediction is 1; compared as float32, in the server.
    :param keras_version: of the Keras that saved the model file.
    :param precision: the least that a layer of it computes in: "float32", "float16" or "bfloat16".
    :param summary: the content of model_summary.json, for the report's section on F05.
    """

    prediction_name: str
    source_f05: str
    source_f04: str
    folder: Path
    threshold: float
    vectorization: Vectorization
    keras_version: str
    summary: dict[str, Any]
    precision: str = "float32"

    @property
    def tolerance(self) -> float:
        """Return how far two scores of one window may be apart: by what its precision leaves open."""
        return TOLERANCES[self.precision]

    @property
    def h5(self) -> Path:
        """The model file."""
        return self.folder / "model.h5"


@dataclass(frozen=True)
class Entry:
    """One line of the package's list of models."""

    source_f05: str
    model_id: str
    prediction_name: str

    @property
    def folder_name(self) -> str:
        """The folder below models/."""
        return f"{self.prediction_name}__{self.model_id}"


def read_models(paths: PackagePaths) -> list[Model]:
    """Return the models in the order of the package's list; raise :class:`F07Error` for what F06 does not write."""
    if not paths.folder.is_dir():
        raise missing_package(paths)
    return [
        read_model(paths, entry.prediction_name, entry.source_f05, entry.folder_name) for entry in _read_entries(paths)
    ]


def read_package(paths: PackagePaths) -> tuple[list[Model], list[Dataset]]:
    """Return models and datasets; raise :class:`F07Error` for anything, to the last row, that is invalid."""
    h5_files = [path for path in sorted(paths.folder.glob("models/*/model.h5")) if path.is_file()]
    if files := [path for path in h5_files if path.resolve().is_relative_to(paths.folder.resolve())]:
        model_file.check_readable(files, paths.folder)
    models = read_models(paths)
    datasets = read_datasets(paths, models, None)
    for dataset in datasets:
        dataset.check_rows()
    return models, datasets


def read_datasets(paths: PackagePaths, models: Iterable[Model], limit: int | None) -> list[Dataset]:
    """Return the datasets in the order of first use by a model, then those that no model owns, by name."""
    used = dict.fromkeys(model.source_f04 for model in models)
    names = sorted(path.name.removesuffix(DATASET_SUFFIX) for path in paths.datasets.glob(f"v*{DATASET_SUFFIX}"))
    return [
        read_dataset(paths, name, limit) for name in [*used, *(n for n in names if n not in used and is_variant(n))]
    ]


def read_dataset(paths: PackagePaths, source_f04: str, limit: int | None) -> Dataset:
    """Return the dataset of an F04 variant, its columns checked."""
    path = inside(paths, paths.dataset(source_f04))
    return Dataset.open(source_f04, path, f"package {paths.name}: datasets/{path.name}", limit)


def inside(paths: PackagePaths, path: Path) -> Path:
    """Return ``path``; raise :class:`F07Error` where it leads out of the package once links are resolved."""
    if not path.resolve().is_relative_to(paths.folder.resolve()):
        name = path.relative_to(paths.folder).as_posix()
        raise F07Error(f"package {paths.name}: {name} leads out of the package; a package holds its files itself.")
    return path


def _read_entries(paths: PackagePaths) -> list[Entry]:
    where = f"package {paths.name}: {paths.metadata.name}"
    document = read_json(inside(paths, paths.metadata), where)
    params = document.get("params")
    listed = params.get("models") if isinstance(params, dict) else None
    if listed is None:
        listed = document.get("models")
    if not isinstance(listed, list) or not listed:
        raise F07Error(f"{where}: lists no models; params.models must name at least one.")
    entries = [_parse_entry(item, f"{where}: models[{index}]") for index, item in enumerate(listed)]
    if collision := first_collision(entry.prediction_name for entry in entries):
        colliding = [entry for entry in entries if caseless(entry.prediction_name) == caseless(collision[0])]
        listed = " and ".join(f"{entry.source_f05} as {entry.prediction_name!r}" for entry in colliding)
        raise F07Error(
            f"{where}: lists {listed}; in F06 the second overwrites the first, at least where letter case does not "
            "count. Package one model under each prediction_name."
        )
    return entries


def _parse_entry(item: object, where: str) -> Entry:
    if not isinstance(item, dict):
        raise F07Error(f"{where}: is {item!r}; it must hold source_f05, model_id and prediction_name.")
    name, model_id, source = (item.get(key) for key in ("prediction_name", "model_id", "source_f05"))
    if not is_variant(source):
        raise F07Error(f"{where}: source_f05 is {source!r}; it must name an F05 variant, like v501.")
    model_id, name = check_name(model_id, f"{where}: model_id"), check_name(name, f"{where}: prediction_name")
    entry = Entry(str(source), model_id, name)
    check_folder_name(entry.folder_name, where)
    return entry


def read_model(paths: PackagePaths, prediction_name: str, source_f05: str, folder_name: str) -> Model:
    """Return a model from its folder, its summary checked against its model file."""
    where = f"package {paths.name}: models/{folder_name}"
    folder = find_folder(paths.model_folder(folder_name), where)
    if not inside(paths, folder).is_dir():
        raise F07Error(f"{where}: there is no such folder, and {prediction_name!r} is listed{pull_hint(folder)}.")
    summary_where = f"{where}/model_summary.json"
    summary = read_json(inside(paths, folder / "model_summary.json"), summary_where)
    name = summary.get("prediction_name")
    if not isinstance(name, str) or caseless(name) != caseless(prediction_name):
        raise F07Error(
            f"{summary_where}: prediction_name is {name!r}; the package lists this model as {prediction_name!r}."
        )
    if summary.get("variant", source_f05) != source_f05:
        raise F07Error(
            f"{summary_where}: variant is {summary['variant']!r}; the package lists this model as {source_f05!r}."
        )
    source_f04 = summary.get("parent_variant")
    if not is_variant(source_f04):
        raise F07Error(f"{summary_where}: parent_variant is {source_f04!r}; it must name an F04 variant, like v401.")
    vectorization = _parse_vectorization(summary.get("vectorization"), summary_where)
    file = _check_fit(inside(paths, folder / "model.h5"), vectorization, f"{where}/model.h5")
    return Model(
        prediction_name=prediction_name,
        source_f05=source_f05,
        source_f04=str(source_f04),
        folder=folder,
        threshold=_parse_threshold(summary.get("threshold"), summary_where),
        vectorization=vectorization,
        keras_version=file.keras_version,
        summary=summary,
        precision=file.precision,
    )


def _parse_threshold(value: object, where: str) -> float:
    if value is None:
        return DEFAULT_THRESHOLD
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1 or math.isnan(value):
        raise F07Error(f"{where}: threshold is {value!r}; it must be a number from 0 to 1.")
    return float(value)


def _parse_vectorization(document: object, where: str) -> Vectorization:
    if not isinstance(document, dict):
        raise F07Error(f"{where}: vectorization is {document!r}; it must hold vectorization, vocab and sizes.")
    kind = document.get("vectorization")
    if kind not in ("dense_bow", "sequence"):
        raise F07Error(f"{where}: vectorization is {kind!r}; known are 'dense_bow' and 'sequence'.")
    vocabulary = _parse_vocabulary(document.get("vocab"), where)
    key = "input_dim" if kind == "dense_bow" else "vocab_size"
    if (size := _parse_size(document, key, where)) != len(vocabulary):
        raise F07Error(
            f"{where}: {key} is {size}, and vocab holds {counted(len(vocabulary), 'code')}; they must agree."
        )
    width = size if kind == "dense_bow" else _parse_size(document, "max_len", where)
    return Vectorization(kind, vocabulary, width)


def _parse_vocabulary(codes: object, where: str) -> tuple[int, ...]:
    if not isinstance(codes, list) or not codes:
        raise F07Error(f"{where}: vocab must be a list of codes with at least one in it.")
    for code in codes:
        if not isinstance(code, int) or isinstance(code, bool) or not -(2**63) <= code < 2**63:
            raise F07Error(f"{where}: vocab holds {code!r}; codes are 64-bit integers.")
    if len(set(codes)) < len(codes):
        code = Counter(codes).most_common(1)[0][0]
        raise F07Error(f"{where}: vocab holds {code} more than once; each code has one place.")
    return tuple(codes)


def _parse_size(document: dict[str, Any], key: str, where: str) -> int:
    value = document.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10_000_000:
        raise F07Error(f"{where}: {key} is {value!r}; it must be a whole number from 1 to 10,000,000.")
    return value


def _check_fit(h5: Path, vectorization: Vectorization, where: str) -> ModelFile:
    """Return what the model file holds; refuse a vectorization that does not fit (a GPU reads zeros beyond it)."""
    if not h5.is_file():
        raise F07Error(f"{where}: {'is no regular file' if h5.exists() else f'no such file{pull_hint(h5)}'}.")
    inspected = model_file.inspect(h5, where)
    if inspected.input_width is not None and inspected.input_width != vectorization.width:
        key = "input_dim" if vectorization.kind == "dense_bow" else "max_len"
        raise F07Error(
            f"{where}: its input has {counted(inspected.input_width, 'column')}, and the model's {key} is "
            f"{vectorization.width}."
        )
    if vectorization.kind == "sequence" and inspected.embedding_rows:
        needed = len(vectorization.vocabulary) + 1
        if inspected.embedding_rows[0] < needed:
            raise F07Error(
                f"{where}: its embedding has {counted(inspected.embedding_rows[0], 'row')}; a vocabulary of "
                f"{counted(needed - 1, 'code')} and the padding need {needed}."
            )
    return inspected
