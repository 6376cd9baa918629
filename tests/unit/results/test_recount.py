"""The second count: its numbers, by hand; and each way in which a log or its CSV is not what it should be."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Any
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from pytest_f07.results import recount as recount_module
from pytest_f07.results import recount_files
from pytest_f07.results.recount import Recount, RecountError, csv_fault, recount
from tests.unit.small_run import SmallRun, runs, write_run

HUGE = 2**63 - 1  # no float and no int32 tells it from its neighbour
NEIGHBOUR = HUGE - 1
NAN = float("nan")


@dataclass
class Files:
    """A variant, its package and its log, written without this package's own writers."""

    root: Path

    @property
    def parquet(self) -> Path:
        return self.root / "raw_predictions.parquet"

    @property
    def csv(self) -> Path:
        return self.root / "raw_predictions.csv"

    def recount(self) -> Recount:
        return recount(self.root, self.root, self.parquet)

    def declare(self, own: dict[str, str], datasets: list[str], sample_size: int | None) -> None:
        models = []
        for name, source in own.items():
            folder = self.root / "models" / normalize("NFD", f"{name}__m")  # as some systems write an accent
            folder.mkdir(parents=True)
            (folder / "model_summary.json").write_text(json.dumps({"parent_variant": source}))
            models.append({"prediction_name": name, "model_dir": f"/elsewhere/{name}__m", "source_f04": "v000"})
        entries = [{"dataset_path": f"/elsewhere/{source}__dataset.parquet"} for source in datasets]
        (self.root / "manifest.json").write_text(json.dumps({"models": models, "datasets": entries}))
        (self.root / "params.yaml").write_text(f"sample_size: {json.dumps(sample_size)}\n")

    def write_log(self, rows: list[tuple[Any, ...]]) -> None:
        names = ("window", "prediction_name", "y_pred", "y_prob", "dataset", "row")
        types = (pa.large_string(), pa.string(), pa.int8(), pa.float32(), pa.string(), pa.int64())
        columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]
        pq.write_table(pa.table(dict(zip(names, columns, strict=True))), self.parquet)
        lines = [
            f'"{window}","{name}",{y_pred},{"" if y_prob is None else str(np.float32(y_prob))},"{dataset}",{row}\n'
            for window, name, y_pred, y_prob, dataset, row in rows
        ]
        self.csv.write_text(f"{','.join(names)}\n{''.join(lines)}", encoding="utf-8")


def dataset(folder: Path, source: str, windows: list[list[int]], labels: pa.Array) -> None:
    (folder / "datasets").mkdir(exist_ok=True)
    table = pa.table({"label": labels, "OW_events": pa.array(windows, pa.list_(pa.int64()))})
    pq.write_table(table, folder / "datasets" / f"{source}__dataset.parquet", row_group_size=2)


def log_rows(source: str, windows: list[list[int]], said: dict[str, list[float]]) -> list[tuple[Any, ...]]:
    return [
        (json.dumps(window, separators=(",", ":")), name, int(scores[row] >= 0.5), scores[row], source, row)
        for row, window in enumerate(windows)
        for name, scores in said.items()
    ]


V402 = [[1, 2], [], [HUGE, -5], [1, 2], [7]]
V401 = [[NEIGHBOUR, -5], [HUGE, -5], [1, 2], [], [2, 1]]
# The models stand in another order than their datasets and their names; one name begins another; one has an accent.
OWN = {"ñu": "v402", "a__b": "v401", "a": "v402"}
SAID_402 = {"ñu": [0.9, 0.1, NAN, 0.2, 0.8], "a__b": [0.9, 0.1, 0.1, 0.9, 0.1], "a": [0.1, 0.9, 0.9, 0.9, 0.1]}
SAID_401 = {"ñu": [0.9, 0.9, 0.9, 0.1, 0.1], "a__b": [0.7, 0.3, 0.6, NAN, 0.9], "a": [0.1, NAN, 0.1, 0.1, 0.9]}


def write_files(folder: Path, sample_size: int | None = None) -> Files:
    """v402 is labelled by floats, with one NaN; v401 by booleans, with one null."""
    files = Files(folder)
    files.declare(OWN, ["v402", "v401"], sample_size)
    dataset(folder, "v402", V402, pa.array([1.0, -0.0, 1.0, 0.0, NAN], pa.float64()))
    dataset(folder, "v401", V401, pa.array([True, None, False, False, True], pa.bool_()))
    first = slice(sample_size)
    files.write_log(
        log_rows("v402", V402[first], {name: scores[first] for name, scores in SAID_402.items()})
        + log_rows("v401", V401[first], {name: scores[first] for name, scores in SAID_401.items()})
    )
    return files


# TP, TN, FP, FN, no_ref_pred_1, no_ref_pred_0, non_finite; counted with pencil and paper
COUNTS = {
    None: {"ñu": (1, 2, 0, 1, 2, 1, 1), "a__b": (2, 1, 1, 0, 0, 3, 1), "a": (1, 0, 2, 1, 1, 2, 1)},
    2: {"ñu": (1, 1, 0, 0, 2, 0, 0), "a__b": (1, 0, 0, 0, 1, 2, 0), "a": (0, 0, 1, 1, 0, 2, 1)},
}
KEYS = ("TP", "TN", "FP", "FN", "no_ref_pred_1", "no_ref_pred_0", "non_finite")


@pytest.mark.parametrize("sample_size", COUNTS)
def test_the_counts_are_those_of_pencil_and_paper(tmp_path: Path, sample_size: int | None) -> None:
    counted = write_files(tmp_path, sample_size).recount()
    assert list(counted.models) == list(OWN)
    assert {name: tuple(c[key] for key in KEYS) for name, c in counted.models.items()} == COUNTS[sample_size]
    assert counted.rows == {"v402": sample_size or 5, "v401": sample_size or 5}
    assert counted.own_non_finite == {"ñu": 0 if sample_size else 1, "a__b": 0 if sample_size else 1, "a": 0}


def test_ratios_are_those_of_the_counts(tmp_path: Path) -> None:
    counts = write_files(tmp_path).recount().models["ñu"]
    assert (counts["precision"], counts["recall"], counts["f1"]) == (1.0, 0.5, 2 * 1.0 * 0.5 / 1.5)
    assert counts["no_ref_total"] == 3


def test_where_the_server_gave_labels_alone_no_score_is_counted(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    table = pq.read_table(files.parquet)
    scores = pa.nulls(len(table), pa.float32())
    pq.write_table(table.set_column(table.column_names.index("y_prob"), "y_prob", scores), files.parquet)
    assert {counts["non_finite"] for counts in files.recount().models.values()} == {None}


@settings(derandomize=True, deadline=None, max_examples=60)
@given(runs())
def test_both_counts_agree_on_any_run(drawn: dict[str, Any]) -> None:
    with write_run(drawn) as run:
        files = Files(run.parquet.parent)
        files.declare(run.owners, list(run.rows), run.limit)
        (files.root / "datasets").mkdir()
        for path in files.root.glob("*__dataset.parquet"):
            path.rename(files.root / "datasets" / path.name)
        counted = recount(files.root, files.root, run.parquet)
        assert csv_fault(files.root / "raw.csv", run.parquet) is None
        for name, own in run.owners.items():
            assert counted.models[name] == by_emission(run, list(run.owners).index(name), own)


def by_emission(run: SmallRun, column: int, own: str) -> dict[str, float]:
    """Count the emissions of one model."""
    emissions = [(source, window, label, answers[column]) for source, window, label, answers in run.emissions()]
    known = [window for source, window, label, _ in emissions if source == own and label is not None]
    referenced = [(label, y_pred) for source, _, label, (y_pred, _) in emissions if source == own and label is not None]
    unknown = [
        y_pred
        for source, window, label, (y_pred, _) in emissions
        if (label is None if source == own else window not in known)
    ]
    tp, tn, fp, fn = (referenced.count(pair) for pair in ((1, 1), (0, 0), (0, 1), (1, 0)))
    precision, recall = (tp / whole if whole else 0.0 for whole in (tp + fp, tp + fn))
    return {
        "TP": tp,
        "TN": tn,
        "FP": fp,
        "FN": fn,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "no_ref_pred_1": unknown.count(1),
        "no_ref_pred_0": unknown.count(0),
        "no_ref_total": len(unknown),
        "non_finite": sum(np.isnan(y_prob) for *_, (_, y_prob) in emissions),
    }


def change(row: int, column: int, value: object) -> Callable[[list[tuple[Any, ...]]], list[tuple[Any, ...]]]:
    def changed(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        rows[row] = (*rows[row][:column], value, *rows[row][column + 1 :])
        return rows

    return changed


HUGE_TEXT, NEIGHBOUR_TEXT = f"[{HUGE},-5]", f"[{NEIGHBOUR},-5]"
LOG_FAULTS = {
    "the last row lost": (lambda rows: rows[:-1], "the log holds None of None row None, * where a of v401 row 4, *"),
    "a row too many": (lambda rows: [*rows, rows[-1]], "the log goes on after 30 predictions, which are all"),
    "two models swapped": (lambda rows: [rows[1], rows[0], *rows[2:]], "the log holds a__b of v402 row 0, * ñu of *"),
    "two rows swapped": (lambda rows: [*rows[3:6], *rows[:3], *rows[6:]], "the log holds ñu of v402 row 1, *"),
    "another dataset": (change(7, 4, "v401"), "the log holds a__b of v401 row 2, *a__b of v402 row 2, *"),
    "the code beside": (change(6, 0, NEIGHBOUR_TEXT), f"*window '{NEIGHBOUR_TEXT}', * window '{HUGE_TEXT}', belongs"),
    "neither 0 nor 1": (change(3, 2, 2), "v402 row 1 has label -0.0, and ñu y_pred 2"),
}


@pytest.mark.parametrize(("spoil", "message"), LOG_FAULTS.values(), ids=LOG_FAULTS)
def test_a_log_that_is_not_the_datasets_is_not_counted(tmp_path: Path, spoil: Any, message: str) -> None:
    files = write_files(tmp_path)
    files.write_log(spoil([tuple(row.values()) for row in pq.read_table(files.parquet).to_pylist()]))
    with pytest.raises(RecountError) as raised:
        files.recount()
    assert fnmatchcase(str(raised.value).replace("[", "("), message.replace("[", "(")), raised.value


def test_a_label_that_is_none_is_not_counted(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    dataset(tmp_path, "v402", V402, pa.array([1, 0, 1, 3, None], pa.int8()))
    with pytest.raises(RecountError, match="v402 row 3 has label 3, and ñu y_pred 0"):
        files.recount()


CSV_FAULTS = {
    "as it is": ("", "", None),
    "a digit of a score": ("0.9", "0.8", "line 2 is *; the parquet says *"),
    "a score as long as it can be": ("0.9,", "0.89999998,", None),
    "no number": ("0.9,", "none,", "line 2 is *; the parquet says *"),
    "NaN for a score": ("0.9", "nan", "line 2 is '(1,2),ñu,1,nan,v402,0'; the parquet says *"),
    "a score for NaN": ("nan", "0.5", "line 8 is *; the parquet says '(9223372036854775807,-5),ñu,0,nan,v402,2'"),
    "the code beside": (f"{HUGE}", f"{NEIGHBOUR}", "line 8 is '(9223372036854775806,-5),ñu,*"),
    "another model": ("ñu", "nu", "line 2 is *,nu,*; the parquet says *,ñu,*"),
    "a prediction": (",1,0.9", ",0,0.9", "line 2 is '(1,2),ñu,0,0.9,v402,0'; the parquet says '(1,2),ñu,1,*"),
    "another row": (",0\n", ",00\n", "line 2 is *"),
    "a line lost": ('"(1,2)","ñu",1,0.9,"v402",0\n', "", "line 2 is '(1,2),a__b,*"),
    "a line more": ('"v401",4\n', '"v401",4\n\n', "line 30 is ''; the parquet says '(2,1),a__b,1,*"),
    "another header": ("y_prob", "score", "its first line is *,score,*; it must be *,y_prob,*"),
}


@pytest.mark.parametrize(("old", "new", "message"), CSV_FAULTS.values(), ids=CSV_FAULTS)
def test_the_csv_is_held_against_the_parquet_line_by_line(
    tmp_path: Path, old: str, new: str, message: str | None
) -> None:
    files = write_files(tmp_path)
    old, new = (text.replace("(", "[").replace(")", "]") for text in (old, new))
    text = files.csv.read_text(encoding="utf-8")
    assert old in text
    files.csv.write_text(text.replace(old, new, 1), encoding="utf-8")
    fault = csv_fault(files.csv, files.parquet)
    assert (fault is None) == (message is None), fault
    assert message is None or fnmatchcase(str(fault).replace("[", "(").replace("]", ")"), message), fault


def test_a_csv_that_goes_on_or_ends_early_is_named(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    lines = files.csv.read_text(encoding="utf-8").splitlines(keepends=True)
    for kept, fault in (
        ([*lines, lines[-1]], "it goes on after the parquet's last row"),
        (lines[:-1], "line 31 is ''; "),
    ):
        files.csv.write_text("".join(kept), encoding="utf-8")
        assert str(csv_fault(files.csv, files.parquet)).startswith(fault)


def test_a_score_that_no_server_gave_is_empty_in_the_csv(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    rows = [(*row[:3], None, *row[4:]) for row in log_rows("v402", V402, SAID_402)]
    files.write_log(rows)
    assert csv_fault(files.csv, files.parquet) is None
    files.csv.write_text(files.csv.read_text(encoding="utf-8").replace(",1,,", ",1,0.9,", 1), encoding="utf-8")
    assert str(csv_fault(files.csv, files.parquet)).startswith("line 2 is")


@pytest.mark.parametrize(("module", "allowed"), [(recount_module, [recount_files.__name__]), (recount_files, [])])
def test_it_imports_nothing_of_this_package_but_its_reader(module: ModuleType, allowed: list[str]) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert [name for name in names if name.startswith("pytest_f07")] == allowed
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
