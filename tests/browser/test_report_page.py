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
from selenium.webdriver.support.ui import WebDriverWait

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
        create_variant(Project(root), variant, "v601", {"port": 0, "batch_size": 128}, LIMITS)
        stub = str(REPOSITORY / "tests" / "stub_server.py")
        (root / "conftest.py").write_text(STUB_CONFTEST.format(stub=stub, fault=fault))
        command = [sys.executable, "-m", "pytest", "-q", f"--f07-variant={variant}", *extra]
        subprocess.run(command, cwd=root, check=fault == "none", capture_output=True)
    return root / "executions" / "07_deployrun" / "v702" / "report" / "report.html"


class Page:
    """The report in one browser."""

    def __init__(self, driver: Any, report: Path) -> None:
        self.driver, self.report = driver, report

    @property
    def names(self) -> list[str]:
        """The models that are shown, in order."""
        script = "return [...document.querySelectorAll('.f07-models > tbody:not([hidden])')].map(x => x.dataset.name)"
        names: list[str] = self.js(script)
        return names

    def open(self, width: int = 1440, dark: bool = False, address: str = "") -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get("about:blank")  # another fragment alone would not load it anew
        self.driver.get(self.report.as_uri() + address)

    def js(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def click(self, selector: str) -> None:
        self.driver.find_element("css selector", selector).click()

    def column(self, key: str) -> list[str]:
        """A column of the results table as it is shown, F05's own left out."""
        script = """const place = document.querySelector(`th[data-key=${arguments[0]}]`).cellIndex;
            const rows = document.querySelectorAll('.f07-models > tbody:not([hidden]) > .f07-row');
            return [...rows].map(x => x.cells[place].firstChild.data.trim())"""
        texts: list[str] = self.js(script, key)
        return texts

    def unfold(self) -> None:
        self.click("[data-fold=open]")
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
    assert "F07-NONFINITE" in browser.js("return document.querySelector('section[aria-label=Failures]').innerText")


def test_pictures_have_a_size_and_a_text(browser: Page) -> None:
    browser.open()
    browser.unfold()
    script = """return [...document.querySelectorAll('.f07-chart > svg')].map(x =>
        [x.getBoundingClientRect().width, x.getAttribute('aria-label')])"""
    pictures = browser.js(script)
    assert len(pictures) == 3 + 3
    for width, text in pictures:
        assert width > 300
        assert len(text) > 40
    assert browser.js("return document.querySelectorAll('main img').length") == 0


def test_everything_folded_opens(browser: Page) -> None:
    browser.open()
    browser.click("[data-fold=open]")
    summaries = [
        each
        for each in browser.driver.find_elements("css selector", "details:not([open]) > summary")
        if each.is_displayed()
    ]
    assert len(summaries) >= 3 * 3 + 5
    for summary in summaries:
        browser.js("arguments[0].scrollIntoView({block: 'center'})", summary)
        closed = browser.js("return arguments[0].parentElement.offsetHeight", summary)
        summary.click()
        assert browser.js("return arguments[0].parentElement.offsetHeight", summary) > closed, summary.text


UNFOLDED = """return [...document.querySelectorAll('.f07-more')].filter(x => x.offsetHeight).map(
    x => x.parentElement.dataset.name)"""


def test_the_failed_row_is_unfolded_and_a_click_unfolds_another(browser: Page) -> None:
    browser.open()
    assert browser.js(UNFOLDED) == ["feeder_overload"]
    browser.click("#inverter_trip [data-label=TP]")
    assert browser.js(UNFOLDED) == ["feeder_overload", "inverter_trip"]
    browser.click("#inverter_trip th a")
    assert browser.js(UNFOLDED) == ["feeder_overload"]
    assert browser.js("return location.hash") == "#inverter_trip"
    browser.click("[data-fold='']")
    assert browser.js(UNFOLDED) == []


def test_a_link_leads_to_a_model(browser: Page) -> None:
    browser.open(address="#inverter_trip.cnn")
    assert browser.js(UNFOLDED) == ["feeder_overload", "inverter_trip.cnn"]
    assert 0 <= browser.js("return document.getElementById('inverter_trip.cnn').getBoundingClientRect().top") < 300


def test_a_heading_sorts_by_number(browser: Page) -> None:
    browser.open()
    for key in ("TP", "TN", "precision", "recall", "no_ref_total", "unknown_codes", "empty_windows"):
        numbers = []
        for _ in range(2):
            browser.click(f'th[data-key="{key}"] button')
            numbers.append([float(text.replace(",", "").rstrip("%")) for text in browser.column(key)])
        assert numbers == [sorted(numbers[0]), sorted(numbers[0], reverse=True)]
        sorted_by = browser.js("return document.querySelector('th[aria-sort=descending]').dataset.key")
        assert sorted_by == key


def test_models_are_filtered_and_the_address_keeps_it(browser: Page) -> None:
    browser.open()
    search = browser.driver.find_element("css selector", "input[type=search]")
    search.send_keys("TRIP")
    assert browser.names == ["inverter_trip", "inverter_trip.cnn"]
    browser.click("th[data-key=TP] button")
    assert sorted(browser.names) == ["inverter_trip", "inverter_trip.cnn"]
    search.send_keys(".cnn")
    assert browser.names == ["inverter_trip.cnn"]
    assert browser.js("return document.querySelector('.f07-shown').textContent") == "1 of 3 models"
    assert browser.js("return location.search") == "?q=TRIP.cnn"
    browser.open(address="?q=TRIP.cnn")
    assert browser.names == ["inverter_trip.cnn"]


CHOICES = {
    "result=failed": ["feeder_overload"],
    "code=F07-NONFINITE": ["feeder_overload"],
    "dataset=v401": ["feeder_overload"],
    "dataset=v402&q=cnn": ["inverter_trip.cnn"],
    "result=nonsense": ["feeder_overload", "inverter_trip", "inverter_trip.cnn"],
    "q=nothing+at+all": [],
}


@pytest.mark.parametrize(("choice", "names"), CHOICES.items(), ids=CHOICES)
def test_an_address_chooses_models(browser: Page, choice: str, names: list[str]) -> None:
    browser.open(address=f"?{choice}")
    assert browser.names == names
    nothing = browser.js("return document.querySelector('.f07-none').checkVisibility()")
    assert nothing == (not names)
    if nothing:
        browser.click(".f07-none button")
        assert len(browser.names) == 3


def test_the_keyboard_is_enough(browser: Page) -> None:
    browser.open()
    body = browser.driver.find_element("css selector", "body")
    for _ in range(60):
        body.send_keys(Keys.TAB)
        active = browser.driver.switch_to.active_element
        if active.get_attribute("aria-expanded") == "false":
            break
    active.send_keys(Keys.ENTER)
    assert active.get_attribute("aria-expanded") == "true"
    browser.js("document.querySelector('th[data-key=recall] button').focus()")
    browser.driver.switch_to.active_element.send_keys(Keys.SPACE)
    assert browser.js("return document.querySelector('th[aria-sort]').dataset.key") == "recall"


def test_a_picture_tells_its_values_to_keyboard_and_pointer(browser: Page) -> None:
    browser.open(address="#inverter_trip")
    chart = "#inverter_trip .f07-chart"
    told = f"return document.querySelector('{chart} output').textContent"
    slider = browser.driver.find_element("css selector", f"{chart} input")
    slider.send_keys(Keys.HOME)
    assert browser.js(told).startswith("score or threshold 0, label 0 ")
    slider.send_keys(Keys.ARROW_RIGHT)
    assert browser.js(told).startswith("score or threshold 0.01, label 0 ")
    assert slider.get_attribute("aria-valuetext") == browser.js(told)
    picture = browser.driver.find_element("css selector", f"{chart} > svg")
    webdriver.ActionChains(browser.driver).move_to_element(picture).perform()
    assert browser.js(told).startswith(("score or threshold 0.4", "score or threshold 0.5"))
    assert "precision 0." in browser.js(told)
    names = browser.driver.find_element("css selector", "section[aria-label='Models side by side'] input")
    names.send_keys(Keys.END)
    assert names.get_attribute("aria-valuetext").startswith("model inverter_trip.cnn, ")


def test_a_slider_says_what_it_is_for_until_it_is_moved(browser: Page) -> None:
    browser.open(address="#inverter_trip")
    script = "return getComputedStyle(document.querySelector('#inverter_trip output'), '::before').content"
    assert "Move the slider" in browser.js(script)
    browser.driver.find_element("css selector", "#inverter_trip .f07-chart input").send_keys(Keys.ARROW_RIGHT)
    assert browser.js(script) == "none"


def test_the_headings_stay_in_view(browser: Page) -> None:
    browser.open(width=1280)
    browser.unfold()
    browser.js("document.querySelector('#inverter_trip .f07-section').scrollIntoView()")
    head = "document.querySelector('.f07-models > thead th').getBoundingClientRect()"
    assert browser.js("return scrollY") > 1000
    assert browser.js(f"return {head}.top") == 0


def test_a_finger_unfolds_a_model_and_moves_over_a_picture(browser: Page) -> None:
    browser.open(width=390)
    browser.click("[data-fold='']")
    row = browser.driver.find_element("css selector", "#inverter_trip .f07-result")
    browser.js("arguments[0].scrollIntoView({block: 'center'})", row)
    tap(browser, "#inverter_trip .f07-result")
    assert browser.js(UNFOLDED) == ["inverter_trip"]
    chart = "#inverter_trip .f07-chart"
    browser.js(f"document.querySelector('{chart}').scrollIntoView({{block: 'center'}})")
    tap(browser, f"{chart} > svg")
    assert browser.js(f"return document.querySelector('{chart} output').textContent").startswith(
        "score or threshold 0."
    )


def tap(browser: Page, selector: str) -> None:
    """Touch the middle of an element that is in view."""
    script = """const box = document.querySelector(arguments[0]).getBoundingClientRect();
        return {x: box.x + box.width / 2, y: box.y + box.height / 2}"""
    point = browser.js(script, selector)
    for kind, points in (("touchStart", [point]), ("touchEnd", [])):
        browser.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_the_examples_of_a_phone_are_not_cut(browser: Page) -> None:
    browser.open(width=390)
    browser.unfold()
    script = (
        """return [...document.querySelectorAll('.f07-pair .f07-scroll')].map(x => [x.scrollWidth, x.clientWidth])"""
    )
    widths = browser.js(script)
    assert len(widths) >= 4
    assert [cut for cut in widths if cut[0] > cut[1]] == []


def test_the_numbers_are_saved_as_files(browser: Page, tmp_path: Path) -> None:
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    browser.open()
    files = [tmp_path / name for name in ("v702_metrics.csv", "v702_metrics.json")]
    for file in files:
        browser.click(f"[download='{file.name}']")
    WebDriverWait(browser.driver, 60).until(lambda _: all(file.is_file() for file in files))
    assert json.loads((tmp_path / "v702_metrics.json").read_text())["outcome"] == "failed"
    assert (tmp_path / "v702_metrics.csv").read_text().splitlines()[1].startswith("feeder_overload,")


def test_a_curl_line_asks_about_a_row(browser: Page) -> None:
    browser.open(address="#inverter_trip")
    browser.js("document.querySelectorAll('#inverter_trip details').forEach(x => x.open = true)")
    browser.js("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    window = browser.js("return document.querySelector('#inverter_trip .f07-pair code').textContent")
    browser.click("#inverter_trip .f07-curl")
    address = "curl -s http://127.0.0.1:5005/infer -H 'Content-Type: application/json' -d "
    assert browser.js("return window.copied") == f"""{address}'{{"window": {window}}}'"""


def test_without_javascript_the_table_and_every_detail_are_there(browser: Page) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open()
        texts = [row.text.split()[:2] for row in browser.driver.find_elements("css selector", ".f07-row")]
        assert texts[0] == ["failed", "F07-INFER"]
        assert texts[1:] == [["passed", "inverter_trip"], ["passed", "inverter_trip.cnn"]]
        assert browser.driver.find_element("css selector", "#feeder_overload .f07-confusion").is_displayed()
        browser.click("#inverter_trip summary")
        assert browser.driver.find_element("css selector", "#inverter_trip .f07-chart > svg").is_displayed()
        dead = browser.driver.find_elements("css selector", "main input, main select, .f07-curl")
        assert not [each for each in dead if each.is_displayed()]
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


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
return [...document.querySelectorAll('.f07-word, .f07-note, .f07-code, small, th, td, summary, a, button')]
  .filter(x => x.checkVisibility() && !x.closest('.f07-confusion')).map(x => {
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


AXE = REPOSITORY / ".venv-axe" / "axe_playwright_python" / "axe.min.js"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_our_part_of_the_page(browser: Page, width: int, dark: bool) -> None:
    assert AXE.is_file(), "axe-core is not installed: sh tools/browser.sh"
    browser.open(width, dark)
    browser.unfold()
    browser.js(AXE.read_text(encoding="utf-8"))
    # The table of pytest's environment is pytest-html's own.
    script = "const context = {include: ['main'], exclude: ['#environment']}, done = arguments[0];"
    script += "axe.run(context).then(result => done(result.violations), done)"
    violations = browser.driver.execute_async_script(script)
    seen = {each["id"]: [node["html"][:120] for node in each["nodes"][:3]] for each in violations}
    assert seen == {}


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
    width = browser.js("return getComputedStyle(document.querySelector('.f07-filter')).display")
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert width == "none"


def test_the_comparison_tells_what_flipped(browser: Page) -> None:
    browser.open()
    table = "section[aria-label='Compared with an earlier run'] tbody tr"
    rows = browser.js("return [...document.querySelectorAll(arguments[0])].map(x => x.innerText)", table)
    assert len(rows) >= 3, json.dumps(rows)
    assert rows[0].startswith("feeder_overload")
    assert "same" in rows[1]
