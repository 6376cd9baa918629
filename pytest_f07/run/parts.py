"""Keep the finished parts of a run's log, each with a record of what it depends on, so that a later run can go on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import pytest_f07
from pytest_f07.endpoints.target import first_difference
from pytest_f07.log.schema import SCHEMA, log_schema
from pytest_f07.replay.replay import Timings
from pytest_f07.replay.shards import Shard
from pytest_f07.run.shard import ShardResult
from pytest_f07.variant.disk import remove
from pytest_f07.variant.documents import to_json, write_atomic
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.variant.seal import digest

# Of the server's identity, what is another one at each start.
_OF_ONE_START = ("nonce", "status")
# What changes no prediction: addresses and deadlines, the user's own checks, how the log is left.
_WITHOUT_EFFECT = ("runtime", "checks", "log")


def describe_run(
    manifest: Manifest, params: Params, models: Sequence[Model], identity: Mapping[str, Any], has_scores: bool
) -> dict[str, Any]:
    """Return all that the bytes of a part depend on, as JSON holds it.

    :param identity: the server's answer to ``GET /``: versions, processor, model files.
    :param has_scores: False where the server gives labels alone.
    """
    document = {
        "manifest": manifest.digest,
        "params": {key: value for key, value in params.document().items() if key not in _WITHOUT_EFFECT},
        "thresholds": {model.prediction_name: model.threshold for model in models},
        "versions": {
            "pytest-f07": pytest_f07.__version__,
            "python": platform.python_version(),
            "pyarrow": pa.__version__,
        },
        "log": [f"{column.name}: {column.type}{' or null' * column.nullable}" for column in log_schema(has_scores)],
        "server": {key: value for key, value in identity.items() if key not in _OF_ONE_START},
    }
    copy: dict[str, Any] = json.loads(to_json(document))
    return copy


@dataclass
class Parts:
    """The parts of one run.

    :param folder: where they lie, each with its record beside it.
    :param run: what all of them depend on (:func:`describe_run`).
    :param models: the number of models.
    :param shards: their number.
    :param is_log: whether the parts are what is left of the log: then a run of one shard has one too.
    :param taken: how many parts of an earlier run were taken; ``refused`` names each other, and says why not.
    """

    folder: Path
    run: Mapping[str, Any]
    models: int
    shards: int
    is_log: bool = False
    taken: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)

    def begin(self) -> None:
        """Make the folder, and remove what is neither a part nor a record: what an earlier run had begun to write."""
        self.folder.mkdir(parents=True, exist_ok=True)
        parts = map(self.path, range(self.shards))
        expected = {path for part in parts for path in (part, part.with_suffix(".json"))}
        for path in self.folder.iterdir():
            if path not in expected:
                remove(path)

    def path(self, number: int) -> Path:
        """Return where the part of a shard lies.

        :param number: the place of the shard in the run, from 0.
        """
        return self.folder / f"part-{number:05}.parquet"

    def keep(self, number: int, result: ShardResult) -> None:
        """Write the record of a part that is there; without it no later run takes the part."""
        write_atomic(self.path(number).with_suffix(".json"), to_json(self._record(result.shard, result.sha256)))

    def take(self, number: int, shard: Shard) -> ShardResult | None:
        """Return the part that an earlier run left of a shard; None where there is none that can be trusted."""
        part = self.path(number)
        record = part.with_suffix(".json")
        if not os.path.lexists(record):
            return None
        sha256 = ""
        if not _is_regular(record) or not _is_regular(part):  # reading a pipe would wait for ever
            reason = "it is no regular file"
        else:
            try:
                sha256 = digest(part)
                reason = self._difference(record, part, shard, sha256)
            except (OSError, ValueError, RecursionError, pa.ArrowException):
                reason = "it cannot be read"
        if reason:
            self.refused.append((part.name, reason))
            for path in (part, record):
                remove(path)
            return None
        self.taken += 1
        return ShardResult(shard, part, sha256, Timings())

    def leave(self, log: Path) -> None:
        """Move the parts to where the log is to lie."""
        log.mkdir()
        for number in range(self.shards):
            self.path(number).rename(log / self.path(number).name)

    def _record(self, shard: Shard, sha256: str) -> dict[str, Any]:
        place = {"dataset": shard.dataset.source_f04, "first_row": shard.first_row, "rows": shard.rows}
        return {**self.run, "shard": place, "sha256": sha256}

    def _difference(self, record: Path, part: Path, shard: Shard, sha256: str) -> str:
        """Return why a part is not this run's; an empty text where it is."""
        document = json.loads(record.read_bytes())
        if not isinstance(document, dict):
            return "its record holds no names"
        expected = self._record(shard, sha256)
        if document.get("sha256") != sha256:
            return "its bytes are not those of its record"
        if difference := first_difference(document, expected):
            return difference
        footer = pq.read_metadata(part)
        is_whole = footer.num_rows == shard.rows * self.models and footer.schema.names == SCHEMA.names
        return "" if is_whole else "it holds other rows or columns"


def _is_regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
