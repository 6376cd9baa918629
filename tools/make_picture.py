"""Take the picture of the report that README shows: docs/report.png, of the demo's run (make picture)."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURE = REPOSITORY / "docs" / "report.png"
REPORT = REPOSITORY / "executions" / "07_deployrun" / "v701" / "report" / "report.html"
SIZE = (1280, 1480)  # the verdict, the table and the first chart
# The name of the text in the picture that says what it was made from.
KEY = "Sources"


def digest_sources() -> str:
    """Return the sha256 of all that gives the report its looks: templates, style sheets and scripts."""
    folder = REPOSITORY / "pytest_f07" / "results"
    files = sorted(path for pattern in ("*.css", "*.js", "templates/*.html") for path in folder.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def take_picture() -> None:
    """Write the picture; exit with a line where the report or Chromium is not there."""
    if not REPORT.is_file():
        sys.exit(f"ERROR: {REPORT.relative_to(REPOSITORY)} is not there: make script7-run VARIANT=v701")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = f"--window-size={SIZE[0]},{SIZE[1]}"
        subprocess.run(["chromium", *options, size, f"--screenshot={shot}", REPORT.as_uri()], check=True)
        text = PngInfo()
        text.add_text(KEY, digest_sources())
        Image.open(shot).convert("RGB").quantize(256).save(PICTURE, pnginfo=text, optimize=True)


if __name__ == "__main__":
    take_picture()
