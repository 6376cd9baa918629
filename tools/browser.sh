#!/bin/sh
# browser.sh: Chromium, its driver and axe-core are there, installed where that is possible; else say what is missing.
# axe-core is one file of a Python package, which is laid into a folder of its own: nothing else of it is needed.
set -eu

has_browser() { command -v chromium >/dev/null && command -v chromedriver >/dev/null; }

axe=.venv-axe/axe_playwright_python/axe.min.js
if [ ! -f "$axe" ]; then
  .venv/bin/python -m pip install --quiet --no-deps --target .venv-axe axe-playwright-python==0.1.8  # axe-core 4.12.1
fi

if has_browser; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing chromium and chromium-driver with apt-get"
  apt-get update --quiet --quiet || true
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends chromium chromium-driver \
    >/dev/null || true
fi
if has_browser; then exit 0; fi
echo "ERROR: chromium or chromedriver is not installed: apt-get install chromium chromium-driver (as root)" >&2
exit 2
