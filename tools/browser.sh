#!/bin/sh
# browser.sh: Chromium and its driver are there, installed from Debian where that is possible; else say what is missing.
set -eu

has_browser() { command -v chromium >/dev/null && command -v chromedriver >/dev/null; }

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
