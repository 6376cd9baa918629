"""JSON and YAML of others: read, or refused in one line; files written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.errors import F07Error
from pytest_f07.variant import documents
from pytest_f07.variant.documents import (
    pull_hint,
    read_json,
    read_parameters,
    read_yaml,
    to_json,
    to_yaml,
    write_atomic,
)

quick = settings(derandomize=True, deadline=None, max_examples=100)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x85"), max_size=8)  # PyYAML folds this line break
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(TEXT, VALUES, max_size=4)


@quick
@given(DOCUMENTS)
def test_what_is_written_reads_back(tmp_path_factory: pytest.TempPathFactory, document: dict[str, object]) -> None:
    path = tmp_path_factory.getbasetemp() / "document"
    write_atomic(path, to_json(document))
    assert read_json(path, "f") == document
    assert list(read_json(path, "f")) == list(document)
    write_atomic(path, to_yaml(document))
    assert read_yaml(path, "f") == document
    assert list(read_yaml(path, "f")) == list(document)


JSON = {
    "": "is not JSON: *.",
    "{": "is not JSON: *.",
    "{'a': 1}": "is not JSON: *.",
    '{"a": 1} more': "is not JSON: Extra data: *.",
    '{"a": 1, "b": {"c": 1, "c": 1}}': "is not JSON: 'c' stands twice in one place.",
    '{"a": ' + "1" * 5000 + "}": "is not JSON: *.",
    "[" * 100_000: "is nested too deeply to be read as JSON.",
    '{"a":' * 100_000: "is nested too deeply to be read as JSON.",
    "[]": "holds a list; it must hold names and values.",
    "null": "holds nothing; it must hold names and values.",
    '"<script>"': "holds a text; it must hold names and values.",
    "true": "holds a bool; it must hold names and values.",
    "NaN": "holds a float; it must hold names and values.",
}
YAML = {
    "a: [1": "is not YAML: *.",
    "a: b: c": "is not YAML: *.",
    "\ta: 1": "is not YAML: *.",
    "a: \x07": "is not YAML: *special characters are not allowed*.",
    "a: 1\nb: 2\na: 3\n": "is not YAML: 'a' stands twice in one place.",
    "a: {b: 1, b: 1}": "is not YAML: 'b' stands twice in one place.",
    "a: 1\n--- \nb: 2": "is not YAML: expected a single document *.",
    "? [1, 2]\n: 3": "is not YAML: *unhashable key*.",
    "a: *nobody": "is not YAML: found undefined alias 'nobody'*.",
    "a: !!python/name:os.system ''": "is not YAML: could not determine a constructor for the tag *os.system*.",
    "!!python/object/apply:os.system ['touch ran']": "is not YAML: could not determine a constructor *.",
    "a: !!int ''": "is not YAML: *.",
    "a: !!bool x": "is not YAML: *.",
    "a: !!timestamp x": "is not YAML: *.",
    "a: !mine 5": "is not YAML: could not determine a constructor for the tag '!mine'*.",
    "[" * 1000: "is nested too deeply to be read as YAML.",
    "": "holds nothing; it must hold names and values.",
    "# nothing yet": "holds nothing; it must hold names and values.",
    "- a": "holds a list; it must hold names and values.",
    "just words": "holds a text; it must hold names and values.",
    "2026-02-15": "holds a date; it must hold names and values.",
}


REFUSED = [
    (read, text, message) for read, cases in ((read_json, JSON), (read_yaml, YAML)) for text, message in cases.items()
]


@pytest.mark.parametrize(("read", "text", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_mapping_is_refused_in_one_line(
    tmp_path: Path, read: Callable[[Path, str], object], text: str, message: str
) -> None:
    (tmp_path / "f").write_text(text, encoding="utf-8")
    with pytest.raises(F07Error) as caught:
        read(tmp_path / "f", "where")
    [line] = str(caught.value).splitlines()
    assert fnmatchcase(line, f"where: {message}"), line


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"a: \xff")
    with pytest.raises(F07Error, match=r"^where: is not YAML: 'utf-8' codec can't decode byte 0xff in position 3"):
        read_yaml(tmp_path / "f", "where")


def test_a_file_that_is_missing_or_a_folder_or_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    for path, message in (
        (tmp_path / "none", "where: no such file."),
        (tmp_path, "where: is no regular file."),
        (tmp_path / "f" / "g", "where: cannot be read: Not a directory."),
    ):
        with pytest.raises(F07Error) as caught:
            read_json(path, "where")
        assert str(caught.value) == message


def test_a_missing_file_that_dvc_keeps_says_what_brings_it(tmp_path: Path) -> None:
    for pointer in ("package.dvc", "package/models.dvc", "package/models/f.dvc"):  # the nearest is named
        (tmp_path / pointer).parent.mkdir(exist_ok=True)
        (tmp_path / pointer).touch()
        hint = f"; DVC keeps it ({Path(pointer).name}): dvc pull brings it"
        assert pull_hint(tmp_path / "package" / "models" / "f") == hint
        assert pull_hint(tmp_path / "another" / "f") == ""


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 1000)
    (tmp_path / "f").write_bytes(b" " * 1001)
    with pytest.raises(F07Error) as caught:
        read_json(tmp_path / "f", "where")
    assert str(caught.value) == "where: has 1,001 bytes; a JSON file here has at most 1,000."


@pytest.mark.parametrize(("read", "text"), [(read_json, '{"a": 1}'), (read_yaml, "a: 1\n"), (read_parameters, "a: 1")])
def test_a_byte_order_mark_is_no_part_of_a_document(tmp_path: Path, read: Callable[..., object], text: str) -> None:
    (tmp_path / "f").write_text(text, encoding="utf-8-sig")
    assert read(tmp_path / "f", "f") == {"a": 1}


def test_parameters_keep_names_as_they_are_written(tmp_path: Path) -> None:
    """What YAML reads as a number, a truth value, a date or nothing can be the name of a model."""
    names = ["1", "0x10", "1e3", "1.0", "1_000", "on", "No", "null", "~", "2024-01-01", "12:30"]
    (tmp_path / "f").write_text("".join(f"{name}: {number}\n" for number, name in enumerate(names)))
    assert list(read_parameters(tmp_path / "f", "f")) == names
    assert read_yaml(tmp_path / "f", "f") != read_parameters(tmp_path / "f", "f")
    (tmp_path / "f").write_text("? !!python/name:os.system x\n: 1\n")
    with pytest.raises(F07Error, match=r"^f: is not YAML: "):
        read_parameters(tmp_path / "f", "f")


def test_a_merged_name_may_stand_again(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("base: &b {a: 1, c: 2}\nhere: {<<: *b, a: 3}\n")
    assert read_yaml(tmp_path / "f", "where")["here"] == {"a": 3, "c": 2}


def test_a_number_that_json_has_not_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json({"a": float("nan")})


def test_what_yaml_cannot_say_safely_is_never_written() -> None:
    with pytest.raises(yaml.YAMLError):
        to_yaml({"a": object()})


def test_text_stays_readable() -> None:
    assert to_json({"a": "é"}) == '{\n  "a": "é"\n}\n'.encode()
    assert to_yaml({"b": "é", "a": {"c": 1}}) == "b: é\na:\n  c: 1\n".encode()


# -- whole or not at all


def test_a_file_is_replaced_with_the_rights_that_others_expect(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    mask = os.umask(0o027)
    try:
        write_atomic(tmp_path / "f", b"new")
    finally:
        os.umask(mask)
    assert (tmp_path / "f").read_bytes() == b"new"
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [tmp_path / "f"]


@pytest.mark.parametrize("fault", [OSError("no space left"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    def full(_: int) -> None:
        raise fault

    (tmp_path / "f").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(type(fault)):
        write_atomic(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_older_tools_write_nan_and_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_text(json.dumps({"precision": float("nan")}))
    assert str(read_json(tmp_path / "f", "f")["precision"]) == "nan"
