"""A cluster that does not answer is found before anything is touched, and the variant is free again."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from pytest_f07.endpoints.target import ClusterTarget
from pytest_f07.errors import F07Error
from pytest_f07.plugin.spread import check_cluster
from pytest_f07.variant.cluster import ClusterParams
from tests.unit.small_package import make_project, prepare_variant


def test_a_cluster_that_does_not_answer_leaves_the_variant_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(cluster: ClusterParams) -> None:
        raise F07Error(f"{cluster.scheduler} cannot be reached")

    connect = ModuleType("pytest_f07.cluster.connect")
    connect.check_scheduler = refuse  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pytest_f07.cluster.connect", connect)
    project = make_project(tmp_path)
    prepared = prepare_variant(project)
    prepared.target.release()
    with pytest.raises(F07Error, match="tcp://h:1 cannot be reached"):
        check_cluster(replace(prepared, target=ClusterTarget(ClusterParams("tcp://h:1"), "nonce")))
    prepare_variant(project).release()


def test_without_a_cluster_nothing_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytest_f07.cluster.connect", None)
    prepared = prepare_variant(make_project(tmp_path))
    check_cluster(prepared)
    prepared.release()
