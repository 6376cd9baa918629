"""Whether a variant has a complete run, and whose metadata it has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Checkout
from pytest_f07.errors import F07Error
from pytest_f07.results.reading.complete import check_metadata, read_metadata, require_variant
from pytest_f07.variant.paths import Project

METADATA = "executions/07_deployrun/v701/07_deployrun_metadata.json"
RUN_IT = "Run it: make script7-run VARIANT=v701"


def remove_metadata(checkout: Checkout) -> None:
    (checkout.root / METADATA).unlink()


MISTAKES: dict[str, tuple[Callable[[Checkout], object], str]] = {
    "no run": (remove_metadata, f"{METADATA} is not there: no run of v701 was completed. {RUN_IT}"),
    "another variant's": (
        lambda checkout: checkout.change_metadata(variant="v702"),
        f"{METADATA}: stage is 07_deployrun and variant is v702, not 07_deployrun and v701.",
    ),
    "no metadata of a run": (
        lambda checkout: (checkout.root / METADATA).write_text('{"a": 1}'),
        f"{METADATA}: stage is missing and variant is missing, not 07_deployrun and v701.",
    ),
    "no outcome": (
        lambda checkout: checkout.change_metadata(outcome=None),
        f"{METADATA}: holds no outcome or no digests: an older tool wrote it. {RUN_IT}",
    ),
    "no digests": (
        lambda checkout: checkout.change_metadata(sha256=None),
        f"{METADATA}: holds no outcome or no digests: an older tool wrote it. {RUN_IT}",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), MISTAKES.values(), ids=MISTAKES)
def test_what_is_no_complete_run_is_named(
    checkout: Checkout, spoil: Callable[[Checkout], object], message: str
) -> None:
    project = Project(checkout.root)
    paths = require_variant(project, "v701")
    assert read_metadata(project, paths)["outcome"] == "passed"
    spoil(checkout)
    with pytest.raises(F07Error) as caught:
        read_metadata(project, paths)
    assert str(caught.value) == message


DAMAGES: dict[str, tuple[dict[str, object], str]] = {
    "a model without failures": (
        {"models": {"a": {"outcome": "passed"}}},
        f"{METADATA}: models is not what a run writes: by name, each with outcome and failures. {RUN_IT}",
    ),
    "a failure without a code": (
        {"models": {"a": {"outcome": "failed", "failures": ["F07-INFER"]}}},
        f"{METADATA}: models is not what a run writes: by name, each with outcome and failures. {RUN_IT}",
    ),
    "no rows": (
        {"counts": {"rows": [3]}},
        f"{METADATA}: counts is not what a run writes: it must hold the rows of each dataset. {RUN_IT}",
    ),
}


@pytest.mark.parametrize(("values", "message"), DAMAGES.values(), ids=DAMAGES)
def test_metadata_that_no_run_wrote_are_named(checkout: Checkout, values: dict[str, object], message: str) -> None:
    project = Project(checkout.root)
    paths = project.variant("v701")
    check_metadata(project, paths, checkout.metadata())
    with pytest.raises(F07Error) as caught:
        check_metadata(project, paths, {**checkout.metadata(), **values})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("v799", "there is no variant v799: executions/07_deployrun/v799 is not there; there is v701. "),
        ("../v701", "VARIANT is '../v701'; it must be 'v' and at least three digits, like v701."),
    ],
)
def test_what_is_no_variant_is_named(checkout: Checkout, name: str, message: str) -> None:
    with pytest.raises(F07Error) as caught:
        require_variant(Project(checkout.root), name)
    assert str(caught.value).startswith(message)
