"""Names of models: letters of any script, composed, no two of them one file, none too long for a file system."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_f07.errors import F07Error
from pytest_f07.variant.names import caseless, check_folder_name, check_name, find_folder, first_collision

Form = Literal["NFC", "NFD"]

ACCEPTED = [
    "batería_alta",
    "ÑANDÚ",
    "Straße",
    "σφάλμα-1",
    "авария.v2",
    "電池_高",
    "بطارية",
    "0",
    "on",
    "1e3",
    "_",
    "-",
    "a.b",
]
RULE = "it must be 1 to 100 letters, digits, '_', '-' or '.', not '.' first."
REFUSED = {
    "no text": (5, RULE),
    "empty": ("", RULE),
    "hidden": (".batería", RULE),
    "a folder": ("batería/alta", RULE),
    "a space": ("batería alta", RULE),
    "a mark that no letter takes": ("x\u0301", RULE),
    "an emoji": ("bater🔋", RULE),
    "a zero-width space": ("bater\u200bía", RULE),
    "a lone surrogate": ("\udcff", RULE),
    "101 letters": ("ñ" * 101, RULE),
    "more bytes than a file name takes": ("電" * 67, "201 bytes in UTF-8; names of files have room for 200."),
}


@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_of_any_script_are_accepted_and_composed(name: str, form: Form) -> None:
    assert check_name(normalize(form, name), "name") == normalize("NFC", name)


@pytest.mark.parametrize(("name", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_file_name_everywhere_is_refused(name: object, message: str) -> None:
    with pytest.raises(F07Error, match=rf"^name is .*{re.escape(message)}$"):
        check_name(name, "name")


def test_the_longest_name_leaves_room_for_every_file_made_of_it(tmp_path: Path) -> None:
    longest = check_name("é" * 100, "name")
    (tmp_path / f".confusion_{longest}.png.abcdefgh").touch()
    with pytest.raises(F07Error, match=r"^where: .* make the folder .*, 256 bytes in UTF-8; .* room for 255\.$"):
        check_folder_name(f"{longest}__{'m' * 54}", "where")


def test_file_names_that_are_not_utf_8_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "iso8859-1")
    assert check_name("bateria", "name") == "bateria"
    with pytest.raises(F07Error, match=r"^name is 'batería', and file names are in iso8859-1 here\. Set PYTHONUTF8=1"):
        check_name("batería", "name")


@pytest.mark.parametrize(
    ("names", "collision"),
    [
        (["a", "b", "a_b"], None),
        (["batería", "bateria"], None),
        (["a", "b", "a"], ("a", "a")),
        (["Batería", "batería"], ("Batería", "batería")),
        (["Straße", "x", "STRASSE"], ("Straße", "STRASSE")),
        ([normalize("NFC", "é"), normalize("NFD", "É")], (normalize("NFC", "é"), normalize("NFD", "É"))),
    ],
)
def test_names_that_differ_by_case_or_normalization_alone_collide(
    names: list[str], collision: tuple[str, str] | None
) -> None:
    assert first_collision(names) == collision


@given(st.text(max_size=6))
def test_case_and_normalization_change_nothing_of_what_is_compared(text: str) -> None:
    assert caseless(text) == caseless(normalize("NFD", text)) == caseless(text.casefold())


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_folder_is_found_however_its_accents_are_spelt_on_disk(tmp_path: Path, form: Form) -> None:
    on_disk = tmp_path / normalize(form, "batería__m1")
    on_disk.mkdir()
    assert find_folder(tmp_path / "batería__m1", "where").samefile(on_disk)
    assert find_folder(tmp_path / "otra_batería", "where") == tmp_path / "otra_batería"
    (tmp_path / normalize("NFC" if form == "NFD" else "NFD", "batería__m1")).mkdir()
    with pytest.raises(F07Error, match=r"^where: is there twice, .* Keep one\.$"):
        find_folder(tmp_path / "batería__m1", "where")


@given(st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}", fullmatch=True))
def test_a_name_of_the_contracts_letters_is_accepted(name: str) -> None:
    assert check_name(name, "name") == name


@given(st.text(min_size=1, max_size=5).filter(lambda text: not all(c.isascii() and c.isalnum() for c in text)))
@example("\ufa2a")  # a compatibility ideograph, which NFC replaces
def test_no_accepted_name_leaves_its_folder_or_hides(name: str) -> None:
    try:
        accepted = check_name(name, "name")
    except F07Error as error:
        message, accepted = str(error), None
    if accepted is None:
        assert message.startswith("name is ")
        assert message.isprintable()
    else:
        assert Path(accepted).name == accepted == normalize("NFC", name)
        assert not accepted.startswith(".")
