"""What people do wrong, each with the line that tells it: what, where, what is valid, and an advice that mends it.

One table for all commands; files that are wrong in themselves have tables of their own (test_create, test_params, …).
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.commands.cli import main
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.paths import Project
from tests.unit.small_package import edit, make_package, tree, write_dataset

Spoil = Callable[[Project], object]
PARAMS = "executions/07_deployrun/v701/params.yaml"
MANIFEST = "executions/07_deployrun/v701/manifest.json"
BASE = "executions/07_deployrun/base_params.yaml"
META = "package v601: 06_packaging_metadata.json"
FIRST = "package v601: models/a__m1"
SEAL = "package v601 no longer matches the seal of v701: "
NO_V799 = (
    "there is no variant v799: executions/07_deployrun/v799 is not there; there is v701. "
    "Make it: make variant7 VARIANT=v799 PARENT=v601"
)
NO_V602 = "package v602: executions/06_packaging/v602 is not there; there is v601."
NOT_RUN = (
    "executions/07_deployrun/v701/07_deployrun_metadata.json is not there: no run of v701 was completed. "
    "Run it: make script7-run VARIANT=v701"
)
RULE = "it must be 'v' and at least three digits, like v701."
NEW = "variant7 --variant=v702 --parent=v601"
SERVE, CHECK = "serve7 --variant=v701", "check7 --parent=v601"


def nothing(project: Project) -> None:
    """The mistake is in the call."""


def write(place: str, text: str) -> Spoil:
    return lambda project: (project.root / place).write_text(text)


def params(text: str) -> Spoil:
    return write(PARAMS, f"parent_variant_f06: v601\n{text}\n")


def drop(*places: str) -> Spoil:
    def spoil(project: Project) -> None:
        for path in map(project.root.joinpath, places):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    return spoil


def folder(place: str) -> Spoil:
    """A folder stands where a file should."""

    def spoil(project: Project) -> None:
        (project.root / place).unlink()
        (project.root / place).mkdir()

    return spoil


def file_for_executions(project: Project) -> None:
    shutil.rmtree(project.root / "executions")
    (project.root / "executions").touch()


def child(text: str) -> Spoil:
    def spoil(project: Project) -> None:
        path = project.root / "executions" / "08_monitoring" / "v801" / "params.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text)

    return spoil


def link(project: Project) -> None:
    path = project.package("v601").dataset("v401")
    path.rename(project.root / "elsewhere")
    path.symlink_to(project.root / "elsewhere")


def twice(name: str) -> Spoil:
    def add(document: dict[str, Any]) -> None:
        models = document["params"]["models"]
        models.append({**models[0], "source_f05": "v509", "prediction_name": name})

    return lambda project: edit(project.package("v601").metadata, add)


PACKAGE = "executions/06_packaging/v601"
MISTAKES: dict[str, tuple[Spoil, str, str]] = {
    # names of variants and packages
    "a variant that is there": (
        nothing,
        "variant7 --variant=v701 --parent=v601",
        "VARIANT=v701 is taken: executions/07_deployrun/v701 exists. Choose another name.",
    ),
    "a file in its place": (write("executions/07_deployrun/v702", ""), NEW, "VARIANT=v702 is taken: *"),
    "a package that is not there": (nothing, "variant7 --variant=v702 --parent=v602", NO_V602),
    "another phase's variant": (nothing, "variant7 --variant=v702 --parent=v501", NO_V602.replace("v602", "v501")),
    "VARIANT and PARENT exchanged": (nothing, "variant7 --variant=v601 --parent=v702", NO_V602.replace("v602", "v702")),
    "a package kept by DVC": (
        lambda project: (project.root / ".dvc").mkdir(),
        "check7 --parent=v602",
        NO_V602 + " dvc pull brings it, where DVC keeps it.",
    ),
    "no packages": (
        drop("executions/06_packaging"),
        CHECK,
        "package v601: executions/06_packaging/v601 is not there, nor is any other.",
    ),
    "no variants": (
        drop("executions/07_deployrun"),
        SERVE,
        "there is no variant v701: executions/07_deployrun/v701 is "
        "not there, nor is any other. Make it: make variant7 VARIANT=v701 PARENT=v601",
    ),
    "neither": (
        drop("executions/06_packaging", "executions/07_deployrun"),
        SERVE,
        "*not there, nor is any other. No package is below executions/06_packaging of which it could be made.",
    ),
    "check7 of none": (nothing, "check7 --variant=v799", NO_V799),
    "publish7 of none": (nothing, "publish7 --variant=v799", NO_V799),
    "serve7 of none": (nothing, "serve7 --variant=v799", NO_V799),
    "remove7 of none": (
        nothing,
        "remove7 --variant=v799",
        "there is no variant v799: neither folder nor entry in executions/07_deployrun/variants.yaml.",
    ),
    "a number": (nothing, "check7 --variant=701", f"VARIANT is '701'; {RULE}"),
    "a folder": (nothing, "remove7 --variant=executions/07_deployrun/v701", f"VARIANT is 'executions/*'; {RULE}"),
    "a dot": (nothing, "remove7 --variant=.", f"VARIANT is '.'; {RULE}"),
    "a capital": (nothing, "check7 --parent=V601", f"PARENT is 'V601'; {RULE}"),
    "publish7 before a run": (nothing, "publish7 --variant=v701", NOT_RUN),
    # the wrong folder
    "no project": (
        lambda project: (project.root / "executions").rename(project.root / "plant"),
        "list7",
        "* is no project: it has no folder executions/. Go to the folder that has one and try again.",
    ),
    "below the project": (
        lambda project: os.chdir(project.variants),
        SERVE,
        "*/executions/07_deployrun is no project: it has no folder executions/. Go to * and try again.",
    ),
    "executions is a file": (
        file_for_executions,
        NEW,
        "* is no project: it has no folder executions/. *",
    ),
    # where it listens
    "an address of another machine": (
        params("runtime: {host: 192.0.2.1, port: 0}"),
        SERVE,
        "port 0 of 192.0.2.1 cannot be used: Cannot assign requested address. Set runtime.host in params.yaml to an "
        "address of this machine; 127.0.0.1 always is one.",
    ),
    "no host": (
        params("runtime: {host: no.such.invalid, port: 0}"),
        SERVE,
        "runtime.host is 'no.such.invalid', which is no address here (*); 127.0.0.1 always is.",
    ),
    "a host with a port": (params("runtime: {host: '127.0.0.1:80', port: 0}"), SERVE, "runtime.host is '127.0.0.1:*"),
    "a URL": (params("runtime: {host: 'http://127.0.0.1', port: 0}"), SERVE, "runtime.host is 'http://127.0.0.1', *"),
    "a port too large": (
        nothing,
        f"{NEW} --port=65536",
        "params.yaml: runtime.port is 65536; it must be a whole number from 0 to 65535.",
    ),
    # parameters
    "no batch": (nothing, f"{NEW} --batch-size=0", "params.yaml: batch_size is 0; it must be a whole number *"),
    "a batch in words": (nothing, f"{NEW} --batch-size=all", "params.yaml: batch_size is 'all'; it must be *"),
    "a misspelt base parameter": (
        write(BASE, "batchsize: 1"),
        NEW,
        f"{BASE}: unknown key 'batchsize'; valid keys are parent_variant_f06, *.",
    ),
    "a wrong base parameter": (
        write(BASE, "runtime: {port: x}"),
        f"{NEW} --batch-size=1",
        f"{BASE}: runtime.port is 'x'; it must be a whole number from 0 to 65535.",
    ),
    "params.yaml deleted": (
        drop(PARAMS),
        SERVE,
        f"{PARAMS}: no such file. Restore it (git checkout); it names at least parent_variant_f06.",
    ),
    "params.yaml empty": (write(PARAMS, ""), SERVE, f"{PARAMS}: holds nothing; it must hold names and values."),
    "params.yaml a list": (write(PARAMS, "- a"), SERVE, f"{PARAMS}: holds a list; it must hold names and values."),
    "params.yaml a folder": (folder(PARAMS), SERVE, f"{PARAMS}: is no regular file."),
    "params.yaml cut": (
        write(PARAMS, "a: [1"),
        SERVE,
        f"{PARAMS}: is not YAML: while parsing a flow sequence expected ',' or ']', but got '<stream end>', line 1, "
        "column 6.",
    ),
    "a share in percent": (
        params("require: {recall: 80}"),
        SERVE,
        f"{PARAMS}: require.recall is 80; it must be a number from 0 to 1.",
    ),
    "a metric that is none": (
        params("require: {accuracy: 0.8}"),
        SERVE,
        f"{PARAMS}: unknown key 'require.accuracy'; "
        "valid keys are require.precision, require.recall, require.f1, require.mcc, require.flips.",
    ),
    "equivalence on": (params("equivalence: on"), SERVE, f"{PARAMS}: equivalence is True; it must be full, *"),
    # the manifest and the seal
    "the manifest cut": (write(MANIFEST, "{"), SERVE, f"{MANIFEST}: is not JSON: *."),
    "the package gone": (
        drop(PACKAGE),
        SERVE,
        f"{MANIFEST}: its package v601: executions/06_packaging/v601 is not there, nor is any other.",
    ),
    "a file changed": (
        write(f"{PACKAGE}/models/a__m1/model_summary.json", "{}"),
        SERVE,
        f"{SEAL}models/a__m1/model_summary.json has changed (sha256 *). Make a new variant for the changed package, or "
        "restore the file (git checkout, dvc checkout).",
    ),
    "a file added": (
        write(f"{PACKAGE}/notes.txt", ""),
        SERVE,
        f"{SEAL}notes.txt was added. Make a new variant for the changed package, or remove the file.",
    ),
    "a file removed": (
        drop(f"{PACKAGE}/models/a__m1/model.h5"),
        SERVE,
        f"{SEAL}models/a__m1/model.h5 is missing. Make a new variant for the changed package, or restore *",
    ),
    "a link": (link, SERVE, "package v601: datasets/v401__dataset.parquet is a symbolic link; a package holds its *"),
    # the package
    "no list of models": (drop(f"{PACKAGE}/06_packaging_metadata.json"), CHECK, f"{META}: no such file."),
    "one model twice": (twice("a"), CHECK, f"{META}: lists v501 as 'a' and v509 as 'a'; in F06 the second *"),
    "one model twice but for case": (twice("A"), CHECK, f"{META}: lists v501 as 'a' and v509 as 'A'; *"),
    "no folder of a model": (
        drop(f"{PACKAGE}/models/a__m1"),
        CHECK,
        f"{FIRST}: there is no such folder, and 'a' is listed.",
    ),
    "no model file": (drop(f"{PACKAGE}/models/a__m1/model.h5"), CHECK, f"{FIRST}/model.h5: no such file."),
    "a folder for a model file": (
        folder(f"{PACKAGE}/models/a__m1/model.h5"),
        CHECK,
        f"{FIRST}/model.h5: is no regular file.",
    ),
    "a model file of text": (
        write(f"{PACKAGE}/models/a__m1/model.h5", "version https://git-lfs"),
        CHECK,
        f"{FIRST}/model.h5: is not a readable HDF5 file (*).",
    ),
    "no dataset": (
        drop(f"{PACKAGE}/datasets/v401__dataset.parquet"),
        CHECK,
        "package v601: datasets/v401__dataset.parquet: no such file.",
    ),
    "a dataset of text": (
        write(f"{PACKAGE}/datasets/v401__dataset.parquet", "a,b"),
        CHECK,
        "package v601: datasets/v401__dataset.parquet: is not a readable parquet file (*).",
    ),
    "a label that is none": (
        lambda project: write_dataset(project.package("v601").dataset("v401"), [[1]], [2]),
        CHECK,
        "package v601: datasets/v401__dataset.parquet: row 0: label is 2; it must be 0, 1, null or NaN *",
    ),
    # the registry and later phases
    "a conflict in the registry": (
        write("executions/07_deployrun/variants.yaml", "<<<<<<< HEAD\n"),
        "list7",
        "executions/07_deployrun/variants.yaml: holds a text; it must hold names and values.",
    ),
    "a registry that is a list": (
        write("executions/07_deployrun/variants.yaml", "variants: [v701]"),
        NEW,
        "executions/07_deployrun/variants.yaml: variants is ['v701']; it must hold one entry for each variant.",
    ),
    "a variant with a child": (
        child("parent_variant_f07: v701\n"),
        "remove7 --variant=v701",
        "v701 is not removed: made of it is 08_monitoring/v801.",
    ),
    "a child that cannot be read": (
        child("a: [\n"),
        "remove7 --variant=v701",
        "executions/08_monitoring/v801/params.yaml: is not YAML: *, line 2, column 1.",
    ),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a package and v701 of it, in which we are."""
    root = tmp_path / "plant"
    root.mkdir()
    make_package(root)
    create_variant(Project(root), "v701", "v601", {"port": 0}, LIMITS)
    monkeypatch.chdir(root)
    return Project(root)


def told(capsys: pytest.CaptureFixture[str], call: str) -> str:
    """The one line that a mistake gets."""
    assert main(call.split()) == 2
    output = capsys.readouterr()
    assert output.out == ""
    [line] = output.err.splitlines()
    return line


@pytest.mark.parametrize(("spoil", "call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_and_changes_nothing(
    project: Project, capsys: pytest.CaptureFixture[str], spoil: Spoil, call: str, message: str
) -> None:
    spoil(project)
    before = tree(project.root)
    line = told(capsys, call)
    assert fnmatchcase(line, f"ERROR: {message}".replace("[", "[[]")), line
    assert tree(project.root) == before


def test_a_taken_port_is_told(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        params(f"runtime: {{port: {port}}}")(project)
        assert told(capsys, SERVE) == (
            f"ERROR: port {port} of 127.0.0.1 cannot be used: Address already in use. "
            "End the program that has it, or set runtime.port in params.yaml (0 takes any free port)."
        )


def test_nobody_is_sent_to_a_folder_that_is_no_project(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    os.chdir(project.variants)
    assert f"Go to {project.root} and try again." in told(capsys, "list7")
