"""Kinds of workers: what the last bits of scores depend on."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.cluster.answers import Kind

IDENTITY: dict[str, Any] = {
    "versions": {"tensorflow": "2.21.0"},
    "processor": {"model": "Xeon", "instructions": "avx2 fma sse4_1"},
    "kernels": {},
}
OTHER_CPU = {"processor": {"model": "Xeon", "instructions": "fma sse4_1 avx512f"}}


@pytest.mark.parametrize(
    ("changes", "mixed_cpus", "difference"),
    [
        ({}, False, None),
        (OTHER_CPU, False, "its processor differs: instructions avx512f, and the others' avx2"),
        (OTHER_CPU, True, None),
        (
            {"versions": {"tensorflow": "2.15.1"}},
            True,
            "its software differs: tensorflow 2.15.1, and the others' 2.21.0",
        ),
        (
            {"kernels": {"TF_ENABLE_ONEDNN_OPTS": "0"}},
            True,
            "its kernel settings differs: TF_ENABLE_ONEDNN_OPTS 0, and the others' nothing",
        ),
    ],
)
def test_what_differs_is_named(changes: dict[str, Any], mixed_cpus: bool, difference: str | None) -> None:
    assert Kind.of({**IDENTITY, **changes}).difference(Kind.of(IDENTITY), mixed_cpus) == difference


def test_a_server_that_tells_nothing_is_a_kind_too() -> None:
    assert Kind.of({}) == Kind.of({"processor": None})
