"""Which manifest a command line selects; what a run then does with it is in tests/integration/test_session.py."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest

from conftest import LEAN
from pytest_f07.plugin.selection import select

MANIFEST = "executions/07_deployrun/v701/manifest.json"
ITEM = f"{MANIFEST}::test_runtime_validation"


@pytest.fixture
def host(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with v701 and v702, and tests of its own."""
    monkeypatch.setenv("PYTEST_ADDOPTS", LEAN)  # pytester takes it away
    for name in ("v701", "v702"):
        manifest = pytester.path / MANIFEST.replace("v701", name)
        manifest.parent.mkdir(parents=True)
        manifest.write_text("{}")
    (pytester.mkdir("tests") / "test_host.py").write_text("def test_host(): pass\n")
    return pytester


SELECTED = {
    "the option": (["--f07-variant=v701"], [MANIFEST], []),
    "the manifest": ([MANIFEST], [MANIFEST], []),
    "the manifest through a folder": ([f"tests/../{MANIFEST}"], [f"tests/../{MANIFEST}"], []),
    "one model": ([f"{ITEM}[a]"], [f"{ITEM}[a]"], []),
    "two models": ([f"{ITEM}[a]", f"{ITEM}[b]"], [f"{ITEM}[a]", f"{ITEM}[b]"], []),
    "the option and one model": (["--f07-variant=v701", f"{ITEM}[a]"], [f"{ITEM}[a]"], []),
    "beside tests of the host": (["--f07-variant=v701", "tests"], [MANIFEST], ["tests"]),
    "the manifest beside tests": ([MANIFEST, "tests"], [MANIFEST], ["tests"]),
    "reports to another place": (["--f07-variant=v701", "--html=my.html"], [MANIFEST], ["--html=my.html"]),
    "tests and options": (["--f07-variant=v701", "tests", "-x"], [MANIFEST], ["tests", "--maxfail=1"]),
}


@pytest.mark.parametrize(("arguments", "collected", "aside"), SELECTED.values(), ids=SELECTED)
def test_one_manifest_is_collected_and_what_else_was_asked_for_is_set_aside(
    host: pytest.Pytester, arguments: list[str], collected: list[str], aside: list[str]
) -> None:
    config = host.parseconfig(*arguments)
    selection = select(config)
    assert selection is not None
    assert (selection.project.root, selection.variant) == (host.path, "v701")
    assert config.args == collected
    assert selection.set_aside == aside
    assert not selection.collect_only


def test_an_absolute_path_selects_too(host: pytest.Pytester) -> None:
    selection = select(host.parseconfig(host.path / MANIFEST))
    assert selection is not None
    assert selection.variant == "v701"


def test_what_the_hosts_ini_file_names_is_set_aside(host: pytest.Pytester) -> None:
    host.makeini("[pytest]\ntestpaths = tests\naddopts = -k host\n")
    config = host.parseconfig("--f07-variant=v701")
    selection = select(config)
    assert selection is not None
    assert selection.set_aside == ["tests", "-k=host"]
    assert (config.args, config.option.keyword) == ([MANIFEST], "")


@pytest.mark.parametrize("look", ["--collect-only", "--setup-plan", "--setup-only"])
def test_a_session_that_only_collects_is_known(host: pytest.Pytester, look: str) -> None:
    selection = select(host.parseconfig("--f07-variant=v701", look))
    assert selection is not None
    assert selection.collect_only


def test_another_run_is_named_for_comparison(host: pytest.Pytester) -> None:
    selection = select(host.parseconfig("--f07-variant=v701", "--f07-compare=v702"))
    assert selection is not None
    assert selection.compare_with == "v702"


def test_a_name_that_is_typed_as_macos_stores_it_selects_the_item_that_has_it_composed(host: pytest.Pytester) -> None:
    name = "batería"
    typed = normalize("NFD", name)
    config = host.parseconfig(f"{ITEM}[{typed}]", f"--deselect={ITEM}[{typed}]", "-k", typed)
    assert select(config) is not None
    assert config.args == [f"{ITEM}[{name}]"]
    assert config.option.deselect == [f"{ITEM}[{name}]"]
    assert config.option.keyword == name


NOTHING = {
    "the host's tests": ["tests"],
    "no argument": [],
    "a manifest of somebody else": ["tests/manifest.json"],
    **{f"--f07-variant with {look}": ["--f07-variant=v701", look] for look in ("--help", "--markers", "--fixtures")},
    "no such variant, with --help": ["--f07-variant=nothing", "--help"],
}


@pytest.mark.parametrize("arguments", NOTHING.values(), ids=NOTHING)
def test_a_session_without_a_manifest_is_left_alone(host: pytest.Pytester, arguments: list[str]) -> None:
    (host.path / "tests" / "manifest.json").write_text("{}")
    config = host.parseconfig(*arguments)
    before = (list(config.args), vars(config.option).copy())
    assert select(config) is None
    assert (config.args, vars(config.option)) == before


def test_a_process_that_xdist_started_validates_nothing(host: pytest.Pytester) -> None:
    config = host.parseconfig("--f07-variant=v701")
    config.workerinput = {}  # type: ignore[attr-defined]  # as xdist does
    assert select(config) is None


NO_NAME = "--f07-variant is {!r}; it must be 'v' and at least three digits"
REFUSED = {
    **{repr(name): ([f"--f07-variant={name}"], NO_NAME.format(name)) for name in ("701", "../v701", "v701/", "", "v7")},
    "two manifests": (
        [MANIFEST, MANIFEST.replace("701", "702")],
        "v701, v702 are asked for in one session; validate one variant at a time.",
    ),
    "another manifest": (["--f07-variant=v702", f"{ITEM}[a]"], "v701, v702 are asked for in one session; "),
    "a comparison of nothing": (["--f07-compare=v702"], "--f07-compare needs --f07-variant: name the variant "),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_what_selects_no_variant_or_two_is_a_usage_error(
    host: pytest.Pytester, arguments: list[str], message: str
) -> None:
    with pytest.raises(pytest.UsageError) as refusal:
        select(host.parseconfig(*arguments))
    assert str(refusal.value).startswith(message)


def test_a_folder_that_is_no_project_is_refused_with_the_folder_that_is_meant(host: pytest.Pytester) -> None:
    folder = host.path / Path(MANIFEST).parent
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with pytest.raises(pytest.UsageError) as refusal:
            select(host.parseconfig("--f07-variant=v701"))
    expected = f"{folder} is no project: it has no folder executions/. Go to {host.path} and try again."
    assert str(refusal.value) == expected


def test_a_system_without_what_a_run_needs_is_refused(host: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    config = host.parseconfig("--f07-variant=v701")
    monkeypatch.setattr("pytest_f07.variant.interpreter.find_spec", lambda name: None)
    with pytest.raises(pytest.UsageError, match=r"^pytest-f07 needs a POSIX system, Linux or macOS, and this is "):
        select(config)
