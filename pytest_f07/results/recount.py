"""Count every model's predictions again by plain loops, from parquet, JSON and YAML alone.

A second count is a proof only where it shares nothing with the first: this module imports nothing of this package, and
its loops are short enough to be checked by eye (specification §5).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from ctypes import c_float
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any, cast
from unicodedata import normalize

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

BATCH_ROWS = 16_384
BATCH_CODES = 4_000_000
LOG_COLUMNS = ["window", "prediction_name", "y_pred", "y_prob", "dataset", "row"]
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

    labelled: dict[str, int] = {}  # by window: the bits of the datasets in which a labelled row holds it
    for source in dict.fromkeys(own.values()):
        for window, label in _dataset_rows(files[source], limit):
            if label is not None:
                labelled[window] = labelled.get(window, 0) | bits[source]

    counts: dict[str, Counter[str]] = {name: Counter() for name in own}
    owners = [(name, source, bits[source], counts[name]) for name, source in own.items()]
    own_non_finite = dict.fromkeys(own, 0)
    rows = dict.fromkeys(files, 0)
    logged = _log_rows(log)
    for dataset, path in files.items():
        for row, (window, label) in enumerate(_dataset_rows(path, limit)):
            known = labelled.get(window, 0)
            for name, source, bit, count in owners:
                text, logged_name, y_pred, y_prob, logged_dataset, logged_row = next(logged, (None,) * 6)
                if (text, logged_name, logged_dataset, logged_row) != (window, name, dataset, row):
                    raise RecountError(
                        f"the log holds {logged_name} of {logged_dataset} row {logged_row}, window {_short(text)}, "
                        f"where {name} of {dataset} row {row}, window {_short(window)}, belongs"
                    )
                if y_pred not in (0, 1) or label not in (0, 1, None):
                    raise RecountError(f"{dataset} row {row} has label {label}, and {name} y_pred {y_pred}")
                if source == dataset and label is not None:
                    count[CONFUSION[label, y_pred]] += 1
                elif source == dataset or not known & bit:
                    count[NO_REFERENCE[y_pred]] += 1
                if y_prob is None:
                    count["labels alone"] += 1
                elif not isfinite(y_prob):
                    count["non_finite"] += 1
                    own_non_finite[name] += source == dataset
            rows[dataset] += 1
    if next(logged, None) is not None:
        raise RecountError(f"the log goes on after {sum(rows.values()) * len(own):,} predictions, which are all")
    return Recount({name: _metrics(count) for name, count in counts.items()}, own_non_finite, rows)


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
        for number, (window, name, y_pred, y_prob, dataset, row) in enumerate(_log_rows(log), 2):
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


def _dataset_rows(path: Path, limit: int | None) -> Iterator[tuple[str, float | None]]:
    """Yield the window, as the log writes it, and the label (None for null and NaN) of the first ``limit`` rows."""
    return islice(_all_dataset_rows(path), limit)


def _all_dataset_rows(path: Path) -> Iterator[tuple[str, float | None]]:
    with pq.ParquetFile(path) as file:
        paths = [file.metadata.schema.column(number).path for number in range(file.metadata.num_columns)]
        window_columns = [number for number, path in enumerate(paths) if path.split(".")[0] == "OW_events"]
        for group in range(file.num_row_groups):
            info = file.metadata.row_group(group)
            codes_in_group = max(info.column(number).num_values for number in window_columns)
            size = max(1, min(BATCH_ROWS, BATCH_CODES * info.num_rows // max(codes_in_group, 1)))
            for batch in file.iter_batches(size, row_groups=[group], columns=["OW_events", "label"]):
                windows, labels = batch.column("OW_events"), _values(batch.column("label"))
                codes, end = _values(windows.flatten()), 0
                for length, label in zip(_values(windows.value_lengths()), labels, strict=True):
                    start, end = end, end + length
                    window = str(codes[start:end]).replace(" ", "")
                    yield window, None if label is None or label != label else label


def _log_rows(path: Path) -> Iterator[tuple[Any, ...]]:
    for part in sorted(path.glob("part-*.parquet")) if path.is_dir() else [path]:
        with pq.ParquetFile(part, read_dictionary=["window", "prediction_name", "dataset"]) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=LOG_COLUMNS):
                yield from zip(*(_values(batch.column(name)) for name in LOG_COLUMNS), strict=True)


def _values(column: pa.Array) -> list[Any]:
    """Return the values of a column; ``to_pylist`` alone takes four times as long in older versions of Arrow."""
    if pa.types.is_dictionary(column.type):
        texts = column.dictionary.to_pylist()
        return [None if index is None else texts[index] for index in _values(column.indices)]
    if column.null_count:
        return cast("list[Any]", column.to_pylist())
    return cast("list[Any]", column.to_numpy(zero_copy_only=False).tolist())


def _short(text: str | None) -> str | None:
    return text if text is None else repr(text if len(text) <= 80 else f"{text[:80]}…")
