"""params.yaml: defaults, every key's limits, and what a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pytest_f07.errors import F07Error
from pytest_f07.variant.equivalence import MODES, EquivalenceParams
from pytest_f07.variant.params import Params

PARENT = "parent_variant_f06: v601\n"
KEYS = "parent_variant_f06, runtime, batch_size, sample_size, equivalence, require, checks, log"


def parsed(tmp_path: Path, text: str) -> Params:
    (tmp_path / "params.yaml").write_text(text)
    return Params.read(tmp_path / "params.yaml", "p")


def test_what_is_not_said_is_the_default(tmp_path: Path) -> None:
    assert parsed(tmp_path, PARENT) == Params("v601", "127.0.0.1", 5005, 256, None, EquivalenceParams("full"), {})
    assert parsed(tmp_path, PARENT + "runtime:\nsample_size:\nrequire:\n") == Params("v601")


def test_every_key_counts(tmp_path: Path) -> None:
    text = (
        PARENT + "runtime: {host: '::1', port: 0}\nbatch_size: 65536\nsample_size: 1\n"
        "equivalence: {budget: 1, mode: sample}\nrequire: {recall: 0.8}\n"
    )
    assert parsed(tmp_path, text) == Params("v601", "::1", 0, 65536, 1, EquivalenceParams("sample", 1), {"recall": 0.8})


@pytest.mark.parametrize("text", ["tests/f07", "[tests/f07]"])
def test_own_checks_are_a_path_or_a_list_of_paths(tmp_path: Path, text: str) -> None:
    params = parsed(tmp_path, PARENT + f"checks: {text}")
    assert params.checks == ("tests/f07",)
    assert Params.parse(params.document(), "p") == params


def test_the_log_may_stay_in_parts(tmp_path: Path) -> None:
    params = parsed(tmp_path, PARENT + "log: parts")
    assert params.log == "parts"
    assert Params.parse(params.document(), "p") == params
    assert "log" not in parsed(tmp_path, PARENT + "log: file").document()


def test_deadlines_are_kept_where_they_are_not_the_default(tmp_path: Path) -> None:
    params = parsed(tmp_path, PARENT + "runtime: {timeout_s: 0.5, start_timeout_s: 180}\n")
    assert (params.timeout_s, params.start_timeout_s) == (0.5, 180)
    assert params.document()["runtime"] == {"host": "127.0.0.1", "port": 5005, "timeout_s": 0.5}


def test_a_model_may_be_called_what_yaml_reads_as_a_number(tmp_path: Path) -> None:
    text = "require: {1: {recall: 0.1}, on: {recall: 0.2}, bateri\u0301a: {recall: 0.3}, f1: 0.4}\n"
    params = parsed(tmp_path, PARENT + text)
    params.requirements.check({"f1": (0, 1), "recall": (0, 1)}, ["1", "on", "bater\u00eda"], "p")
    assert params.requirements.least("1") == {"f1": 0.4, "recall": 0.1}
    assert params.requirements.least("on") == {"f1": 0.4, "recall": 0.2}
    assert params.requirements.least("bater\u00eda") == {"f1": 0.4, "recall": 0.3}


LEAST = st.dictionaries(st.sampled_from(["precision", "mcc"]), st.floats(0, 1))


@given(
    st.integers(0, 65_535),
    st.integers(1, 65_536),
    st.none() | st.integers(1, 10**9),
    st.builds(EquivalenceParams, st.sampled_from(MODES), st.integers(1, 10**9)),
    LEAST,
    st.dictionaries(st.sampled_from(["a", "a__b"]), LEAST),
)
def test_a_document_parses_to_the_same(
    port: int,
    batch_size: int,
    sample_size: int | None,
    equivalence: EquivalenceParams,
    of_all: dict[str, float],
    of_some: dict[str, dict[str, float]],
) -> None:
    params = Params("v601", "localhost", port, batch_size, sample_size, equivalence, {**of_all, **of_some})
    assert Params.parse(params.document(), "p") == params
    assert Params.parse(yaml.safe_load(yaml.safe_dump(params.document())), "p") == params


REFUSED = {
    "batch_size: 1": "p: parent_variant_f06 is missing; it must name an F06 variant, like v601.",
    "parent_variant_f06: 601": "p: parent_variant_f06 is 601; it must name an F06 variant, like v601.",
    "parent_variant_f06: ../v601": "p: parent_variant_f06 is '../v601'; it must name an F06 variant, like v601.",
    "parent_variant_f06: [v601]": "p: parent_variant_f06 is ['v601']; it must name an F06 variant, like v601.",
    PARENT + "batchsize: 1": f"p: unknown key 'batchsize'; valid keys are {KEYS}.",
    PARENT + "1: 1": f"p: unknown key '1'; valid keys are {KEYS}.",
    PARENT + '"a\\nb": 1': f"p: unknown key 'a\\nb'; valid keys are {KEYS}.",
    PARENT + "runtime: {hots: x}": "p: unknown key 'runtime.hots'; "
    "valid keys are runtime.host, runtime.port, runtime.timeout_s, runtime.start_timeout_s, "
    "runtime.url, runtime.protocol, runtime.token_env, runtime.ca, runtime.models, runtime.scheduler, "
    "runtime.mixed_cpus.",
    PARENT + "log: csv": "p: log is 'csv'; it must be file (one parquet file and one CSV file) or parts (a folder of "
    "parquet files).",
    PARENT + "runtime: [5005]": "p: runtime is [5005]; it must hold host and port.",
    PARENT + "runtime: ''": "p: runtime is ''; it must hold host and port.",
    PARENT + "runtime: {host: 127}": "p: runtime.host is 127; it must be a host name or an address, like 127.0.0.1.",
    PARENT + "runtime: {host: }": "p: runtime.host is None; it must be a host name or an address, like 127.0.0.1.",
    PARENT + "runtime: {port: '5005'}": "p: runtime.port is '5005'; it must be a whole number from 0 to 65535.",
    PARENT + "runtime: {port: 65536}": "p: runtime.port is 65536; it must be a whole number from 0 to 65535.",
    PARENT + "runtime: {port: -1}": "p: runtime.port is -1; it must be a whole number from 0 to 65535.",
    PARENT + "batch_size: many": "p: batch_size is 'many'; it must be a whole number from 1 to 65536.",
    PARENT + "batch_size: 0": "p: batch_size is 0; it must be a whole number from 1 to 65536.",
    PARENT + "batch_size: 65537": "p: batch_size is 65537; it must be a whole number from 1 to 65536.",
    PARENT + "batch_size: 256.0": "p: batch_size is 256.0; it must be a whole number from 1 to 65536.",
    PARENT + "batch_size: yes": "p: batch_size is True; it must be a whole number from 1 to 65536.",
    PARENT + "batch_size: ": "p: batch_size is None; it must be a whole number from 1 to 65536.",
    PARENT + "runtime: {timeout_s: 0}": "p: runtime.timeout_s is 0; "
    "it must be a number of seconds above 0, at most 86,400.",
    PARENT + "runtime: {start_timeout_s: .nan}": "p: runtime.start_timeout_s is nan; "
    "it must be a number of seconds above 0, at most 86,400.",
    PARENT + "sample_size: 0": "p: sample_size is 0; it must be a whole number of at least 1.",
    PARENT + "sample_size: true": "p: sample_size is True; it must be a whole number of at least 1.",
    PARENT + "sample_size: all": "p: sample_size is 'all'; it must be a whole number of at least 1.",
    PARENT + "checks: 7": "p: checks is 7; "
    "it must be a folder or file of your own tests, like tests/f07, or a list of them.",
    PARENT + "checks: [tests/f07, '']": "p: checks is ['tests/f07', '']; "
    "it must be a folder or file of your own tests, like tests/f07, or a list of them.",
    PARENT + "require: {bateri\u0301a: {f1: 0}, bater\u00eda: {f1: 1}}": (
        "p: require names a model twice, with its accents written in two ways. Keep one."
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=REFUSED.values())
def test_a_mistake_names_key_found_and_valid(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(F07Error) as caught:
        parsed(tmp_path, text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("recorded", "now", "is_same"),
    [
        ({}, "", True),
        ({}, "equivalence: sample", True),  # an older version's default
        ({}, "equivalence: full", True),
        ({}, "equivalence: off", False),
        ({"equivalence": "sample"}, "", False),
        ({"equivalence": "full"}, "equivalence: {mode: full}", True),
        ({"batch_size": 512}, "", False),
        ({"no_key_of_ours": 1}, "", False),
    ],
)
def test_a_key_that_the_metadata_does_not_name_had_its_default(
    tmp_path: Path, recorded: dict[str, object], now: str, is_same: bool
) -> None:
    params = parsed(tmp_path, PARENT + now)
    assert params.is_what_ran({"parent_variant_f06": "v601", **recorded}) == is_same
    assert not params.is_what_ran(None)
