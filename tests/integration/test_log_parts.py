"""``log: parts`` in params.yaml: the log is a folder of parquet files, and everything that reads a log reads it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import Checkout, F07Project
from pytest_f07 import read_run
from pytest_f07.commands.check import check_run
from pytest_f07.commands.rerun import check_rerun
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.paths import Project
from tests.integration.test_resume import stub
from tests.metadata_schema import schema_errors


@pytest.fixture(scope="module")
def second(finished: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of v702, whose log is in parts, and of v701's, whose log is not."""
    checkout = Checkout(Path(shutil.copytree(finished.root, tmp_path_factory.mktemp("parts") / "plant")))
    project = Project(checkout.root)
    create_variant(project, "v702", "v601", {"port": 0}, LIMITS)
    params = "parent_variant_f06: v601\nruntime: {port: 0}\nequivalence: off\nlog: parts\n"
    (project.variants / "v702" / "params.yaml").write_text(params)
    stub(checkout)
    done = checkout.run("--f07-compare=v701", variant="v702")
    assert done.returncode == 0, done.stdout
    return project.variants


@pytest.fixture
def in_parts(f07_project: F07Project, second: Path) -> F07Project:
    """A project with both."""
    shutil.copytree(second, f07_project.variant.parent, dirs_exist_ok=True)
    stub(f07_project)
    return f07_project


def log_of(project: F07Project, variant: str) -> Path:
    return project.variant.with_name(variant) / "logs" / "raw_predictions.parquet"


def test_the_parts_are_the_rows_of_the_log_and_there_is_no_csv(in_parts: F07Project) -> None:
    log = log_of(in_parts, "v702")
    parts = sorted(log.iterdir())
    assert [part.name for part in parts] == [f"part-{number:05}.parquet" for number in range(len(parts))]
    assert len(parts) > 3
    assert [path.name for path in log.parent.iterdir()] == [log.name]
    one_file = pq.read_table(log_of(in_parts, "v701"))
    assert pa.concat_tables(map(pq.read_table, parts)).equals(one_file)
    assert pd.read_parquet(log).equals(one_file.to_pandas())  # as Dask and Spark read a folder
    assert not (in_parts.variant.with_name("v702") / "runtime" / "parts").exists()
    for name in ("metrics/metrics_per_model.csv", "report/figures/comparison.png"):
        assert (in_parts.variant.with_name("v702") / name).read_bytes() == (in_parts.variant / name).read_bytes()


def test_all_that_reads_a_log_reads_the_parts(in_parts: F07Project) -> None:
    project = Project(in_parts.root)
    assert [finding.line()[:2] for finding in check_run(project, "v702")] == ["ok"] * 4
    run, other = read_run("v702", in_parts.root), read_run("v701", in_parts.root)
    assert schema_errors(run.metadata) == []
    assert run.predictions(labels=True).equals(other.predictions(labels=True))
    assert run.compare("v701").changes.equals(other.compare("v702").changes)
    assert [name for name in run.files if name.startswith("logs/")] == [
        f"logs/raw_predictions.parquet/{part.name}" for part in sorted(log_of(in_parts, "v702").iterdir())
    ]
    assert check_rerun(project, "v702").line().startswith("ok  repeated")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda log: (log / "part-00001.parquet").unlink(), "part-00001.parquet is missing"),
        (lambda log: (log / "part-00099.parquet").write_bytes(b""), "part-00099.parquet was added after the run"),
        (lambda log: (log / "part-00001.parquet").write_bytes(b""), "part-00001.parquet has changed since the run"),
    ],
)
def test_check7_names_the_part_that_is_not_as_it_was(in_parts: F07Project, change: object, told: str) -> None:
    assert callable(change)
    change(log_of(in_parts, "v702"))
    lines = [finding.line() for finding in check_run(Project(in_parts.root), "v702")]
    assert lines[1] == f"NO  unaltered  executions/07_deployrun/v702/logs/raw_predictions.parquet/{told}"


def test_a_run_that_died_is_resumed_in_parts_too(in_parts: F07Project) -> None:
    log = log_of(in_parts, "v702")
    undisturbed = {part.name: part.read_bytes() for part in log.iterdir()}
    stub(in_parts, "dies-late")
    assert in_parts.run(variant="v702").ret == 1
    assert not log.exists()
    left = sorted((in_parts.variant.with_name("v702") / "runtime" / "parts").glob("*.json"))
    assert left
    stub(in_parts)
    result = in_parts.run("--f07-resume", variant="v702")
    assert result.ret == 0
    assert f"f07: resumed: {len(left)} of {len(undisturbed)} parts taken from the run before" in result.outlines
    assert {part.name: part.read_bytes() for part in log.iterdir()} == undisturbed
