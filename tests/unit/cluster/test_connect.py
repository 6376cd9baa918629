"""A cluster on this machine that only this run reaches, and a scheduler that is not there."""

from __future__ import annotations

import pytest

pytest.importorskip("distributed", reason="Dask is an extra")

from distributed import Client

from pytest_f07.cluster.connect import check_scheduler, open_client
from pytest_f07.errors import F07Error
from pytest_f07.variant.cluster import ClusterParams


def test_workers_on_this_machine_are_reached_by_nobody_else() -> None:
    with open_client(ClusterParams(workers=1)) as client:
        addresses = [client.scheduler.address, *client.scheduler_info()["workers"]]
        assert len(addresses) == 2
        assert all(address.startswith("tls://127.0.0.1:") for address in addresses)
        with pytest.raises((OSError, RuntimeError, TypeError)):
            Client(addresses[0], timeout=1)
    with pytest.raises((OSError, RuntimeError, TypeError)):
        Client(addresses[0], timeout=1)


@pytest.mark.parametrize(
    ("address", "advice"), [("tcp://127.0.0.1:1", "without TLS"), ("tls://127.0.0.1:1", "certificates")]
)
def test_a_scheduler_that_does_not_answer_is_named_with_what_to_look_at(
    monkeypatch: pytest.MonkeyPatch, address: str, advice: str
) -> None:
    monkeypatch.setattr("pytest_f07.cluster.connect.CONNECT_TIMEOUT_S", 1)
    with pytest.raises(F07Error, match=f"^the scheduler at {address} cannot be reached: .*{advice}"):
        check_scheduler(ClusterParams(address))


def test_for_workers_on_this_machine_nothing_is_started_to_look() -> None:
    check_scheduler(ClusterParams(workers=1024))
