"""tools/browser.sh: Chromium is there, or is installed, or one line says what is missing; beside stand-ins."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import REPOSITORY

INSTALLS = """\
#!/bin/sh
echo "$1" >>asked
[ "$1" = install ] || exit 0
for name in chromium chromedriver; do echo '#!/bin/sh' >bin/$name; chmod +x bin/$name; done
"""
TELLS = "ERROR: chromium or chromedriver is not installed: apt-get install chromium chromium-driver (as root)"
PRESENT, NO_NETWORK = "#!/bin/sh\n", "#!/bin/sh\nexit 100\n"
BROWSER = {"chromium": PRESENT, "chromedriver": PRESENT}
AXE = ".venv-axe/axe_playwright_python/axe.min.js"
# what is installed, who calls; exit status, what is told
CASES = {
    "both": (BROWSER, "1000", 0, ""),
    "none, as a user": ({"apt-get": INSTALLS}, "1000", 2, TELLS),
    "no driver, as a user": ({"chromium": PRESENT}, "1000", 2, TELLS),
    "none, as root": ({"apt-get": INSTALLS}, "0", 0, ""),
    "none, as root without apt-get": ({}, "0", 2, TELLS),
    "none, as root without a network": ({"apt-get": NO_NETWORK}, "0", 2, TELLS),
}


@pytest.mark.parametrize("case", CASES)
def test_the_browser_is_there_or_one_line_says_what_is_missing(tmp_path: Path, case: str) -> None:
    programs, user, status, told = CASES[case]
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "chmod"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, text in {**programs, "id": f"#!/bin/sh\necho {user}\n"}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (tmp_path / AXE).parent.mkdir(parents=True)
    (tmp_path / AXE).touch()
    command = [str(folder / "sh"), str(REPOSITORY / "tools" / "browser.sh")]
    done = subprocess.run(command, cwd=tmp_path, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (status, told)
    asked = tmp_path / "asked"
    assert asked.exists() == (case == "none, as root")
    assert not asked.exists() or asked.read_text().split() == ["update", "install"]
