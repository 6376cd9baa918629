"""Empty the folders that a run fills, and write the files of its metrics."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_f07.results.metrics import by_name, to_csv
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.disk import remove
from pytest_f07.variant.documents import to_json, write_atomic
from pytest_f07.variant.paths import Outputs


def clean(outputs: Outputs, keep_parts: bool = False) -> None:
    """Remove the files of an earlier run, the metadata first: without it no run looks complete.

    :param keep_parts: leave the finished parts of a run that died.
    """
    outputs.metadata.unlink(missing_ok=True)
    for folder in (outputs.logs, outputs.metrics, outputs.report, outputs.runtime):
        if folder.is_symlink():
            folder.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if not (keep_parts and path == outputs.parts and not path.is_symlink()):
                remove(path)
    outputs.figures.mkdir()


def write_metrics(outputs: Outputs, verdicts: Sequence[Verdict]) -> None:
    """Write metrics_per_model.csv, and metrics.json for ``dvc metrics``."""
    rows = [verdict.row() for verdict in verdicts]
    write_atomic(outputs.metrics_csv, to_csv(rows))
    write_atomic(outputs.metrics_json, to_json(by_name(rows)))
