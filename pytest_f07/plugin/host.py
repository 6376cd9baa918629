"""Check the plugins that a run needs, and set aside options of the host that a run cannot use.

A host brings options on the command line, in ``addopts``, in its ini file and in the environment. Those that would
select something else, stop early, repeat, measure, or report to another place are set aside, and the header lists them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.pathlib import resolve_from_str

from pytest_f07.errors import F07Error

AUTOLOAD = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
# Marks with which a host stops or repeats its own slow tests; its conftest may put them on every item.
HOST_MARKS = ("timeout", "flaky", "repeat")


@dataclass(frozen=True)
class NeededPlugin:
    """A plugin that a run needs.

    :param name: as ``-p`` takes it.
    :param module: its module, under whose name ``-p`` may have registered it.
    :param purpose: the reason why a run needs it.
    """

    name: str
    module: str
    purpose: str


NEEDED_PLUGINS = (
    NeededPlugin("html", "pytest_html.plugin", "pytest-html writes report.html"),
    NeededPlugin("metadata", "pytest_metadata.plugin", "pytest-html takes its environment table from there"),
    NeededPlugin("xprocess", "xprocess.pytest_xprocess", "pytest-xprocess starts the server"),
    NeededPlugin("cacheprovider", "_pytest.cacheprovider", "pytest-xprocess keeps its files in pytest's cache"),
    NeededPlugin("junitxml", "_pytest.junitxml", "it writes junit.xml"),
    NeededPlugin("terminal", "_pytest.terminal", "the outcome is told there"),
    NeededPlugin("python", "_pytest.python", "each model is a test function's item"),
)


@dataclass(frozen=True)
class Option:
    """An option that is set aside.

    :param flag: as the command line spells it.
    :param name: where pytest keeps its value.
    :param without: the value with which the option does nothing.
    :param ini: True where an ini setting of the same name exists.
    """

    flag: str
    name: str
    without: Any = None
    ini: bool = False


# Set aside wherever they come from.
UNWANTED_OPTIONS = (
    # reports to another place
    Option("--html", "htmlpath"),
    Option("--junitxml", "xmlpath"),
    Option("--css", "css", []),
    Option("--csv", "csv_path"),
    # stop before all models are reported: all are judged by then
    Option("--maxfail", "maxfail", 0),
    Option("--stepwise", "stepwise", False),
    Option("--stepwise-skip", "stepwise_skip", False),
    Option("--stepwise-reset", "stepwise_reset", False),
    Option("--timeout", "timeout", 0, ini=True),
    Option("--session-timeout", "session_timeout"),
    # a model judged several times, or in a process that has no server
    Option("--count", "count", 1),
    Option("--flake-finder", "flake_finder_enable", False),
    Option("--reruns", "reruns", 0, ini=True),
    Option("--retries", "retries", 0, ini=True),
    Option("--force-flaky", "force_flaky", False),
    Option("--forked", "forked", False),
    # judge something else than the models
    Option("--cov-fail-under", "cov_fail_under"),
    Option("--max-warnings", "max_warnings"),
    # an item of this plugin carries none of the host's marks
    Option("-m", "markexpr", ""),
)
# Set aside where the user did not type them: a host's addopts select among its own tests.
SELECTING_OPTIONS = (
    Option("-k", "keyword", ""),
    Option("--lf", "lf", False),
    Option("--deselect", "deselect", None),
    Option("--splits", "splits"),
    Option("--num-shards", "num_shards", 1),
    Option("--test-group-count", "test-group-count"),
    Option("--picked", "picked", False),
    Option("--testmon", "testmon", False),
)
_SPELLINGS = {"--lf": ("--lf", "--last-failed")}


def check_plugins(manager: pytest.PytestPluginManager) -> None:
    """Raise :class:`F07Error` where a plugin that a run needs is missing.

    :raises F07Error: that names the plugin and how to load it.
    """
    missing = [plugin for plugin in NEEDED_PLUGINS if not any(map(manager.has_plugin, (plugin.name, plugin.module)))]
    if manager.is_blocked("terminalreporter"):
        missing.append(NeededPlugin("terminalreporter", "", "the outcome is told there"))
    if not missing:
        return
    first = missing[0]
    if manager.is_blocked(first.name) or manager.is_blocked(first.module):
        raise F07Error(f"-p no:{first.name} cannot be used with --f07-variant: {first.purpose}.")
    flags = " ".join(f"-p {plugin.name}" for plugin in missing)
    raise F07Error(
        f"the plugin {first.name} is not loaded, and a run needs it: {first.purpose}. Unset {AUTOLOAD}, or add {flags}."
    )


def set_options_aside(config: pytest.Config) -> list[str]:
    """Reset options that would select, stop, repeat or report otherwise than a run does.

    :returns: the options set aside, as the command line spells them.
    """
    typed = config.invocation_params.args
    unwanted = [*UNWANTED_OPTIONS, *(option for option in SELECTING_OPTIONS if not _is_typed(option, typed))]
    aside = [text for option in unwanted if (text := _set_aside(config, option))]
    option = config.option
    if getattr(option, "dist", "no") != "no" or getattr(option, "tx", None):
        aside.append(f"-n {getattr(option, 'numprocesses', None) or len(option.tx)}")
        option.dist, option.tx, option.numprocesses = "no", [], 0
    coverage = config.pluginmanager.get_plugin("_cov")
    if coverage is not None:
        # pytest-cov keeps options of its own; 0, for with None it asks coverage's own configuration.
        coverage.options.cov_fail_under = 0
    return aside


def _set_aside(config: pytest.Config, option: Option) -> str:
    """Set an option aside and return it as typed; an empty text where it was not given."""
    if not hasattr(config.option, option.name):
        return ""
    value = getattr(config.option, option.name)
    setattr(config.option, option.name, option.without)
    if not value and option.ini:
        value = _get_ini(config, option.name)
    if not value or value == option.without:
        return ""
    return option.flag if value is True else f"{option.flag}={value}"


def _get_ini(config: pytest.Config, name: str) -> Any:
    try:
        return config.getini(name)
    except (KeyError, ValueError):  # the plugin has the option, and no setting of its name
        return None


def _is_typed(option: Option, typed: tuple[str, ...]) -> bool:
    """Return whether the user typed the option: pytest keeps no record of where a value comes from."""
    flags = _SPELLINGS.get(option.flag, (option.flag,))
    return any(argument.split("=")[0] in flags or _is_short(argument, flags) for argument in typed)


def _is_short(argument: str, flags: tuple[str, ...]) -> bool:
    """Return whether ``argument`` is a short flag with its value attached, like ``-kname``."""
    return any(len(flag) == 2 and argument.startswith(flag) for flag in flags)


def cache_folder(config: pytest.Config) -> Path:
    """Return the folder of pytest's cache; pytest itself resolves it later than a run needs it."""
    return resolve_from_str(config.getini("cache_dir"), config.rootpath)
