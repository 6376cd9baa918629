"""variant7 as its command: what it declares, and what it refuses with one line and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pytest_f07.commands.cli import main
from pytest_f07.errors import F07Error
from pytest_f07.variant import manifest
from pytest_f07.variant.address import Address
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import PackagePaths, Project
from tests.unit.small_package import (
    BAG,
    ENTRIES,
    SEQUENCE,
    edit,
    layer,
    make_package,
    network,
    tree,
    write_dataset,
    write_h5,
)

BASE = "runtime:\n  host: 127.0.0.1\n  port: 5005\nbatch_size: 128\n"
REGISTRY = (
    "variants:\n  v701: {created_at: '2026-01-01', note: kept, params_path: /other/machine/params.yaml}\nmore: 1\n"
)
ARGUMENTS = ("--variant=v702", "--parent=v601")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackagePaths:
    """The package in a project with base_params.yaml and a registry, and that project is where we are."""
    found = make_package(tmp_path)
    project = Project(tmp_path)
    project.variants.mkdir()
    project.base_params.write_text(BASE)
    project.registry.write_text(REGISTRY)
    monkeypatch.chdir(tmp_path)
    return found


def variant7(*arguments: str) -> int:
    return main(["variant7", *arguments])


# -- what it declares


def test_a_variant_is_params_manifest_and_registry_entry(
    package: PackagePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(tmp_path)
    assert variant7(*ARGUMENTS) == 0
    assert capsys.readouterr().out == (
        "executions/07_deployrun/v702: params.yaml and manifest.json written. Run it: make script7-run VARIANT=v702\n"
    )
    folder = tmp_path / "executions" / "07_deployrun" / "v702"
    added = {"executions/07_deployrun/v702"} | {
        f"executions/07_deployrun/v702/{name}" for name in ("params.yaml", "manifest.json")
    }
    after = tree(tmp_path)
    assert set(after) - set(before) == added
    assert {name for name in before if before[name] != after[name]} == {"executions/07_deployrun/variants.yaml"}
    assert yaml.safe_load((folder / "params.yaml").read_text()) == {
        "parent_variant_f06": "v601",
        "runtime": {"host": "127.0.0.1", "port": 5005},
        "batch_size": 128,
    }
    registry = yaml.safe_load(Project(tmp_path).registry.read_text())
    assert registry["more"] == 1
    assert registry["variants"]["v701"] == yaml.safe_load(REGISTRY)["variants"]["v701"]
    entry = registry["variants"]["v702"]
    assert entry.pop("created_at").endswith("+00:00")
    assert entry == {
        "params_path": "executions/07_deployrun/v702/params.yaml",
        "parent_phase": "06_packaging",
        "parent_variant": "v601",
    }
    text = (folder / "manifest.json").read_text()
    assert str(tmp_path) not in text
    assert "/elsewhere" not in text
    document = json.loads(text)
    assert [model["prediction_name"] for model in document["models"]] == ["a", "a__b"]
    # In the order of first use by a model, then those that no model owns.
    assert [one["source_f04"] for one in document["datasets"]] == ["v402", "v401", "v400"]
    assert set(document["files"]) == {
        path.relative_to(package.folder).as_posix() for path in package.folder.rglob("*") if path.is_file()
    }
    manifest.load(Project(tmp_path), "v702").check_seal()


def test_overrides_replace_single_keys(package: PackagePaths, tmp_path: Path) -> None:
    assert variant7(*ARGUMENTS, "--port=0", "--batch-size=7") == 0
    params = Params.read(tmp_path / "executions/07_deployrun/v702/params.yaml", "params")
    assert params == Params("v601", "127.0.0.1", 0, 7)


def test_a_server_that_is_already_there_is_written_down(package: PackagePaths, tmp_path: Path) -> None:
    assert variant7(*ARGUMENTS, "--url=http://127.0.0.1:8501/", "--protocol=mlflow") == 0
    params = Params.read(tmp_path / "executions/07_deployrun/v702/params.yaml", "params")
    assert params.address == Address("http://127.0.0.1:8501", "mlflow")


@pytest.mark.parametrize("other", ["--host=h", "--port=0"])
def test_it_has_an_address_of_its_own(
    package: PackagePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    before = tree(tmp_path)
    assert variant7(*ARGUMENTS, "--url=http://127.0.0.1:8501", other) == 2
    assert capsys.readouterr().err == (
        "ERROR: URL names a server that is already there, HOST and PORT where a run starts its own; give one.\n"
    )
    assert tree(tmp_path) == before


def test_the_first_variant_needs_no_folder_registry_or_base_params(package: PackagePaths, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "executions" / "07_deployrun")
    assert variant7(*ARGUMENTS) == 0
    assert list(yaml.safe_load(Project(tmp_path).registry.read_text())["variants"]) == ["v702"]
    assert Params.read(tmp_path / "executions/07_deployrun/v702/params.yaml", "params") == Params("v601")


def test_older_packages_list_their_models_at_the_top(package: PackagePaths) -> None:
    edit(package.metadata, lambda metadata: metadata.update(models=metadata.pop("params")["models"]))
    assert variant7(*ARGUMENTS) == 0


def test_a_shared_folder_gives_its_own_rights(package: PackagePaths, tmp_path: Path) -> None:
    """A group works in it: what umask leaves, and the group that setgid hands on."""
    variants = tmp_path / "executions" / "07_deployrun"
    variants.chmod(0o2775)
    mask = os.umask(0o002)
    try:
        assert variant7(*ARGUMENTS) == 0
    finally:
        os.umask(mask)
    rights = {
        path.name: oct(path.stat().st_mode & 0o7777) for path in [variants / "v702", *(variants / "v702").iterdir()]
    }
    assert rights == {"v702": "0o2775", "params.yaml": "0o664", "manifest.json": "0o664"}
    assert oct(Project(tmp_path).registry.stat().st_mode & 0o7777) == "0o664"


def test_a_model_folder_that_nobody_lists_is_named(package: PackagePaths, capsys: pytest.CaptureFixture[str]) -> None:
    (package.models / "old__m0").mkdir()
    assert variant7(*ARGUMENTS) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "warning: package v601: models/old__m0 is on no list of models: it is not validated"


# -- a clone: git ignored the manifest

MINE = "parent_variant_f06: v601\nbatch_size: 9  # mine\n"
LISTED = "variants: {v702: {params_path: /elsewhere/v702/params.yaml}}\n"


def declare(package: PackagePaths, params: str = MINE, registry: str = REGISTRY) -> Path:
    folder = package.folder.parents[1] / "07_deployrun" / "v702"
    folder.mkdir()
    (folder / "params.yaml").write_text(params)
    (folder.parent / "variants.yaml").write_text(registry)
    return folder


@pytest.mark.parametrize("registry", [REGISTRY, LISTED])
def test_a_declared_variant_is_completed_and_keeps_its_parameters(
    package: PackagePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str], registry: str
) -> None:
    folder = declare(package, registry=registry)
    with pytest.raises(F07Error) as caught:
        manifest.load(Project(tmp_path), "v702")
    assert str(caught.value).endswith("Make the variant first: make variant7 VARIANT=v702 PARENT=v601")
    assert variant7(*ARGUMENTS, "--batch-size=9") == 0
    assert capsys.readouterr().out == (
        "executions/07_deployrun/v702: manifest.json written, params.yaml kept as it is. "
        "Run it: make script7-run VARIANT=v702\n"
    )
    assert (folder / "params.yaml").read_text() == MINE
    manifest.load(Project(tmp_path), "v702").check_seal()
    entries = yaml.safe_load(Project(tmp_path).registry.read_text())["variants"]
    assert "v702" in entries
    assert {key: entries[key] for key in yaml.safe_load(registry)["variants"]} == yaml.safe_load(registry)["variants"]


INCOMPLETE: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "another package": (
        MINE.replace("v601", "v600"),
        REGISTRY,
        (),
        "executions/07_deployrun/v702/params.yaml: parent_variant_f06 is v600, and PARENT=v601 was given. "
        "Give PARENT=v600, or choose another name than v702.",
    ),
    "another batch": (
        MINE,
        REGISTRY,
        ("--batch-size=7",),
        "executions/07_deployrun/v702/params.yaml: batch_size is 9, and BATCH_SIZE=7 was given; a declared variant "
        "keeps its parameters. Leave BATCH_SIZE out, or change params.yaml.",
    ),
    "another host": (MINE, REGISTRY, ("--host=0.0.0.0",), "*host is '127.0.0.1', and HOST=0.0.0.0 was given; *"),
    "another port": (MINE, REGISTRY, ("--port=0",), "*port is 5005, and PORT=0 was given; *"),
    "another server": (MINE, REGISTRY, ("--url=http://h",), "*url is None, and URL=http://h was given; *"),
    "wrong params": ("parent: v601", REGISTRY, (), "executions/07_deployrun/v702/params.yaml: unknown key 'parent'*"),
    "registry spoilt": (MINE, "- v701", (), "executions/07_deployrun/variants.yaml: holds a list; *"),
}


@pytest.mark.parametrize(("params", "registry", "arguments", "message"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_declared_variant_that_says_another_thing_is_left_as_it_is(
    package: PackagePaths,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    params: str,
    registry: str,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    declare(package, params, registry)
    refuses(tmp_path, capsys, message, *ARGUMENTS, *arguments)


# -- what it refuses: how the package is spoilt, and the line that says so

Spoil = Callable[[PackagePaths], object]
WHERE = "package v601: "
META = WHERE + "06_packaging_metadata.json"
FIRST = WHERE + "models/a__m1"
SUMMARY, H5 = FIRST + "/model_summary.json", FIRST + "/model.h5"
SECOND_SUMMARY, SECOND_H5 = (WHERE + f"models/a__b__m2/{name}" for name in ("model_summary.json", "model.h5"))
LEADS_OUT = " leads out of the package; a package holds its files itself."
OWN = WHERE + "datasets/v402__dataset.parquet"
NAME_RULE = "it must be 1 to 100 letters, digits, '_', '-' or '.', not '.' first."
SIZE_RULE = "it must be a whole number from 1 to 10,000,000."
LABEL_RULE = "it must be 0, 1, null or NaN (the last two: not labelled)."


def in_metadata(**models: object) -> Spoil:
    """Change the first entry of the package's list."""
    return lambda package: edit(package.metadata, lambda found: found["params"]["models"][0].update(models))


def listing(models: object) -> Spoil:
    return lambda package: edit(package.metadata, lambda found: found["params"].update(models=models))


def in_summary(**values: object) -> Spoil:
    return lambda package: edit(package.models / "a__m1" / "model_summary.json", lambda found: found.update(values))


def vectorized(by: dict[str, object], **values: object) -> Spoil:
    """Change how the model of that kind makes its input; a None takes the key away."""
    folder = "a__m1" if by is BAG else "a__b__m2"
    wanted = {key: value for key, value in {**by, **values}.items() if value is not None}

    def spoil(package: PackagePaths) -> None:
        edit(package.models / folder / "model_summary.json", lambda found: found.update(vectorization=wanted))

    return spoil


def pulled_not(name: str) -> Spoil:
    """Leave what DVC leaves of a file or folder in a clone before dvc pull."""

    def spoil(package: PackagePaths) -> None:
        path = package.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.with_name(f"{path.name}.dvc").write_text("outs: []")

    return spoil


def model(config: object, version: str | None = "2.15.0", folder: str = "a__m1") -> Spoil:
    return lambda package: write_h5(package.models / folder / "model.h5", config, version)


def data(windows: object, labels: object, x: pa.DataType | None = None, y: pa.DataType | None = None) -> Spoil:
    return lambda package: write_dataset(package.dataset("v402"), windows, labels, x, y)


def table(**columns: object) -> Spoil:
    return lambda package: pq.write_table(pa.table(columns), package.dataset("v402"))


def write(name: str, content: str | bytes) -> Spoil:
    def spoil(package: PackagePaths) -> None:
        (package.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return spoil


def cut(name: str, keep: float) -> Spoil:
    """Keep the first part of a file, as an interrupted copy does."""

    def spoil(package: PackagePaths) -> None:
        content = (package.folder / name).read_bytes()
        (package.folder / name).write_bytes(content[: int(len(content) * keep)])

    return spoil


def gone(name: str) -> Spoil:
    def spoil(package: PackagePaths) -> None:
        path = package.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return spoil


def linked(name: str) -> Spoil:
    """Move a file or folder out of the package and leave a symbolic link, as a data store does."""

    def spoil(package: PackagePaths) -> None:
        path, outside = package.folder / name, package.folder.parent / "outside"
        path.rename(outside)
        path.symlink_to(outside)

    return spoil


def piped(name: str) -> Spoil:
    def spoil(package: PackagePaths) -> None:
        (package.folder / name).unlink(missing_ok=True)
        os.mkfifo(package.folder / name)

    return spoil


def in_project(name: str, content: str | bytes) -> Spoil:
    return write(f"../../07_deployrun/{name}", content)


def both(*spoils: Spoil) -> Spoil:
    return lambda package: [spoil(package) for spoil in spoils]


def on_top(package: PackagePaths) -> None:
    """Two entries, one folder: a__b__c is a + b__c, and a__b + c."""
    entries = [
        {"source_f05": "v501", "model_id": "b__c", "prediction_name": "a"},
        {"source_f05": "v501", "model_id": "c", "prediction_name": "a__b"},
    ]
    (package.models / "a__m1").rename(package.models / "a__b__c")
    listing(entries)(package)


BAD_NAMES = {
    "slash": "a/b",
    "up": "../a",
    "dots": "..",
    "hidden": ".a",
    "script": "<script>alert(1)</script>",
    "quotes": "a\"'b",
    "line break": "a\n",
    "long": "a" * 300,
    "nul": "a\0",
    "empty": "",
    "accent alone": "x\u0301",
    "number": 5,
    "none": None,
}

REFUSED: dict[str, tuple[Spoil, str]] = {
    # the package and its list of models
    "no package": (gone("."), WHERE + "executions/06_packaging/v601 is not there, nor is any other."),
    "no metadata": (gone("06_packaging_metadata.json"), META + ": no such file."),
    "metadata is a folder": (
        both(gone("06_packaging_metadata.json"), lambda package: package.metadata.mkdir()),
        META + ": is no regular file.",
    ),
    "metadata cut": (cut("06_packaging_metadata.json", 0.5), META + ": is not JSON: *."),
    "metadata no text": (
        write("06_packaging_metadata.json", b"\xff\xfe"),
        META + ": is not JSON: *decode*.",
    ),
    "metadata a list": (
        write("06_packaging_metadata.json", "[]"),
        META + ": holds a list; it must hold names and values.",
    ),
    "metadata null": (write("06_packaging_metadata.json", "null"), META + ": holds nothing; it must hold *."),
    "metadata a text": (write("06_packaging_metadata.json", '"a"'), META + ": holds a text; it must hold *."),
    "metadata a number": (write("06_packaging_metadata.json", "7"), META + ": holds a int; it must hold *."),
    "metadata nested": (
        write("06_packaging_metadata.json", '{"params": ' + "[" * 200_000),
        META + ": is nested too deeply to be read as JSON.",
    ),
    "metadata says it twice": (
        write("06_packaging_metadata.json", '{"models": [1], "models": []}'),
        META + ": is not JSON: 'models' stands twice in one place.",
    ),
    "metadata huge number": (write("06_packaging_metadata.json", "9" * 5000), META + ": is not JSON: *."),
    "no list": (listing(None), META + ": lists no models; params.models must name at least one."),
    "empty list": (listing([]), META + ": lists no models; *."),
    "list a mapping": (listing({"a": 1}), META + ": lists no models; *."),
    "entry a text": (
        listing(["a"]),
        META + ": models[[]0]: is 'a'; it must hold source_f05, model_id and prediction_name.",
    ),
    "source missing": (
        in_metadata(source_f05=None),
        META + ": models[[]0]: source_f05 is None; it must name an F05 variant, like v501.",
    ),
    "source up": (in_metadata(source_f05="../v501"), META + ": models[[]0]: source_f05 is '../v501'; *."),
    **{
        f"name {what}": (
            in_metadata(prediction_name=name),
            META + f": models[[]0]: prediction_name is {name!r}; {NAME_RULE}",
        )
        for what, name in BAD_NAMES.items()
    },
    **{
        f"model_id {what}": (in_metadata(model_id=name), META + f": models[[]0]: model_id is {name!r}; {NAME_RULE}")
        for what, name in BAD_NAMES.items()
    },
    "two variants of one name": (
        listing([*ENTRIES, {**ENTRIES[0], "source_f05": "v509"}]),
        META + ": lists v501 as 'a' and v509 as 'a'; in F06 the second overwrites the first, at least "
        "where letter case does not count. Package one model under each prediction_name.",
    ),
    "two variants, one name but for letter case": (
        listing([*ENTRIES, {**ENTRIES[0], "prediction_name": "A", "source_f05": "v509"}]),
        META + ": lists v501 as 'a' and v509 as 'A'; in F06 the second overwrites the first, *",
    ),
    "a folder's name too long": (
        in_metadata(prediction_name="é" * 100, model_id="m" * 54),
        META + ": models[[]0]: prediction_name and model_id make the folder 'é*', 256 bytes in UTF-8; *",
    ),
    "one folder, two names": (
        on_top,
        WHERE + "models/a__b__c/model_summary.json: prediction_name is 'a'; the package lists this model as 'a__b'.",
    ),
    "no model folder": (gone("models/a__m1"), FIRST + ": there is no such folder, and 'a' is listed."),
    "no models folder": (gone("models"), FIRST + ": there is no such folder, and 'a' is listed."),
    # the summary
    "no summary": (gone("models/a__m1/model_summary.json"), SUMMARY + ": no such file."),
    "summary empty": (write("models/a__m1/model_summary.json", ""), SUMMARY + ": is not JSON: *."),
    "summary another's": (
        in_summary(prediction_name="z"),
        SUMMARY + ": prediction_name is 'z'; the package lists this model as 'a'.",
    ),
    "summary nobody's": (
        in_summary(prediction_name=None),
        SUMMARY + ": prediction_name is None; the package lists *.",
    ),
    "summary of another variant": (
        in_summary(variant="v509"),
        SUMMARY + ": variant is 'v509'; the package lists this model as 'v501'.",
    ),
    "no parent": (
        in_summary(parent_variant=None),
        SUMMARY + ": parent_variant is None; it must name an F04 variant, like v401.",
    ),
    "parent up": (
        in_summary(parent_variant="../../v401"),
        SUMMARY + ": parent_variant is '../../v401'; *.",
    ),
    **{
        f"threshold {value!r}": (
            in_summary(threshold=value),
            FIRST
            + f"/model_summary.json: threshold is {value!r}; it must be a number from 0 to 1.".replace("[", "[[]"),
        )
        for value in (-0.1, 1.01, float("nan"), float("inf"), True, "0.5", [0.5])
    },
    "no vectorization": (
        in_summary(vectorization=None),
        SUMMARY + ": vectorization is None; it must hold vectorization, vocab and sizes.",
    ),
    "vectorization unknown": (
        vectorized(BAG, vectorization="tfidf"),
        SUMMARY + ": vectorization is 'tfidf'; known are 'dense_bow' and 'sequence'.",
    ),
    "vectorization a list": (vectorized(BAG, vectorization=["dense_bow"]), "*: vectorization is *; known are *."),
    "no vocab": (
        vectorized(BAG, vocab=None),
        SUMMARY + ": vocab must be a list of codes with at least one in it.",
    ),
    "vocab empty": (vectorized(BAG, vocab=[]), "*: vocab must be a list of codes with at least one in it."),
    "vocab a text": (vectorized(BAG, vocab="123"), "*: vocab must be a list of codes with at least one in it."),
    **{
        f"vocab holds {code!r}": (
            vectorized(BAG, vocab=[1, 2, code]),
            SUMMARY + f": vocab holds {code!r}; codes are 64-bit integers.".replace("[", "[[]"),
        )
        for code in ("3", 3.0, True, None, 2**63, -(2**63) - 1, [3])
    },
    "vocab twice": (
        vectorized(BAG, vocab=[7, 9, 7]),
        SUMMARY + ": vocab holds 7 more than once; each code has one place.",
    ),
    "input_dim differs": (
        vectorized(BAG, input_dim=4),
        SUMMARY + ": input_dim is 4, and vocab holds 3 codes; they must agree.",
    ),
    "no input_dim": (vectorized(BAG, input_dim=None), SUMMARY + f": input_dim is None; {SIZE_RULE}"),
    "input_dim true": (vectorized(BAG, input_dim=True), SUMMARY + f": input_dim is True; {SIZE_RULE}"),
    "input_dim none": (vectorized(BAG, input_dim=0), SUMMARY + f": input_dim is 0; {SIZE_RULE}"),
    "vocab_size differs": (
        vectorized(SEQUENCE, vocab_size=5),
        SECOND_SUMMARY + ": vocab_size is 5, and vocab holds 4 codes; they must agree.",
    ),
    "no max_len": (vectorized(SEQUENCE, max_len=None), SECOND_SUMMARY + f": max_len is None; {SIZE_RULE}"),
    "max_len huge": (
        vectorized(SEQUENCE, max_len=10**12),
        SECOND_SUMMARY + f": max_len is 1000000000000; {SIZE_RULE}",
    ),
    # the model file
    "no model file": (gone("models/a__m1/model.h5"), H5 + ": no such file."),
    "model file a folder": (
        both(gone("models/a__m1/model.h5"), lambda package: (package.models / "a__m1" / "model.h5").mkdir()),
        H5 + ": is no regular file.",
    ),
    "model file cut": (cut("models/a__m1/model.h5", 0.6), H5 + ": is not a readable HDF5 file (*)."),
    "model file empty": (write("models/a__m1/model.h5", ""), H5 + ": is not a readable HDF5 file (*)."),
    "model file a pickle": (
        write("models/a__m1/model.h5", b"\x80\x04."),
        H5 + ": is not a readable HDF5 file (*).",
    ),
    "width of a bag": (
        model(network(71)),
        H5 + ": its input has 71 columns, and the model's input_dim is 3.",
    ),
    "width of a sequence": (
        model(network(7, layer("Embedding", input_dim=5)), folder="a__b__m2"),
        SECOND_H5 + ": its input has 7 columns, and the model's max_len is 6.",
    ),
    "embedding small": (
        model(network(6, layer("Embedding", input_dim=4)), folder="a__b__m2"),
        SECOND_H5 + ": its embedding has 4 rows; a vocabulary of 4 codes and the padding need 5.",
    ),
    "code in a model": (
        model(network(3, layer("Lambda", function="code"))),
        H5 + ": its configuration names the class 'Lambda', which is not on the list of layers that are loaded: "
        "a package's models are built of Keras's own layers and functions, and carry no code.",
    ),
    # the datasets
    "no dataset": (gone("datasets/v402__dataset.parquet"), OWN + ": no such file."),
    "no datasets": (gone("datasets"), OWN + ": no such file."),
    "dataset a folder": (
        both(gone("datasets/v402__dataset.parquet"), lambda package: package.dataset("v402").mkdir()),
        OWN + ": is no regular file.",
    ),
    "dataset cut": (cut("datasets/v402__dataset.parquet", 0.7), OWN + ": is not a readable parquet file (*)."),
    "dataset no parquet": (
        write("datasets/v402__dataset.parquet", "OW_events,label\n"),
        OWN + ": is not a readable parquet file (*).",
    ),
    "nobody's dataset cut": (
        cut("datasets/v400__dataset.parquet", 0.7),
        WHERE + "datasets/v400__dataset.parquet: is not a readable *.",
    ),
    "no label": (table(OW_events=pa.array([[1]])), OWN + ": must have one column label; its columns are OW_events."),
    "no windows": (
        table(events=pa.array([[1]]), label=[1]),
        OWN + ": must have one column OW_events; its columns are events, label.",
    ),
    "columns of two lines": (
        table(**{"a\nb\x1b[31m": [1]}),
        OWN + r": must have one column OW_events; its columns are a\nb\x1b[[]31m.",
    ),
    "two labels": (
        lambda package: pq.write_table(
            pa.Table.from_arrays([pa.array([[1]]), pa.array([1]), pa.array([0])], ["OW_events", "label", "label"]),
            package.dataset("v402"),
        ),
        OWN + ": must have one column label; its columns are OW_events, label, label.",
    ),
    "windows a text": (
        data(["1,2"], [1], pa.string()),
        OWN + ": OW_events is string; it must be a list or large_list of integers.",
    ),
    "codes are floats": (
        data([[1.0]], [1], pa.list_(pa.float64())),
        OWN + ": OW_events is list<*: double>; it must be a list or large_list of integers.",
    ),
    "codes are texts": (data([["1"]], [1], pa.list_(pa.string())), OWN + ": OW_events is list<*: string>; it must *."),
    "codes are booleans": (data([[True]], [1], pa.list_(pa.bool_())), OWN + ": OW_events is list<*: bool>; it must *."),
    "lists of lists": (data([[[1]]], [1], pa.list_(pa.list_(pa.int64()))), OWN + ": OW_events is list<*>; it must *."),
    "null window": (data([[1], None], [1, 0]), OWN + ": row 1: OW_events is null; an empty window is an empty list."),
    "null code": (
        data([[], [1, 2], [3, None]], [1, 0, 0]),
        OWN + ": row 2: OW_events holds a null; codes are integers.",
    ),
    "code over int64": (
        data([[1], [2**63], [2**64 - 1]], [1, 0, 0], pa.list_(pa.uint64())),
        OWN + ": row 1: OW_events holds 9223372036854775808; codes are 64-bit integers.",
    ),
    "label 2": (data([[1], [2]], [1, 2]), OWN + f": row 1: label is 2; {LABEL_RULE}"),
    "label -1": (data([[1]], [-1]), OWN + f": row 0: label is -1; {LABEL_RULE}"),
    "label half": (data([[1]], [0.5], y=pa.float32()), OWN + f": row 0: label is 0.5; {LABEL_RULE}"),
    "label infinite": (data([[1]], [float("inf")], y=pa.float64()), OWN + f": row 0: label is inf; {LABEL_RULE}"),
    "label half of half": (
        data([[1]], [np.float16(0.5)], y=pa.float16()),
        OWN + f": row 0: label is 0.5; {LABEL_RULE}",
    ),
    "label uint64": (
        data([[1]], [2**64 - 1], y=pa.uint64()),
        OWN + f": row 0: label is {2**64 - 1}; {LABEL_RULE}",
    ),
    "labels are texts": (
        data([[1]], ["1"], y=pa.string()),
        OWN + ": label is string; it must be of an integer, boolean or float type.",
    ),
    "labels are dates": (data([[1]], [1], y=pa.date32()), OWN + ": label is date32[[]day]; it must be *."),
    "labels are lists": (data([[1]], [[1]], y=pa.list_(pa.int8())), OWN + ": label is list<*>; it must be *."),
    # nothing is followed out of the package
    "metadata a link": (
        linked("06_packaging_metadata.json"),
        WHERE + "06_packaging_metadata.json" + LEADS_OUT,
    ),
    "model folder a link": (linked("models/a__m1"), WHERE + "models/a__m1" + LEADS_OUT),
    "model file a link": (
        linked("models/a__m1/model.h5"),
        WHERE + "models/a__m1/model.h5" + LEADS_OUT,
    ),
    "summary a link": (
        linked("models/a__m1/model_summary.json"),
        WHERE + "models/a__m1/model_summary.json" + LEADS_OUT,
    ),
    "dataset a link": (
        linked("datasets/v402__dataset.parquet"),
        WHERE + "datasets/v402__dataset.parquet" + LEADS_OUT,
    ),
    "link inside": (
        lambda package: (package.folder / "copy.json").symlink_to("06_packaging_metadata.json"),
        WHERE
        + "copy.json is a symbolic link; a package holds its files itself. Copy the file into it (dvc unprotect).",
    ),
    "link to nowhere": (
        lambda package: (package.folder / "gone").symlink_to("/nowhere"),
        WHERE + "gone is a symbolic link; *.",
    ),
    # what DVC keeps and nobody pulled
    "model file not pulled": (
        pulled_not("models/a__m1/model.h5"),
        H5 + ": no such file; DVC keeps it (model.h5.dvc): dvc pull brings it.",
    ),
    "summary not pulled": (
        pulled_not("models/a__m1/model_summary.json"),
        SUMMARY + ": no such file; DVC keeps it (model_summary.json.dvc): dvc pull brings it.",
    ),
    "metadata not pulled": (
        pulled_not("06_packaging_metadata.json"),
        META + ": no such file; DVC keeps it (06_packaging_metadata.json.dvc): dvc pull brings it.",
    ),
    "models not pulled": (
        pulled_not("models"),
        FIRST + ": there is no such folder, and 'a' is listed; DVC keeps it (models.dvc): dvc pull brings it.",
    ),
    "datasets not pulled": (
        pulled_not("datasets"),
        OWN + ": no such file; DVC keeps it (datasets.dvc): dvc pull brings it.",
    ),
    "package not pulled": (
        pulled_not("."),
        WHERE + "executions/06_packaging/v601 is not there; DVC keeps it (v601.dvc): dvc pull brings it.",
    ),
    # nothing that would be waited for
    "metadata a pipe": (piped("06_packaging_metadata.json"), META + ": is no regular file."),
    "summary a pipe": (piped("models/a__m1/model_summary.json"), SUMMARY + ": is no regular file."),
    "model file a pipe": (piped("models/a__m1/model.h5"), H5 + ": is no regular file."),
    "dataset a pipe": (piped("datasets/v402__dataset.parquet"), OWN + ": is no regular file."),
    "a pipe more": (piped("models/pipe"), WHERE + "models/pipe is no regular file."),
    # the project's own files
    "base params not YAML": (
        in_project("base_params.yaml", "a: [1"),
        "executions/07_deployrun/base_params.yaml: is not YAML: *.",
    ),
    "base params with code": (
        in_project("base_params.yaml", "runtime: !!python/object/apply:os.system ['touch ran']"),
        "executions/07_deployrun/base_params.yaml: is not YAML: could not determine a constructor for the tag *.",
    ),
    "base params nested": (
        in_project("base_params.yaml", "[" * 1000),
        "executions/07_deployrun/base_params.yaml: is nested too deeply to be read as YAML.",
    ),
    "base params say it twice": (
        in_project("base_params.yaml", "batch_size: 1\nbatch_size: 2\n"),
        "executions/07_deployrun/base_params.yaml: is not YAML: 'batch_size' stands twice in one place.",
    ),
    "base params unknown": (
        in_project("base_params.yaml", "batchsize: 2"),
        "executions/07_deployrun/base_params.yaml: unknown key 'batchsize'; valid keys are parent_variant_f06, *.",
    ),
    "base params empty": (
        in_project("base_params.yaml", ""),
        "executions/07_deployrun/base_params.yaml: holds nothing; it must hold *.",
    ),
    "registry not YAML": (
        in_project("variants.yaml", "variants: {"),
        "executions/07_deployrun/variants.yaml: is not YAML: *.",
    ),
    "registry no text": (
        in_project("variants.yaml", b"\xff\xfe\xfa"),
        "executions/07_deployrun/variants.yaml: is not YAML: *.",
    ),
    "registry a list": (
        in_project("variants.yaml", "- v701"),
        "executions/07_deployrun/variants.yaml: holds a list; it must hold names and values.",
    ),
    "registry of a list": (
        in_project("variants.yaml", "variants: [v701]"),
        "executions/07_deployrun/variants.yaml: variants is [[]'v701'[]]; it must hold one entry for each variant.",
    ),
    "registry lists it": (
        in_project("variants.yaml", "variants: {v702: {parent_variant: v601}}"),
        "VARIANT=v702 is taken: executions/07_deployrun/variants.yaml lists it. Choose another name.",
    ),
    "folder is there": (
        lambda package: (package.folder.parents[1] / "07_deployrun" / "v702").mkdir(),
        "VARIANT=v702 is taken: executions/07_deployrun/v702 exists. Choose another name.",
    ),
    "link is there": (
        lambda package: (package.folder.parents[1] / "07_deployrun" / "v702").symlink_to("/nowhere"),
        "VARIANT=v702 is taken: executions/07_deployrun/v702 exists. Choose another name.",
    ),
}


def refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str], message: str, *arguments: str) -> None:
    """variant7 says exactly this line, and everything in the project is as it was."""
    before = tree(tmp_path)
    assert variant7(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert fnmatchcase(line, f"ERROR: {message}"), line
    assert tree(tmp_path) == before


@pytest.mark.parametrize(("spoil", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_as_f06_leaves_it_is_refused_and_nothing_is_left_behind(
    package: PackagePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Spoil, message: str
) -> None:
    spoil(package)
    refuses(tmp_path, capsys, message, *ARGUMENTS)


VARIANT_RULE = "it must be 'v' and at least three digits, like v701."
BAD_VARIANTS = [
    "",
    "701",
    "v70",
    "V701",
    "v7o1",
    "v701 ",
    "v701\n",
    "../v701",
    "v701/x",
    "/tmp/v701",
    "v701;ls",
    "ｖ701",
    "v٧٠١",
    "<script>",
    "v" * 300,
]


@pytest.mark.parametrize("name", BAD_VARIANTS)
def test_a_name_that_is_no_variant_is_refused(
    package: PackagePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    for option, what, other in (("variant", "VARIANT", "--parent=v601"), ("parent", "PARENT", "--variant=v702")):
        refuses(
            tmp_path, capsys, f"{what} is {name!r}; {VARIANT_RULE}".replace("[", "[[]"), f"--{option}={name}", other
        )


OVERRIDES = {
    "--batch-size=0": "params.yaml: batch_size is 0; it must be a whole number from 1 to 65536.",
    "--batch-size=65537": "params.yaml: batch_size is 65537; it must be a whole number from 1 to 65536.",
    "--batch-size=many": "params.yaml: batch_size is 'many'; it must be a whole number from 1 to 65536.",
    "--batch-size=1.5": "params.yaml: batch_size is '1.5'; it must be a whole number from 1 to 65536.",
    "--port=-1": "params.yaml: runtime.port is -1; it must be a whole number from 0 to 65535.",
    "--port=65536": "params.yaml: runtime.port is 65536; it must be a whole number from 0 to 65535.",
    "--port=": "params.yaml: runtime.port is ''; it must be a whole number from 0 to 65535.",
    "--host=": "params.yaml: runtime.host is ''; it must be a host name or an address, like 127.0.0.1.",
    "--host= ": "params.yaml: runtime.host is ' '; it must be a host name or an address, like 127.0.0.1.",
}


@pytest.mark.parametrize(("argument", "message"), OVERRIDES.items(), ids=OVERRIDES)
def test_an_override_out_of_range_is_refused(
    package: PackagePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str], argument: str, message: str
) -> None:
    refuses(tmp_path, capsys, message, *ARGUMENTS, argument)


def test_a_runtime_that_is_no_mapping_is_refused_with_an_override_too(
    package: PackagePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_project("base_params.yaml", "runtime: 5005")(package)
    message = "executions/07_deployrun/base_params.yaml: runtime is 5005; it must hold host and port."
    refuses(tmp_path, capsys, message, *ARGUMENTS, "--port=1")


def test_a_window_too_long_to_be_served_is_refused(
    package: PackagePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_f07.variant.dataset.MAX_WINDOW", 3)
    data([[1, 2, 3], [1, 2, 3, 4]], [1, 0])(package)
    refuses(tmp_path, capsys, OWN + ": row 1: a window of 4 codes; at most 3 are served.", *ARGUMENTS)


@pytest.mark.parametrize("registry", [REGISTRY, None])
def test_a_folder_that_cannot_be_made_gives_the_registry_back(
    package: PackagePaths,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    registry: str | None,
) -> None:
    """Another process makes the folder after it was seen to be free."""
    if registry is None:
        Project(tmp_path).registry.unlink()
    folder = Project(tmp_path).variant("v702").folder
    (folder / "theirs").mkdir(parents=True)
    monkeypatch.setattr(os.path, "lexists", lambda path: False)
    refuses(tmp_path, capsys, "executions/07_deployrun/v702 cannot be made: Directory not empty.", *ARGUMENTS)


def test_a_file_of_the_system_is_refused_in_one_line_too(
    package: PackagePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(tmp_path / "executions" / "07_deployrun")
    (tmp_path / "executions" / "07_deployrun").write_text("a file where the folder belongs")
    refuses(tmp_path, capsys, "*07_deployrun*: *.", *ARGUMENTS)
