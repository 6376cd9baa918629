"""The documents in docs/: what docstrings refer to is there, and the contract's columns are those of the table."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_f07.results.metric_table import METRICS

REPOSITORY = Path(__file__).parents[2]
SOURCES = sorted((REPOSITORY / "pytest_f07").rglob("*.py"))


def headings(document: str) -> set[str]:
    """Return the headings, or of numbered ones the numbers."""
    text = (REPOSITORY / "docs" / document).read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {match[0].rstrip(".") if (match := re.match(r"[\d.]+", title)) else title for title in titles}


def references(pattern: str) -> set[str]:
    return {found for path in SOURCES for found in re.findall(pattern, path.read_text(encoding="utf-8"))}


def test_each_reference_to_the_specification_leads_to_a_section() -> None:
    sections = references(r"§(\d+(?:\.\d+)?)")
    assert {"4.2", "5", "8"} <= sections <= headings("specification.md")


def test_each_reference_to_the_contract_leads_to_a_heading() -> None:
    titles = references(r'contract,? "([^"]+)"')
    assert {"In", "Out", "Metrics"} <= titles <= headings("contract.md")


def test_the_contract_lists_the_columns_of_the_metrics_in_order() -> None:
    text = (REPOSITORY / "docs" / "contract.md").read_text(encoding="utf-8")
    assert ", ".join(["prediction_name", *(metric.key for metric in METRICS)]) in " ".join(text.split())


def test_the_spanish_readme_leads_wherever_the_english_one_does() -> None:
    pages = {name: (REPOSITORY / name).read_text(encoding="utf-8") for name in ("README.md", "README.es.md")}
    links = {name: set(re.findall(r"\]\((?!http)([^)#]+)", text)) for name, text in pages.items()}
    assert links["README.md"] - links["README.es.md"] == {"README.es.md"}
    targets = {name: set(re.findall(r"make [a-z]+7(?:-run)?", text)) for name, text in pages.items()}
    assert targets["README.md"] == targets["README.es.md"]
