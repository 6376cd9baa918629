"""Test that a part of an earlier run is taken only where nothing that it depends on has changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.replay.replay import Timings
from pytest_f07.replay.shards import Shard
from pytest_f07.run.parts import Parts, describe_run
from pytest_f07.run.shard import ShardResult
from pytest_f07.variant.manifest import load
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.variant.seal import digest
from tests.unit.replay.test_replay import write_dataset
from tests.unit.run.test_shard import WINDOWS, run
from tests.unit.small_package import make_project

RUN = {"manifest": "a digest", "server": {"versions": {"tensorflow": "2.15.1"}}}


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Parts, ShardResult]:
    """Return the parts of a run that died, and the one that is finished."""
    from tests.unit.run.test_shard import Client

    result = run(tmp_path, Client(), [])
    parts = Parts(result.part.parent, RUN, 1, 2)
    parts.begin()
    parts.keep(1, result)
    return Parts(result.part.parent, RUN, 1, 2), result


def test_a_part_with_its_record_is_taken(kept: tuple[Parts, ShardResult]) -> None:
    parts, result = kept
    assert parts.take(1, result.shard) == replace(result, timings=Timings())
    assert parts.take(0, result.shard) is None  # never finished
    assert (parts.taken, parts.refused) == (1, [])


def alter_byte(part: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)


def forge(part: Path, table: pa.Table) -> None:
    """Write another part, and its sha256 into the record."""
    pq.write_table(table, part)
    edit(part, sha256=digest(part))


def edit(part: Path, **values: object) -> None:
    """Change the record."""
    record = part.with_suffix(".json")
    record.write_text(json.dumps({**json.loads(record.read_text()), **values}))


def link(part: Path) -> None:
    """Put a link in the part's place."""
    part.rename(part.with_name("elsewhere"))
    part.symlink_to("elsewhere")


def pipe(part: Path) -> None:
    """Put a pipe, whose reader would wait for ever, in the part's place."""
    part.unlink()
    os.mkfifo(part)


def as_folder(part: Path) -> None:
    """Put a folder in the record's place."""
    part.with_suffix(".json").unlink()
    part.with_suffix(".json").mkdir()


ALTERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte": (alter_byte, "its bytes are not those of its record"),
    "no bytes": (lambda part: part.write_bytes(b""), "its bytes are not those of its record"),
    "no part": (Path.unlink, "it is no regular file"),
    "a link": (link, "it is no regular file"),
    "a pipe": (pipe, "it is no regular file"),
    "a folder as record": (as_folder, "it is no regular file"),
    "half a record": (lambda part: part.with_suffix(".json").write_text('{"shard": '), "it cannot be read"),
    "a deep record": (lambda part: part.with_suffix(".json").write_text("[" * 100_000), "it cannot be read"),
    "a list": (lambda part: part.with_suffix(".json").write_text("[]"), "its record holds no names"),
    "another package": (lambda part: edit(part, manifest="another"), "manifest was another, and is "),
    "another server": (
        lambda part: edit(part, server={"versions": {"tensorflow": "2.21.0"}}),
        "server.versions.tensorflow was 2.21.0, and is ",
    ),
    "other rows": (
        lambda part: edit(part, shard={"dataset": "v401", "first_row": 0, "rows": 3}),
        "shard.first_row was 0, and is 2",
    ),
    "a part of fewer rows": (lambda part: forge(part, pq.read_table(part).slice(1)), "it holds other rows or columns"),
    "another table": (lambda part: forge(part, pa.table({"x": [1, 2, 3]})), "it holds other rows or columns"),
}


@pytest.mark.parametrize(("alter", "reason"), ALTERED.values(), ids=ALTERED)
def test_any_other_part_is_refused_with_one_reason(
    kept: tuple[Parts, ShardResult], alter: Callable[[Path], object], reason: str
) -> None:
    parts, result = kept
    alter(result.part)
    assert parts.take(1, result.shard) is None
    [(name, told)] = parts.refused
    assert (name, told[: len(reason)]) == ("part-00001.parquet", reason)
    assert parts.taken == 0
    # its place is free for the part that is replayed
    assert not os.path.lexists(result.part)
    assert not os.path.lexists(result.part.with_suffix(".json"))


def test_another_cut_is_refused(kept: tuple[Parts, ShardResult], tmp_path: Path) -> None:
    parts, _ = kept
    assert parts.take(1, Shard(write_dataset(tmp_path, [WINDOWS]), 2, 2)) is None
    assert parts.refused == [("part-00001.parquet", "shard.rows was 3, and is 2")]


def test_what_was_half_written_is_removed(kept: tuple[Parts, ShardResult]) -> None:
    parts, result = kept
    (parts.folder / ".part-00000.parquet.0f").write_text("half")
    (parts.folder / "part-00002.parquet").write_text("of a run that was cut otherwise")
    (parts.folder / "a folder").mkdir()
    parts.begin()
    assert sorted(path.name for path in parts.folder.iterdir()) == ["part-00001.json", "part-00001.parquet"]
    assert parts.take(1, result.shard)


def describe(folder: Path, models: Callable[[Model], Model] = lambda model: model, **changed: Any) -> dict[str, Any]:
    """Return what a run of the small package depends on, with some of it changed."""
    project = make_project(folder)
    loaded = load(project, "v701")
    params = Params.read(loaded.paths.params, "params.yaml")
    identity = {"nonce": "of this start", "versions": {"keras": "3"}, "processor": {"model": "x"}}
    return describe_run(
        loaded,
        replace(params, **changed.get("params", {})),
        [models(model) for model in loaded.read_models()],
        {**identity, **changed.get("identity", {})},
        changed.get("has_scores", True),
    )


def test_a_run_is_another_where_its_bytes_could_be(tmp_path: Path) -> None:
    folders = (tmp_path / str(number) for number in range(99))

    def made(**changed: Any) -> dict[str, Any]:
        folder = next(folders)
        folder.mkdir()
        return describe(folder, **changed)

    same = made()
    assert made(identity={"nonce": "of another start"}, params={"timeout_s": 7, "port": 5006}) == same
    for changed in (
        {"params": {"batch_size": 7}},
        {"params": {"sample_size": 2}},
        {"identity": {"versions": {"keras": "2.15"}}},
        {"identity": {"processor": {"model": "y"}}},
        {"has_scores": False},
        {"models": lambda model: replace(model, threshold=0.123)},
    ):
        assert made(**changed) != same, changed
