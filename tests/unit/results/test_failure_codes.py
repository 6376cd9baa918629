"""Every code that a run can give is explained, and docs/failures.md explains it in the same words."""

from __future__ import annotations

import ast
import re

import pytest

from conftest import REPOSITORY
from pytest_f07.results.failure_codes import FAILURE_CODES

PAGE = (REPOSITORY / "docs" / "failures.md").read_text()
SECTIONS = {section.split("\n", 1)[0]: section for section in PAGE.split("\n## ")[1:]}


def test_every_code_in_the_source_is_explained_and_no_other() -> None:
    sources = [path.read_text() for path in (REPOSITORY / "pytest_f07").rglob("*.py")]
    given = {code for text in sources for code in re.findall(r'= "(F07-[A-Z]+)"', text)}
    assert given == set(FAILURE_CODES) == set(SECTIONS)


@pytest.mark.parametrize("code", FAILURE_CODES)
def test_the_page_explains_a_code_with_an_example(code: str) -> None:
    section, explanation = SECTIONS[code], FAILURE_CODES[code]
    for text in (explanation.meaning, explanation.causes, explanation.remedy):
        assert text in section
    assert re.search(r"- \*\*Example\*\*: `[^`]{30,}`", section)


@pytest.fixture(scope="module")
def message_parts() -> list[str]:
    """What messages are made of: the texts in the source, the longest first."""
    paths = (REPOSITORY / "pytest_f07").rglob("*.py")
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return sorted((text for text in texts if len(text) >= 4), key=len, reverse=True)


@pytest.mark.parametrize("code", FAILURE_CODES)
def test_an_example_has_the_words_of_today_s_messages(code: str, message_parts: list[str]) -> None:
    [example] = re.findall(r"- \*\*Example\*\*: `([^`]+)`", SECTIONS[code])
    rest = example
    for part in message_parts:
        rest = rest.replace(part, "|")
    rest = re.sub(r"\w*\d\w*", "", rest)  # numbers and digests; names are left
    assert len(re.findall("[a-z]", rest)) < 0.15 * len(re.findall("[a-z]", example)), rest


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_readme_links_to_the_page(name: str) -> None:
    assert "(docs/failures.md)" in (REPOSITORY / name).read_text()
