"""Check the disk before a run: that its folders can be written and that it has enough space."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_f07.errors import F07Error
from pytest_f07.variant.paths import Outputs

if TYPE_CHECKING:
    from pytest_f07.variant.dataset import Dataset

# A line of raw_predictions.csv without its window and its names: y_pred, y_prob, row, commas, quotes.
LINE_BYTES = 32
# A code with its comma, longer than most; the widest has 20 digits.
CODE_BYTES = 6
# The parquet log, compressed, is at most about this share of the CSV log; so are its parts.
PARQUET_SHARE = 0.25
# Figures, report, JUnit, server.log, metadata: of each model, and of a run.
MODEL_BYTES, RUN_BYTES = 500_000, 5_000_000


def check_cache(folder: Path) -> None:
    """Raise :class:`F07Error` where pytest's cache cannot be written.

    :param folder: the cache's folder; it need not be there.
    """
    # xprocess keeps its files there: the deepest folder that there is must take a file.
    deepest = folder / "d" / ".xprocess" / "f07-server"
    while not os.path.lexists(deepest):
        deepest = deepest.parent
    if reason := _write_error(deepest):
        raise F07Error(
            f"{deepest}: pytest's cache cannot be written there ({reason}), and pytest-xprocess needs it. "
            "Name another folder: -o cache_dir=/tmp/pytest_cache"
        )


def check(paths: Outputs, datasets: Iterable[Dataset], names: Sequence[str], in_parts: bool = False) -> None:
    """Raise :class:`F07Error` where a run of these datasets and models could not write its files.

    :param in_parts: whether the log stays in parts: then there is no other.
    """
    check_writable(paths)
    check_space(paths, estimate_bytes(datasets, names, in_parts))


def check_writable(paths: Outputs) -> None:
    """Raise :class:`F07Error` where a variant's folder, or one that a run cleans, cannot be written."""
    for folder in _written_folders(paths):
        if reason := _write_error(folder):
            raise F07Error(
                f"{folder}: cannot be written ({reason}); a run writes there. Mend its owner or permissions."
            )


def check_space(paths: Outputs, needed: int) -> None:
    """Raise :class:`F07Error` where less is free than a run will write.

    :param needed: an estimate in bytes.
    """
    free = shutil.disk_usage(paths.folder).free + _reclaimable_bytes(paths)
    if free < needed:
        raise F07Error(
            f"{paths.folder}: {_megabytes(free)} are free there, and the run will write about {_megabytes(needed)}. "
            "Free some, or set sample_size in params.yaml."
        )


def estimate_bytes(datasets: Iterable[Dataset], names: Sequence[str], in_parts: bool = False) -> int:
    """Return about how much a run writes, from rows x models and the codes of the windows.

    Of each row and model the CSV log holds a line: 32 bytes, the names of model and dataset, 6 bytes for each code of
    the window. The parquet log is a quarter of that, its parts another. Half a megabyte for each model and
    five for the run are added.
    """
    models, letters = len(names), sum(len(name.encode()) for name in names)
    csv = 0
    for dataset in datasets:
        rows = dataset.rows
        line = LINE_BYTES + len(dataset.source_f04)
        csv += rows * (models * line + letters) + models * CODE_BYTES * _estimate_codes(dataset.path, rows)
    return int(csv * (PARQUET_SHARE if in_parts else 1 + 2 * PARQUET_SHARE)) + models * MODEL_BYTES + RUN_BYTES


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it; of a link, the link alone; nothing where nothing is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_temporary(prefix: str) -> Path:
    """Return a new temporary folder.

    :raises F07Error: where none can be made.
    """
    try:
        return Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        reason = error.strerror or error
        raise F07Error(f"no temporary folder can be made ({reason}). Name one that can be written: TMPDIR=…") from None


def _write_error(folder: Path) -> str:
    """Return why a folder takes no new file; an empty text where it does."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _written_folders(paths: Outputs) -> list[Path]:
    """Return the variant's folder, and all below it that a run removes."""
    cleaned = (paths.logs, paths.metrics, paths.report, paths.runtime)
    within = [Path(top) for folder in cleaned if not folder.is_symlink() for top, _, _ in os.walk(folder)]
    return [paths.folder, *within]


def _reclaimable_bytes(paths: Outputs) -> int:
    """Return how many bytes the earlier run gives back when it is cleaned: files that are links give back nothing."""
    stats = [file.lstat() for folder in _written_folders(paths)[1:] for file in folder.iterdir() if file.is_file()]
    return sum(stat.st_blocks * 512 for stat in stats if stat.st_nlink == 1)


def _estimate_codes(path: Path, rows: int) -> int:
    """Return about how many codes the first ``rows`` windows have, by the file's footer."""
    # Imported here: a run starts its processes before pyarrow is there.
    import pyarrow.parquet as pq

    from pytest_f07.variant.dataset import count_codes

    footer = pq.read_metadata(path)
    values = sum(count_codes(footer, group) for group in range(footer.num_row_groups))
    return values * rows // max(int(footer.num_rows), 1)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
