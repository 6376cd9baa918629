"""Test that what an answer tells is more with our own protocol than with any other."""

from __future__ import annotations

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.endpoints.f07 import Client
from pytest_f07.endpoints.tensors import SCORES_ALONE


def test_our_own_protocol_tells_everything() -> None:
    assert Client.provides == Provides(True, True, True, "digest", "exact", True, True)


def test_a_server_of_tensors_tells_scores_alone() -> None:
    assert SCORES_ALONE == Provides(True, False, False, "place", "null", False, False)
