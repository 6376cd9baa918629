"""Run each item once, in this process, whatever the host's plugins do with tests.

One replay judges all models before the first is reported. To stop after a failure, to run an item again or in
another process would report less, or nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest
from _pytest import runner

from pytest_f07.plugin.host import HOST_MARKS
from pytest_f07.plugin.items import prediction_name


class ItemLoop:
    """The hooks that decide which items run, in which order, and how often.

    :param names: the models, in the manifest's order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._order = {name: index for index, name in enumerate(names)}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Keep one item of each model, in the manifest's order, after all other plugins."""
        yield
        unique: dict[str, pytest.Item] = {}
        for item in items:
            if (name := prediction_name(item)) is not None:
                unique.setdefault(name, item)
                item.own_markers[:] = [mark for mark in item.own_markers if mark.name not in HOST_MARKS]
        others = [item for item in items if prediction_name(item) is None]
        items[:] = [*sorted(unique.values(), key=lambda item: self._order[str(prediction_name(item))]), *others]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run every item, even where a plugin asks to stop."""
        option = session.config.option
        if option.collectonly or (session.testsfailed and not option.continue_on_collection_errors):
            return None
        # Registered last, so that it comes before the protocols of other plugins.
        session.config.pluginmanager.register(_Protocol(), "f07-protocol")
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return True


class _Protocol:
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run an item once, as pytest itself does; other plugins' wrappers still see it."""
        return runner.pytest_runtest_protocol(item, nextitem)
