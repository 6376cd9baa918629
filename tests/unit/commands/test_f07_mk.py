"""f07.mk among the lines of other people's Makefiles: their targets stay as they are, and no value is run.

Beside a stand-in for Python that writes its arguments down, a line each.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from conftest import REPOSITORY
from tests.unit.commands.make_runner import make, told

F07_MK = next((REPOSITORY / "pytest_f07").rglob("f07.mk"))
PIPELINE = REPOSITORY / "tests" / "pipeline"
HOSTILE = "it's $(shell touch ran) $(touch ran) `touch ran` $HOME #;"

# What a Makefile says before its targets.
PREAMBLES = {
    "nothing": "",
    "export": "export",
    "export all": ".EXPORT_ALL_VARIABLES:",
    "recipe prefix": ".RECIPEPREFIX = >",
    "one shell": ".ONESHELL:",
    "second expansion": ".SECONDEXPANSION:",
    "POSIX": ".POSIX:",
    "strict bash": "SHELL := /bin/bash\n.SHELLFLAGS := -eu -o pipefail -c",
    "warnings": "MAKEFLAGS += --warn-undefined-variables",
    "no built-in rules": "MAKEFLAGS += --no-builtin-rules --no-builtin-variables\n.SUFFIXES:",
    "many jobs": "MAKEFLAGS += -j8",
    "no overrides": "MAKEOVERRIDES =",
    "silent": ".SILENT:",
    "all at once": "export\n.ONESHELL:\n.SECONDEXPANSION:\n.RECIPEPREFIX = >\n"
    "MAKEFLAGS += -j8 --warn-undefined-variables\nSHELL := /bin/bash\n.SHELLFLAGS := -eu -o pipefail -c",
}
HOST = """
all: ; @env | sed -n 's/^f07.*/exported: &/p'
again: ; @$(MAKE) --no-print-directory variant7
F07_PYTHON := ./python
include f07.mk
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A folder with f07.mk, without a Makefile."""
    shutil.copy(F07_MK, tmp_path)
    make_python(tmp_path / "python")
    return tmp_path


def make_python(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('#!/bin/sh\n{ echo "$0"; printf "%s\\n" "$@"; } >told\nbasename "$3" >>order\n')
    path.chmod(0o755)


@pytest.mark.parametrize("preamble", PREAMBLES.values(), ids=PREAMBLES)
def test_a_host_is_left_as_it_is_and_no_value_is_run(host: Path, preamble: str) -> None:
    (host / "Makefile").write_text(preamble + HOST)
    done = make(host)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = make(host, "help7", f"VARIANT={HOSTILE}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Declare a variant")
    expected = ["./python", "-m", "pytest_f07", "variant7", "--variant", HOSTILE, "--parent", HOSTILE]
    calls: list[tuple[list[str], dict[str, str]]] = [
        ([f"VARIANT={HOSTILE}", f"PARENT={HOSTILE}"], {}),
        ([], {"VARIANT": HOSTILE, "PARENT": HOSTILE}),
        (["-e"], {"VARIANT": HOSTILE, "PARENT": HOSTILE}),
        (["-j4", f"PARENT={HOSTILE}"], {"VARIANT": HOSTILE}),
    ]
    for arguments, variables in calls:
        done = make(host, "variant7", *arguments, **variables)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert told(host) == expected
    done = make(host, "variant7", "VARIANT=v701", "PARENT=v601", f"HOST={HOSTILE}")
    assert told(host)[-1] == f"--host={HOSTILE}", done.stderr
    done = make(host, "script7-run", "VARIANT=v701", f"CHECKS={HOSTILE}")
    assert told(host)[-3:] == [f"--f07-checks={HOSTILE}", "-W", "default"], done.stderr
    assert not (host / "ran").exists()
    for target in ("script7-run", "nb7-run", "serve7", "remove7"):
        done = make(host, target)
        assert done.stderr.endswith(f"*** VARIANT is missing: make {target} VARIANT=v701.  Stop.\n")
    if "MAKEOVERRIDES" not in preamble:
        # names that this target of the host hands on are no mistake
        done = make(host, "again", "VARIANT=v701", "PARENT=v601", "COMPARE=v700")
        assert done.returncode == 0, done.stderr
        assert told(host)[-1] == "v601"


def test_goals_are_made_in_their_order_with_many_jobs_too(host: Path) -> None:
    (host / "Makefile").write_text(HOST)
    for goals in (["variant7", "nb7-run", "check7", "publish7"], ["remove7", "variant7", "nb7-run", "remove7"]):
        (host / "order").unlink(missing_ok=True)
        done = make(host, "-j8", *goals, "VARIANT=v701", "PARENT=v601", "PORT=0")
        assert (done.returncode, done.stderr) == (0, "")
        assert (host / "order").read_text().split() == list(dict.fromkeys(goals))


HOST_VALUES = {"VARIANT ?= v$(NUMBER)  # ours\nNUMBER = 701": "v701", "override VARIANT = v009": "v009"}


@pytest.mark.parametrize("lines", HOST_VALUES)
def test_what_the_host_sets_is_in_makes_language(host: Path, lines: str) -> None:
    (host / "Makefile").write_text(f"{lines}\n{HOST}")
    assert make(host, "serve7").returncode == 0
    assert told(host)[-2:] == ["--variant", HOST_VALUES[lines]]


# the host's lines, make's arguments, what the shell exports, and which interpreter runs
INTERPRETERS = {
    "the environment's": ("", [], {}, ".venv/bin/python3"),
    "the host's": ("PYTHON := ./mine", [], {}, "./mine"),
    "the host's, set after": ("PYTHON = $(OURS)\nOURS = ./mine", [], {}, "./mine"),
    "the command line's": ("PYTHON := ./mine", ["PYTHON=./other"], {}, "./other"),
    "not the shell's": ("", [], {"PYTHON": "./other"}, ".venv/bin/python3"),
    "the host's, empty": ("PYTHON :=", [], {}, ".venv/bin/python3"),
    "named, by the host": ("PYTHON := ./mine\nF07_PYTHON := ./other", [], {}, "./other"),
    "named, on the command line": ("PYTHON := ./mine", ["F07_PYTHON=./other"], {}, "./other"),
    "named, in the shell": ("PYTHON := ./mine", [], {"F07_PYTHON": "./other"}, "./other"),
}


@pytest.mark.parametrize("case", INTERPRETERS)
def test_the_interpreter_is_the_hosts_own(host: Path, case: str) -> None:
    lines, arguments, variables, expected = INTERPRETERS[case]
    for name in (".venv/bin/python3", "mine", "other"):
        make_python(host / name)
    (host / "Makefile").write_text(f"{lines}\ninclude f07.mk\n")
    done = make(host, "list7", *arguments, **variables)
    assert done.returncode == 0, done.stderr
    assert told(host)[0] == expected


def test_without_an_environment_it_is_the_python3_of_the_path(host: Path) -> None:
    (host / "Makefile").write_text("include f07.mk\n")
    for broken_environment in (False, True):
        if broken_environment:
            (host / ".venv" / "bin").mkdir(parents=True)
            (host / ".venv" / "bin" / "python3").symlink_to("/no/such/python3")
        assert make(host, "-n", "list7").stdout == "python3 -m pytest_f07 list7\n"


# -- the pipeline's own Makefile


REPLACED = {"help7", "variant7", "script7-run", "nb7-run", "publish7", "remove7"}


def make_pipelines(folder: Path) -> tuple[Path, Path]:
    """Copy the pipeline's checkout, as it is and with f07.mk in place of its block of phase 07."""
    before, after = folder / "before", folder / "after"
    for checkout in (before, after):
        shutil.copytree(PIPELINE, checkout)
    shutil.copy(F07_MK, after)
    return before, after


def test_the_pipelines_targets_are_as_before_but_for_phase_07(tmp_path: Path) -> None:
    before, after = make_pipelines(tmp_path)
    text = (before / "Makefile").read_text()
    with_block = f"{text}\ninclude f07.mk\n"
    without_block = re.sub(r"(?ms)^variant7:.*?(?=^# What all phases)", "", with_block)
    targets = re.findall(r"(?m)^([\w-]+):", text)
    assert set(targets) > REPLACED
    arguments = ["VARIANT=v701", "RAW=raw.csv", "PARENTS_F05=v501", "NAN_VALUES=[-1]", "HOST=h"]
    for makefile, warnings in ((with_block, 12), (without_block, 0)):
        (after / "Makefile").write_text(makefile)
        for target in targets:
            # the guest's own targets refuse names that they do not take
            given = arguments[:1] if target in REPLACED else arguments
            old, new = make(before, "-n", target, *given), make(after, "-n", target, *given)
            lines = new.stderr.splitlines()
            warned = [line for line in lines if re.search("warning: (overriding|ignoring old) recipe", line)]
            own = new.stdout, [line for line in lines if line not in warned], new.returncode
            differs = own != (old.stdout, old.stderr.splitlines(), old.returncode)
            assert differs == (target in REPLACED | {"help"}), target
        assert make(after, "help1").stderr.count("warning: ") == warnings


def test_nothing_in_a_variants_name_is_run_in_the_pipeline(tmp_path: Path) -> None:
    _, after = make_pipelines(tmp_path)
    with (after / "Makefile").open("a") as makefile:
        makefile.write("F07_PYTHON := ./python\ninclude f07.mk\n")
    make_python(after / "python")
    for target in REPLACED:
        for arguments, variables in ((["VARIANT=$(shell touch ran)"], {}), ([], {"VARIANT": "$(shell touch ran)"})):
            make(after, target, *arguments, **variables)
            assert not (after / "ran").exists(), target
