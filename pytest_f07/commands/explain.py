"""Explain one prediction (``explain7``): where server, Keras and other kernels differ, and which codes count."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_f07.errors import F07Error
from pytest_f07.results.explanation import Explanation
from pytest_f07.run.declaration import load
from pytest_f07.variant.dataset import X_COLUMN, Dataset
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.names import composed
from pytest_f07.variant.paths import Project, check_variant
from pytest_f07.windows import MAX_WINDOW

TIMEOUT_S = 600


def explain(
    project: Project, variant: str, name: str, dataset: str | None, row: int | str | None, window: str | None
) -> Iterator[str]:
    """Yield what one model makes of one window.

    :param name: the prediction_name.
    :param dataset: the F04 variant; None for the model's own dataset.
    :param row: of the dataset, from 0; None where ``window`` gives the codes themselves.
    :raises F07Error: for a mistake in the arguments, or where the model cannot be computed.
    """
    manifest, params = load(project, check_variant(variant, "VARIANT"))
    manifest.check_seal()
    models = {model.prediction_name: model for model in manifest.read_models()}
    if (model := models.get(composed(name))) is None:
        raise F07Error(f"MODEL={name}: {variant} has no such model; its models are {', '.join(models)}.")
    if (row is None) == (window is None):
        raise F07Error("ROW=5120, or WINDOW='[1, 5, 2]': give one of them.")
    if window is not None:
        codes, place = _parse_window(window), "the window given"
    else:
        datasets = {entry.source_f04: entry for entry in manifest.read_datasets(params.sample_size)}
        source = dataset or model.source_f04
        if source not in datasets:
            raise F07Error(f"DATASET={source}: {variant} has no such dataset; it has {', '.join(datasets)}.")
        codes, place = _read_window(datasets[source], row), f"{source} row {row:,}"
    yield f"{model.prediction_name} ({model.vectorization.kind}, threshold {model.threshold:g}), {place}"
    with TemporaryDirectory(prefix="f07-explain-") as folder:
        with_onednn, without_onednn = (
            _compute(manifest, model.prediction_name, codes, Path(folder) / f"{onednn}.npz", onednn) for onednn in "10"
        )
    vocabulary = model.vectorization.vocabulary
    yield from Explanation.of(codes, vocabulary, with_onednn, without_onednn, model.tolerance).lines()


def _parse_window(text: str) -> list[int]:
    try:
        codes = json.loads(text)
    except ValueError:
        codes = None
    valid = isinstance(codes, list) and len(codes) <= MAX_WINDOW
    if not valid or not all(type(code) is int and -(2**63) <= code < 2**63 for code in codes):
        raise F07Error(f"WINDOW={text}: it must be a list of integers, like [1, 5, 2].")
    return list(codes)


def _read_window(dataset: Dataset, row: int | str | None) -> list[int]:
    if not isinstance(row, int) or not 0 <= row < dataset.rows:
        raise F07Error(f"ROW={row}: {dataset.source_f04} has the rows 0 to {dataset.rows - 1:,}.")
    [block] = dataset.blocks([X_COLUMN], first_row=row, rows=1)
    codes: list[int] = block.column(X_COLUMN)[0].as_py()
    return codes


def _compute(manifest: Manifest, name: str, codes: list[int], output: Path, onednn: str) -> dict[str, npt.NDArray[Any]]:
    """Let a process of its own compute the layers, with oneDNN ("1") or without ("0")."""
    command = python_command("pytest_f07.oracle.explain", str(manifest.paths.manifest), name, str(output))
    environment = {**child_environment(), "TF_ENABLE_ONEDNN_OPTS": onednn}
    try:
        done = subprocess.run(
            command,
            input=json.dumps(codes),
            capture_output=True,
            env=environment,
            timeout=TIMEOUT_S,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise F07Error(f"{name} gave no answer within {TIMEOUT_S} seconds.") from None
    if done.returncode or not output.is_file():
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit status {done.returncode}"]
        raise F07Error(f"{name} cannot be computed layer by layer: {lines[-1].removeprefix('ERROR: ')}")
    with np.load(output) as arrays:
        return dict(arrays)
