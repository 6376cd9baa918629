"""Which cluster a run is spread over."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant import cluster
from pytest_f07.variant.cluster import ClusterParams

ADDRESSES = ["tcp://127.0.0.1:8786", "tls://scheduler.plant.example:8786", "tls://[::1]:1"]
NO_ADDRESSES = ["", "host:8786", "http://host:8786", "tls://host", "tls://host:0", "tls://host:65536", "tls://a@h:1", 5]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_taken_from_params_and_from_the_command_line(address: str) -> None:
    params = ClusterParams.parse({"scheduler": address, "mixed_cpus": True}, "params.yaml")
    assert params == ClusterParams(address, None, True)
    assert params.document() == {"scheduler": address, "mixed_cpus": True}
    assert ClusterParams().override(None, address).scheduler == address


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_named_with_an_example(address: object) -> None:
    with pytest.raises(F07Error, match=r"^params.yaml: runtime.scheduler is .*tls://host:8786"):
        ClusterParams.parse({"scheduler": address}, "params.yaml")


@pytest.mark.parametrize("value", ["0", "-1", "1025", "two", "1.5", ""])
def test_what_is_no_number_of_workers_is_refused(value: str) -> None:
    with pytest.raises(F07Error, match=r"--f07-workers is '.*'; it must be a whole number from 1 to 1,024"):
        ClusterParams().override(value, None)


def test_workers_on_the_command_line_stand_in_place_of_the_scheduler_in_params() -> None:
    chosen = ClusterParams("tls://host:8786", None, True).override("4", None)
    assert chosen == ClusterParams(None, 4, True)


@pytest.mark.parametrize(
    ("chosen", "url", "message"),
    [
        (ClusterParams(workers=2), "http://127.0.0.1:1", "--f07-workers spreads a run .* http://127.0.0.1:1 is one"),
        (ClusterParams("tcp://h:1"), "http://127.0.0.1:1", "runtime.scheduler spreads a run"),
        (ClusterParams(workers=2), None, r"needs Dask, .* pip install 'pytest-f07\[dask\]'"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch, chosen: ClusterParams, url: str | None, message: str
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(F07Error, match=message):
        chosen.check(url)


def test_without_a_cluster_nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> Any:
        raise AssertionError(name)

    monkeypatch.setattr(cluster, "find_spec", fail)
    ClusterParams(mixed_cpus=True).check("http://127.0.0.1:1")


def test_both_options_and_a_wrong_flag_are_refused() -> None:
    with pytest.raises(F07Error, match="given together"):
        ClusterParams().override("2", "tcp://host:1")
    with pytest.raises(F07Error, match="mixed_cpus is 'yes'; it must be true or false"):
        ClusterParams.parse({"mixed_cpus": "yes"}, "params.yaml")
