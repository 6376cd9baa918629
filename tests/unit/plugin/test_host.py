from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.plugin.host import NEEDED_PLUGINS, SELECTING_OPTIONS, UNWANTED_OPTIONS, check_plugins, set_options_aside


def config(options: dict[str, Any], typed: tuple[str, ...] = (), ini: dict[str, str] | None = None) -> Any:
    settings = ini or {}
    manager = SimpleNamespace(get_plugin=lambda name: None)
    params = SimpleNamespace(args=typed)
    return SimpleNamespace(
        option=SimpleNamespace(**options),
        invocation_params=params,
        pluginmanager=manager,
        getini=settings.__getitem__,
    )


@pytest.mark.parametrize("option", [*UNWANTED_OPTIONS, *SELECTING_OPTIONS], ids=lambda option: option.flag)
def test_an_option_that_is_given_is_set_aside_and_said(option: Any) -> None:
    host = config({option.name: "given"})
    assert set_options_aside(host) == [f"{option.flag}=given"]
    assert getattr(host.option, option.name) == option.without
    host = config({option.name: option.without})
    assert set_options_aside(host) == []


TYPED = {
    ("-k", "name"): "-k",
    ("-kname",): "-k",
    ("--lf",): "--lf",
    ("--last-failed",): "--lf",
    ("--deselect=x",): "--deselect",
}


@pytest.mark.parametrize(("typed", "flag"), TYPED.items(), ids=map(str, TYPED))
def test_a_selection_that_is_typed_stays(typed: tuple[str, ...], flag: str) -> None:
    [option] = [option for option in SELECTING_OPTIONS if option.flag == flag]
    host = config({option.name: "given"}, typed)
    assert set_options_aside(host) == []
    assert getattr(host.option, option.name) == "given"


def test_an_ini_setting_is_said_and_a_plugin_without_one_is_none() -> None:
    assert set_options_aside(config({"timeout": None}, ini={"timeout": "1"})) == ["--timeout=1"]
    assert set_options_aside(config({"timeout": None})) == []


def test_no_option_is_invented_for_a_plugin_that_is_not_there() -> None:
    host = config({})
    assert set_options_aside(host) == []
    assert vars(host.option) == {}


def test_the_threshold_of_coverage_is_set_aside_where_pytest_cov_keeps_it() -> None:
    coverage = SimpleNamespace(options=SimpleNamespace(cov_fail_under=90))
    host = config({"cov_fail_under": 90})
    host.pluginmanager.get_plugin = {"_cov": coverage}.get
    assert set_options_aside(host) == ["--cov-fail-under=90"]
    assert coverage.options.cov_fail_under == 0


def manager(loaded: set[str], blocked: frozenset[str] = frozenset()) -> Any:
    return SimpleNamespace(has_plugin=loaded.__contains__, is_blocked=blocked.__contains__)


def test_a_plugin_counts_by_its_name_or_its_module() -> None:
    check_plugins(manager({plugin.name for plugin in NEEDED_PLUGINS}))
    check_plugins(manager({plugin.module for plugin in NEEDED_PLUGINS}))


@pytest.mark.parametrize("plugin", NEEDED_PLUGINS, ids=lambda plugin: plugin.name)
def test_a_plugin_that_is_missing_is_named(plugin: Any) -> None:
    others = {other.name for other in NEEDED_PLUGINS} - {plugin.name}
    with pytest.raises(F07Error, match=f"^the plugin {plugin.name} is not loaded.*or add -p {plugin.name}\\.$"):
        check_plugins(manager(others))
    with pytest.raises(F07Error, match=f"^-p no:{plugin.name} cannot be used with --f07-variant: "):
        check_plugins(manager(others, frozenset({plugin.name})))


def test_a_terminal_that_is_blocked_under_its_other_name_is_named() -> None:
    with pytest.raises(F07Error, match=r"^-p no:terminalreporter cannot be used"):
        check_plugins(manager({plugin.name for plugin in NEEDED_PLUGINS}, frozenset({"terminalreporter"})))
