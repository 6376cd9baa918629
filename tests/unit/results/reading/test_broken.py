from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.results.reading.broken import Break, read_break
from pytest_f07.variant.paths import Outputs

SUITE = '<testsuites><testsuite timestamp="{}"><testcase><failure>{}</failure></testcase></testsuite></testsuites>'
BROKEN = "F07-BROKEN  a: not validated: the server died at v401 row 768\n(stub ready)."
REASON = "the server died at v401 row 768 (stub ready)"
CASES = {
    "broken": (SUITE.format("2026-01-02T03:04:05.6+02:00", BROKEN), Break("2026-01-02T01:04:05", REASON)),
    "no time": (SUITE.format("", BROKEN), Break("", REASON)),
    "failed": (SUITE.format("2026-01-02T03:04:05+00:00", "F07-BOOKS  a: no balance."), None),
    "passed": ("<testsuites/>", None),
    "no XML": ("<testsuites", None),
    "no file": (None, None),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_why_and_when_a_run_broke_is_read_from_junit(tmp_path: Path, text: str | None, expected: Break | None) -> None:
    outputs = Outputs(tmp_path)
    outputs.report.mkdir()
    if text is not None:
        outputs.junit_xml.write_text(text)
    assert read_break(outputs) == expected


def test_a_complete_run_did_not_break(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path)
    outputs.report.mkdir()
    outputs.junit_xml.write_text(CASES["broken"][0] or "")
    outputs.metadata.write_text("{}")
    assert read_break(outputs) is None
