"""Look for what in a package contradicts itself though nothing in it is wrong: warnings, each a sentence with names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.errors import printable
from pytest_f07.variant import model_file
from pytest_f07.variant.dataset import X_COLUMN, Dataset
from pytest_f07.variant.package import Model
from pytest_f07.variant.paths import DATASET_SUFFIX, PackagePaths, is_variant
from pytest_f07.variant.seal import digest
from pytest_f07.variant.wording import counted

# The families of F05: how each makes its input, and layers that it has and has not.
FAMILIES = {
    "dense_bow": ("dense_bow", (), ("Embedding", "Conv1D")),
    "sequence_embedding": ("sequence", ("Embedding",), ("Conv1D",)),
    "cnn1d": ("sequence", ("Conv1D",), ()),
}
SHOWN_CODES = 5


def incoherences(package: PackagePaths, models: Sequence[Model], datasets: Sequence[Dataset]) -> list[str]:
    """Return a sentence for each contradiction.

    :param datasets: all of the package, uncut.
    """
    sentences = [
        *_same_files(models),
        *(f"{model.prediction_name}: {text}" for model in models for text in _family(model)),
        *_misnamed_datasets(package),
        *_unused_codes(models, datasets),
    ]
    return [f"package {package.name}: {sentence}" for sentence in sentences]


def _same_files(models: Sequence[Model]) -> Iterator[str]:
    names: dict[str, list[str]] = {}
    for model in models:
        names.setdefault(digest(model.h5), []).append(model.prediction_name)
    for sha256, (*others, last) in names.items():
        if others:
            yield f"{', '.join(others)} and {last} have one and the same model.h5 (sha256 {sha256[:12]}…)"


def _family(model: Model) -> Iterator[str]:
    family = model.summary.get("model_family")
    if not isinstance(family, str) or family not in FAMILIES:
        return
    kind, needed, foreign = FAMILIES[family]
    if model.vectorization.kind != kind:
        yield f"its model_family is {family}, and its vectorization {model.vectorization.kind}; it should be {kind}"
    classes = model_file.inspect(model.h5, model.prediction_name).layer_classes
    layers = f"its model_family is {family}, and its layers are {', '.join(classes)}"
    yield from (f"{layers}: no {layer} among them" for layer in needed if layer not in classes)
    yield from (f"{layers}: {layer} among them" for layer in foreign if layer in classes)


def _misnamed_datasets(package: PackagePaths) -> Iterator[str]:
    for path in sorted(package.datasets.iterdir()):
        source = path.name.removesuffix(DATASET_SUFFIX)
        if path.name.lower().endswith((".parquet", ".parq", ".pq")) and (source == path.name or not is_variant(source)):
            yield (
                f"datasets/{printable(path.name)} is not replayed: a dataset's name is that of an F04 variant and "
                f"{DATASET_SUFFIX}, like v401{DATASET_SUFFIX}"
            )


def _unused_codes(models: Sequence[Model], datasets: Sequence[Dataset]) -> Iterator[str]:
    unseen = _unseen(sorted({code for model in models for code in model.vectorization.vocabulary}), datasets)
    for model in models:
        vocabulary = model.vectorization.vocabulary
        if unused := [code for code in vocabulary if code in unseen]:
            shown = ", ".join(map(str, unused[:SHOWN_CODES])) + (", …" if len(unused) > SHOWN_CODES else "")
            yield (
                f"{model.prediction_name}: {len(unused):,} of the {counted(len(vocabulary), 'code')} of its vocabulary "
                f"{'occurs' if len(unused) == 1 else 'occur'} in no dataset: {shown}"
            )


def _unseen(codes: Sequence[int], datasets: Sequence[Dataset]) -> set[int]:
    """Return those of ``codes`` that no window holds; no more is read than is needed to have seen all."""
    unseen: npt.NDArray[np.int64] = np.array(codes, np.int64)
    for dataset in datasets:
        for block in dataset.blocks([X_COLUMN]):
            if not len(unseen):
                return set()
            present = pc.unique(block.column(X_COLUMN).flatten()).cast(pa.int64()).to_numpy()
            unseen = unseen[~np.isin(unseen, present)]
    return set(unseen.tolist())
