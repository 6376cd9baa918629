"""What spares the unit tests a process each time they look into the same model files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_f07.variant import model_file
from pytest_f07.variant.seal import digest

_READABLE: set[str] = set()


@pytest.fixture(autouse=True)
def _look_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look into model files in a process of its own once for the same bytes, which small packages share."""
    check = model_file.check_readable

    def check_new(paths: Sequence[Path], folder: Path) -> None:
        digests = {path: digest(path) for path in paths}
        if new := [path for path in paths if digests[path] not in _READABLE]:
            check(new, folder)
            _READABLE.update(digests[path] for path in new)

    monkeypatch.setattr(model_file, "check_readable", check_new)
