"""Collect a manifest as a test file with a test for each of its models."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.plugin import item as item_module


class ManifestFile(pytest.Module):
    """Collect a manifest as a test file; its test is in :mod:`pytest_f07.plugin.item`, whatever the host's names."""

    def _getobj(self) -> Any:
        return item_module

    def funcnamefilter(self, name: str) -> bool:
        """Return whether ``name`` is a test."""
        return name == item_module.test_runtime_validation.__name__

    def classnamefilter(self, name: str) -> bool:
        """Return False: no name is a test class."""
        return False


def prediction_name(item: pytest.Item) -> str | None:
    """Return the model that an item validates; None for an item that is not this plugin's."""
    if item.getparent(ManifestFile) and isinstance(item, pytest.Function):
        return str(item.callspec.params["prediction_name"])
    return None
