"""Count every model's predictions again by plain loops, from parquet, JSON and YAML alone.

A second count is a proof only where it shares nothing with the first: this module imports nothing of this package but
its own reader of the files, which imports nothing of it, and its loops are short enough to be checked by eye
(specification §5).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from ctypes import c_float
from dataclasses import dataclass
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any
from unicodedata import normalize

import yaml

from pytest_f07.results.recount_files import LOG_COLUMNS, Log, WindowTexts, dataset_blocks, log_rows

CONFUSION: dict[tuple[float, int], str] = {(1, 1): "TP", (0, 0): "TN", (0, 1): "FP", (1, 0): "FN"}  # (label, y_pred)
NO_REFERENCE = ("no_ref_pred_0", "no_ref_pred_1")


class RecountError(ValueError):
    """A log whose rows are not the datasets' rows; the text names the first such place."""


@dataclass(frozen=True)
class Recount:
    """The counts of a log.

    :param models: the counts of each model, under the column names of metrics_per_model.csv; ``non_finite`` is None
        where the server gave labels alone.
    :param own_non_finite: of each model, the scores of its own dataset that are not numbers.
    :param rows: the rows of each dataset.
    """

    models: dict[str, dict[str, float | None]]
    own_non_finite: dict[str, int]
    rows: dict[str, int]


def recount(variant: Path, package: Path, log: Path) -> Recount:
    """Count the predictions of a log against the labels of the package's own files.

    :param variant: the folder that holds manifest.json and params.yaml.
    :param log: raw_predictions.parquet, a file or a folder with its parts.
    :raises RecountError: for a log that is not the datasets, row for row.
    """
    manifest = json.loads((variant / "manifest.json").read_text(encoding="utf-8"))
    limit = yaml.safe_load((variant / "params.yaml").read_text(encoding="utf-8")).get("sample_size")
    files = {}
    for entry in manifest["datasets"]:
        name = PurePosixPath(entry["dataset_path"]).name
        files[name.removesuffix("__dataset.parquet")] = package / "datasets" / name
    bits = {source: 1 << number for number, source in enumerate(files)}
    # An accent may be one character in the manifest and two on disk.
    folders = {normalize("NFC", folder.name): folder for folder in (package / "models").iterdir()}
    own = {}
    for entry in manifest["models"]:
        folder = folders[normalize("NFC", PurePosixPath(entry["model_dir"]).name)]
        summary = json.loads((folder / "model_summary.json").read_text(encoding="utf-8"))
        own[normalize("NFC", entry["prediction_name"])] = summary["parent_variant"]

    texts = WindowTexts()
    labelled: dict[str, int] = {}  # by window: the bits of the datasets in which a labelled row holds it
    for source in dict.fromkeys(own.values()):
        for windows, labels in dataset_blocks(files[source], texts, limit):
            for window, label in zip(windows, labels, strict=True):
                if label is not None:
                    labelled[window] = labelled.get(window, 0) | bits[source]

    counts: dict[str, Counter[str]] = {name: Counter() for name in own}
    own_non_finite = dict.fromkeys(own, 0)
    rows = dict.fromkeys(files, 0)
    logged = Log(log)
    for dataset, path in files.items():
        for windows, labels in dataset_blocks(path, texts, limit, len(own)):
            predictions = logged.take(len(windows) * len(own))
            numbers = list(range(rows[dataset], rows[dataset] + len(windows)))
            known = [labelled.get(window, 0) for window in windows]
            for place, (name, source) in enumerate(own.items()):
                # Column by column: so Python compares and counts several times as fast as row by row.
                logged_windows, names, y_pred, y_prob, sources, places = (
                    column[place :: len(own)] for column in predictions
                )
                is_expected = (
                    logged_windows == windows and places == numbers and {*names} == {name} and {*sources} == {dataset}
                )
                if not (is_expected and {*y_pred} <= {0, 1} and {*labels} <= {0, 1, None}):
                    raise _first_fault(list(own), dataset, zip(numbers, windows, labels, strict=True), predictions)
                count = counts[name]
                if source == dataset:
                    for (label, predicted), times in Counter(zip(labels, y_pred, strict=True)).items():
                        count[NO_REFERENCE[predicted] if label is None else CONFUSION[label, predicted]] += times
                else:
                    for (holders, predicted), times in Counter(zip(known, y_pred, strict=True)).items():
                        if not holders & bits[source]:
                            count[NO_REFERENCE[predicted]] += times
                scores = [score for score in y_prob if score is not None]
                non_finite = len(scores) - sum(map(isfinite, scores))
                count["labels alone"] += len(y_prob) - len(scores)
                count["non_finite"] += non_finite
                own_non_finite[name] += non_finite if source == dataset else 0
            rows[dataset] += len(windows)
    if any(logged.take(1)):
        raise RecountError(f"the log goes on after {sum(rows.values()) * len(own):,} predictions, which are all")
    return Recount({name: _metrics(count) for name, count in counts.items()}, own_non_finite, rows)


def _first_fault(
    names: list[str], dataset: str, rows: Iterable[tuple[int, str, float | None]], predictions: list[list[Any]]
) -> RecountError:
    """Return the first place where the predictions of some rows are not what they must be."""
    logged = zip(*predictions, strict=True)
    for row, window, label in rows:
        for name in names:
            text, logged_name, y_pred, _, logged_dataset, logged_row = next(logged, (None,) * 6)
            if (text, logged_name, logged_dataset, logged_row) != (window, name, dataset, row):
                return RecountError(
                    f"the log holds {logged_name} of {logged_dataset} row {logged_row}, window {_short(text)}, "
                    f"where {name} of {dataset} row {row}, window {_short(window)}, belongs"
                )
            if y_pred not in (0, 1) or label not in (0, 1, None):
                return RecountError(f"{dataset} row {row} has label {label}, and {name} y_pred {y_pred}")
    raise AssertionError("there is none")


def _metrics(count: Counter[str]) -> dict[str, float | None]:
    tp, fp, fn = count["TP"], count["FP"], count["FN"]
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    return {
        **{name: count[name] for name in ("TP", "TN", "FP", "FN")},
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        **{name: count[name] for name in NO_REFERENCE[::-1]},
        "non_finite": None if count["labels alone"] else count["non_finite"],
        "no_ref_total": count["no_ref_pred_1"] + count["no_ref_pred_0"],
    }


def csv_fault(csv: Path, log: Path) -> str | None:
    """Return the first place where the log's CSV differs from its parquet; None where it does not.

    Each field is compared as text, but for the score, whose text must read back as the same float32.
    """
    header = ",".join(LOG_COLUMNS)
    with csv.open(encoding="utf-8", errors="replace", newline="") as file:
        if (line := next(file, "").rstrip("\r\n").replace('"', "")) != header:
            return f"its first line is {_short(line)}; it must be {header}"
        for number, (window, name, y_pred, y_prob, dataset, row) in enumerate(log_rows(log), 2):
            line = next(file, "").rstrip("\r\n").replace('"', "")
            before, after = f"{window},{name},{y_pred},", f",{dataset},{row}"
            score = line[len(before) : len(line) - len(after)]
            if line != before + score + after or not _same_score(score, y_prob):
                return f"line {number:,} is {_short(line)}; the parquet says {_short(f'{before}{y_prob}{after}')}"
        if line := next(file, ""):
            return f"it goes on after the parquet's last row with {_short(line)}"
    return None


def _same_score(text: str, score: float | None) -> bool:
    if score is None:
        return text == ""
    try:
        value = c_float(float(text)).value
    except ValueError:
        return False
    return value == score or (value != value and score != score)


def _short(text: str | None) -> str | None:
    return text if text is None else repr(text if len(text) <= 80 else f"{text[:80]}…")
