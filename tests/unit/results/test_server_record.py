"""A server in words."""

from __future__ import annotations

from pytest_f07.results.server_record import describe_server


def test_the_runs_own_server_has_no_address_and_any_other_has() -> None:
    described = {"url": "http://127.0.0.1:1", "protocol": "f07"}
    assert describe_server({**described, "started_by_run": False}) == "http://127.0.0.1:1 (f07)"
    assert describe_server({**described, "started_by_run": True}) == describe_server({}) == "the run's own"
