"""report.html in a real browser, opened from ``file://``: what a reader sees, clicks and types."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from conftest import REPOSITORY, STUB_CONFTEST
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.paths import Project

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models that pass and one that fails, held against an earlier run; the stub server answers."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(REPOSITORY / "executions" / "06_packaging", root / "executions" / "06_packaging")
    for variant, fault, extra in (("v701", "none", []), ("v702", "nan", ["--f07-compare=v701"])):
        create_variant(Project(root), variant, "v601", {"port": 0}, LIMITS)
        stub = str(REPOSITORY / "tests" / "stub_server.py")
        (root / "conftest.py").write_text(STUB_CONFTEST.format(stub=stub, fault=fault))
        command = [sys.executable, "-m", "pytest", "-q", f"--f07-variant={variant}", *extra]
        subprocess.run(command, cwd=root, check=fault == "none", capture_output=True)
    return root / "executions" / "07_deployrun" / "v702" / "report" / "report.html"


class Page:
    """The report in one browser."""

    def __init__(self, driver: Any, report: Path) -> None:
        self.driver, self.report = driver, report

    def open(self, width: int = 1440, dark: bool = False) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        if self.driver.current_url.startswith("file:"):  # pytest-html keeps there what was unfolded
            self.js("sessionStorage.clear()")
        self.driver.get(self.report.as_uri())

    def js(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def click(self, selector: str) -> None:
        self.driver.find_element("css selector", selector).click()

    def column(self, key: str) -> list[str]:
        """A column of the results table as it is shown, F05's own left out."""
        cells = f"#results-table tbody:not([hidden]) .col-{key}"
        script = "return [...document.querySelectorAll(arguments[0])].map(x => x.firstChild.data.trim())"
        texts: list[str] = self.js(script, cells)
        return texts

    def unfold(self) -> None:
        self.click("#show_all_details")
        self.js("document.querySelectorAll('details').forEach(x => x.open = true)")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, report: Path) -> Iterator[Page]:
    chromium, driver_path = shutil.which("chromium"), shutil.which("chromedriver")
    assert chromium, "chromium is not installed: sh tools/browser.sh"
    assert driver_path, "chromedriver is not installed: sh tools/browser.sh"
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    try:
        yield Page(driver, report)
    finally:
        driver.quit()


def test_nothing_is_loaded_and_nothing_is_complained_of(browser: Page) -> None:
    browser.open()
    browser.unfold()
    loaded = browser.js("return performance.getEntriesByType('resource').map(x => x.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []
    assert browser.driver.get_log("browser") == []
    assert browser.js("return document.querySelector('.f07-word').innerText").endswith("FAILED")
    assert "F07-NONFINITE" in browser.js("return document.querySelector('.f07-list').innerText")


def test_pictures_have_a_size_and_a_text(browser: Page) -> None:
    browser.open()
    browser.unfold()
    pictures = browser.js(
        "return [...document.querySelectorAll('figure img')].map(x => [x.naturalWidth, x.offsetWidth, x.alt])"
    )
    assert len(pictures) == 3 * 2 + 3
    for natural, shown, text in pictures:
        assert natural > 300
        assert shown > 300
        assert len(text) > 40


def test_everything_folded_opens(browser: Page) -> None:
    browser.open()
    browser.click("#show_all_details")
    summaries = browser.driver.find_elements("css selector", "details > summary")
    assert len(summaries) >= 3 * 3 + 5
    for summary in summaries:
        browser.js("arguments[0].scrollIntoView({block: 'center'})", summary)
        closed = browser.js("return arguments[0].parentElement.offsetHeight", summary)
        summary.click()
        assert browser.js("return arguments[0].parentElement.offsetHeight", summary) > closed, summary.text


def test_what_is_open_stays_open_when_another_row_is_clicked(browser: Page) -> None:
    browser.open()
    browser.click("#results-table tbody.failed details summary")
    browser.click("#results-table tbody.passed .col-TP")
    assert browser.js("return document.querySelector('#results-table tbody.failed details').open")
    assert browser.js("return document.querySelectorAll('.extras-row:not(.hidden)').length") == 2


def test_a_heading_sorts_by_number(browser: Page) -> None:
    browser.open()
    for key in ("TP", "TN", "precision", "recall", "no_ref_total", "unknown_codes", "empty_windows"):
        numbers = []
        for _ in range(2):
            browser.click(f'th[data-column-type="{key}"]')
            numbers.append([float(text.replace(",", "").rstrip("%")) for text in browser.column(key)])
        assert numbers == [sorted(numbers[0]), sorted(numbers[0], reverse=True)]
        sorted_by = browser.js("return document.querySelector('th[aria-sort=descending]').dataset.columnType")
        assert sorted_by == key


def test_models_are_filtered_by_name_and_by_outcome(browser: Page) -> None:
    browser.open()
    search = browser.driver.find_element("css selector", "input[type=search]")
    search.send_keys("TRIP")
    assert browser.column("testId") == ["inverter_trip", "inverter_trip.cnn"]
    browser.click('th[data-column-type="TP"]')
    assert sorted(browser.column("testId")) == ["inverter_trip", "inverter_trip.cnn"]
    search.send_keys(".cnn")
    assert browser.column("testId") == ["inverter_trip.cnn"]
    search.clear()
    search.send_keys(" ")
    browser.click('input[data-test-result="passed"]')
    assert browser.column("testId") == ["feeder_overload"]


def test_the_keyboard_is_enough(browser: Page) -> None:
    browser.open()
    body = browser.driver.find_element("css selector", "body")
    for _ in range(60):
        body.send_keys(Keys.TAB)
        active = browser.driver.switch_to.active_element
        if "col-result" in active.get_attribute("class") and active.get_attribute("aria-expanded") == "false":
            break
    model = browser.js("return arguments[0].nextElementSibling.firstChild.data", active)
    active.send_keys(Keys.ENTER)
    active = browser.driver.switch_to.active_element
    assert active.get_attribute("aria-expanded") == "true"
    assert browser.js("return arguments[0].nextElementSibling.firstChild.data", active) == model
    active.send_keys(Keys.TAB)
    browser.driver.switch_to.active_element.send_keys(Keys.SPACE)
    assert browser.js("return document.activeElement.parentElement.open")
    browser.js("document.querySelector('th[data-column-type=recall]').focus()")
    browser.driver.switch_to.active_element.send_keys(Keys.SPACE)
    assert browser.js("return document.activeElement.dataset.columnType") == "recall"


# Every element that reaches beyond the page, but for what scrolls in a box of its own.
BEYOND = """
return [...document.querySelectorAll('body *')]
  .filter(x => x.checkVisibility() && x.getBoundingClientRect().right > innerWidth + 1)
  .filter(x => !x.closest('.f07-scroll'))
  .map(x => x.outerHTML.slice(0, 90));
"""
CONTRAST = """
const light = (text) => text.match(/[0-9.]+/g).slice(0, 3).map(Number).map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const page = light(getComputedStyle(document.body).backgroundColor);
return [...document.querySelectorAll('.f07-word, .f07-note, .f07-code, small, th, td, summary, a, button')].map(x => {
  const ink = light(getComputedStyle(x).color);
  return [(Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05), x.outerHTML.slice(0, 90)];
}).filter(([ratio]) => ratio < 4.5);
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1440, 768, 390])
def test_nothing_overflows_and_all_is_legible(browser: Page, width: int, dark: bool) -> None:
    browser.open(width, dark)
    browser.unfold()
    assert browser.js("return innerWidth") == width
    assert browser.js("return document.documentElement.scrollWidth") <= width
    assert browser.js(BEYOND) == []
    assert browser.js(CONTRAST) == []
    background = browser.js("return getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is not dark


def test_a_digest_is_copied_or_selected(browser: Page) -> None:
    browser.open()
    browser.js("document.querySelectorAll('.f07-section').forEach(x => x.open = true)")
    browser.click(".f07-copy")
    told = "return document.querySelector('.f07-copy').textContent"
    for _ in range(100):
        if browser.js(told) != "copy":
            break
    assert browser.js(told) in ("copied", "selected: press Ctrl+C")


def test_it_prints(browser: Page) -> None:
    browser.open()
    provenance = "document.querySelector('[data-key=provenance]').open"
    browser.js(f"addEventListener('beforeprint', () => {{ window.on_paper = {provenance} }})")
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
    assert browser.js("return window.on_paper")
    assert not browser.js(f"return {provenance}")
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    width = browser.js("return getComputedStyle(document.querySelector('.controls')).display")
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert width == "none"


def test_the_comparison_tells_what_flipped(browser: Page) -> None:
    browser.open()
    table = "section[aria-label='Against last time'] tbody tr"
    rows = browser.js("return [...document.querySelectorAll(arguments[0])].map(x => x.innerText)", table)
    assert len(rows) >= 3, json.dumps(rows)
    assert rows[0].startswith("feeder_overload")
    assert "same" in rows[1]
