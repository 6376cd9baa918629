"""What pytest does with a manifest: who is collected, what is written, how it ends. The stub server answers."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import F07Project

ITEM = "executions/07_deployrun/v701/manifest.json::test_runtime_validation"
NAMES = ["feeder_overload", "inverter_trip", "inverter_trip.cnn"]


def added(before: dict[str, bytes], project: F07Project) -> set[str]:
    return set(project.tree()) - set(before)


# -- whole sessions


def test_items_are_named_by_manifest_and_model(f07_stub: F07Project) -> None:
    result = f07_stub.run("-v")
    result.stdout.fnmatch_lines([f"{ITEM}[[]{name}] PASSED*" for name in NAMES])
    assert result.ret == 0


def test_a_manifest_named_on_the_command_line_is_the_same(f07_stub: F07Project) -> None:
    (f07_stub.root / "sub").mkdir()
    f07_stub.pytester.chdir()
    result = f07_stub.pytester.runpytest_subprocess("executions/07_deployrun/v701/manifest.json")
    result.assert_outcomes(passed=3)
    assert f07_stub.metadata["outcome"] == "passed"


HOSTS = {
    "addopts": "[pytest]\naddopts = tests -n auto --junitxml=host.xml --html=host.html\n",
    "python_functions": "[pytest]\npython_functions = check_*\npython_files = nothing.py\ntestpaths = tests\n",
    "strict": "[pytest]\naddopts = --strict-markers --strict-config --ignore=executions\nfilterwarnings = error\n",
    "xunit1": "[pytest]\njunit_family = xunit1\nnorecursedirs = executions\n",
}


@pytest.mark.parametrize("ini", HOSTS.values(), ids=HOSTS)
def test_any_host_gets_the_same_items_and_artefacts_and_nothing_else(f07_stub: F07Project, ini: str) -> None:
    (f07_stub.root / "pytest.ini").write_text(ini)
    (f07_stub.root / "tests").mkdir()
    (f07_stub.root / "tests" / "test_host.py").write_text("def test_host(): raise SystemExit('ran')\n")
    before = {path.name for path in f07_stub.root.iterdir()}
    result = f07_stub.run()
    result.assert_outcomes(passed=3)
    assert f07_stub.metadata["outcome"] == "passed"
    new = {path.name for path in f07_stub.root.iterdir()} - before
    # pytester's own, and what libraries keep in HOME, which is this folder here
    assert {name for name in new if not name.startswith(("runpytest-", "std"))} <= {
        ".pytest_cache",
        "__pycache__",
        ".cache",
        ".config",
    }


def test_what_the_host_brings_is_said_to_be_set_aside(f07_stub: F07Project) -> None:
    result = f07_stub.run("-n", "2", "--html=mine.html", "--junitxml=mine.xml", "tests", "--cov")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["f07: set aside: tests --html=mine.html --junitxml=mine.xml -n 2"])
    assert not (f07_stub.root / "mine.html").exists()
    assert not (f07_stub.root / "mine.xml").exists()


def test_the_time_of_the_replay_belongs_to_no_item(f07_stub: F07Project) -> None:
    assert f07_stub.run("--durations=0", "-vv").ret == 0
    junit = (f07_stub.variant / "report" / "junit.xml").read_text()
    items = [float(found) for found in re.findall(r'<testcase [^>]*time="([0-9.]+)"', junit)]
    whole = sum(f07_stub.metadata["seconds"].values())
    assert len(items) == 3
    assert sum(items) < whole


def test_pytest_never_imports_tensorflow(f07_stub: F07Project) -> None:
    with (f07_stub.root / "conftest.py").open("a") as file:
        file.write("\ndef pytest_unconfigure():\n    assert not {'tensorflow', 'keras'} & set(sys.modules)\n")
    result = f07_stub.run()
    assert result.ret == 0
    assert "AssertionError" not in str(result.stderr)


def test_without_the_option_the_plugin_does_nothing(f07_stub: F07Project) -> None:
    f07_stub.pytester.makepyfile(
        test_host="""
        import sys
        def test_nothing_heavy():
            assert not {"pyarrow", "h5py", "matplotlib", "flask", "pytest_f07.run"} & set(sys.modules)
        """
    )
    (f07_stub.root / "conftest.py").unlink()
    before = f07_stub.tree()
    f07_stub.pytester.runpytest_subprocess().assert_outcomes(passed=1)
    assert f07_stub.tree() == before


# -- partial sessions, and those that only look


@pytest.mark.parametrize("arguments", [("-k", "feeder"), (f"{ITEM}[inverter_trip.cnn]",)])
def test_a_partial_session_writes_to_a_folder_that_it_names(f07_stub: F07Project, arguments: tuple[str, ...]) -> None:
    before = f07_stub.tree()
    result = f07_stub.run(*arguments)
    assert result.ret == 0
    assert f07_stub.tree() == before
    [line] = [line for line in result.outlines if line.startswith("f07: this session is partial")]
    folder = Path(line.rsplit(" ", 1)[1])
    assert (folder / "logs" / "raw_predictions.csv").is_file()
    assert (folder / "report" / "report.html").is_file()
    assert not (folder / "07_deployrun_metadata.json").exists()


def test_last_failed_runs_those_alone(f07_project: F07Project) -> None:
    f07_project.stub("threshold")
    f07_project.run().assert_outcomes(passed=2, failed=1)
    before = f07_project.tree()
    f07_project.run("--lf").assert_outcomes(failed=1)
    assert f07_project.tree() == before


@pytest.mark.parametrize(
    "look", ["--collect-only", "--setup-plan", "--setup-only", "--help", "--fixtures", "--markers", "--version"]
)
def test_a_session_that_only_looks_touches_nothing(f07_stub: F07Project, look: str) -> None:
    (f07_stub.root / "pytest.ini").write_text("[pytest]\naddopts = --html=host.html --junitxml=host.xml\n")
    before = f07_stub.tree()
    assert f07_stub.run(look).ret == 0
    assert f07_stub.tree() == before
    if look in ("--collect-only", "--setup-plan", "--setup-only"):
        assert not (f07_stub.root / "host.html").exists()
        assert not (f07_stub.root / "host.xml").exists()


# -- usage errors: one line, exit 4, nothing touched


def test_no_such_variant(f07_stub: F07Project) -> None:
    result = f07_stub.run(variant="v799")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: there is no variant v799: *v799 is not there; there is v701. Make it: *"])


def test_params_that_are_wrong(f07_stub: F07Project) -> None:
    f07_stub.set_params(batch_size="many")
    f07_stub.assert_refused(r"v701/params.yaml: batch_size is 'many'; it must be a whole number from 1 to 65536\.$")


def test_params_of_another_package(f07_stub: F07Project) -> None:
    path = f07_stub.variant / "params.yaml"
    path.write_text(path.read_text().replace("v601", "v602"))
    f07_stub.assert_refused("parent_variant_f06 is v602, and the manifest was made of v601")


def test_a_manifest_without_models(f07_stub: F07Project) -> None:
    path = f07_stub.variant / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "models": []}))
    f07_stub.assert_refused("lists no models, so there is nothing to validate")


@pytest.mark.parametrize("name", ["datasets/v401__dataset.parquet", "models/inverter_trip__inverter_trip/model.h5"])
def test_a_package_that_changed(f07_stub: F07Project, name: str) -> None:
    path = f07_stub.package / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    f07_stub.assert_refused(f"package v601 no longer matches the seal of v701: {name} has changed \\(sha256 ")


def test_a_package_that_is_gone(f07_stub: F07Project) -> None:
    f07_stub.package.rename(f07_stub.root / "elsewhere")
    f07_stub.assert_refused("its package v601: executions/06_packaging/v601 is not there, nor is any other")


def test_a_taken_port_is_named(f07_stub: F07Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (f07_stub.variant / "params.yaml").write_text(f"parent_variant_f06: v601\nruntime: {{port: {port}}}\n")
        f07_stub.assert_refused(f"port {port} of 127.0.0.1 cannot be used: Address already in use")


def test_a_host_that_is_none(f07_stub: F07Project) -> None:
    path = f07_stub.variant / "params.yaml"
    path.write_text("parent_variant_f06: v601\nruntime: {host: no.such.host.invalid}\n")
    f07_stub.assert_refused("runtime.host is 'no.such.host.invalid', which is no address here")


@pytest.mark.parametrize("option", ["-v", "-q"])
def test_a_refusal_is_one_line_whatever_the_verbosity(f07_stub: F07Project, option: str) -> None:
    (f07_stub.variant / "params.yaml").write_text("parent_variant_f06: v601\nbatch_size: 0\n")
    f07_stub.assert_refused("batch_size is 0; it must be ", option)
    result = f07_stub.run(option)
    assert [line for line in [*result.outlines, *result.errlines] if line.strip()] == [
        "ERROR: executions/07_deployrun/v701/params.yaml: batch_size is 0; it must be a whole number from 1 to 65536."
    ]


def test_a_selection_of_nothing(f07_stub: F07Project) -> None:
    f07_stub.assert_refused(
        "no model of v701 is selected; its models are feeder_overload, inverter_trip", "-k", "nothing"
    )


@pytest.mark.parametrize("plugin", ["html", "xprocess", "cacheprovider", "junitxml"])
def test_a_plugin_that_is_needed(f07_stub: F07Project, plugin: str) -> None:
    f07_stub.assert_refused(f"-p no:{plugin} cannot be used with --f07-variant: ", "-p", f"no:{plugin}")


# -- runs that fail, and runs that break

FAILS = {
    "nan": (0, r"F07-NONFINITE  feeder_overload: \d+ of 2,000 scores of its own dataset v401 are not numbers \("),
    "threshold": (
        2,
        r"F07-THRESHOLD  inverter_trip.cnn: y_pred is not y_prob >= 0.5 in [\d,]+ of [\d,]+ rows; the first",
    ),
    "alone": (
        1,
        r"F07-INFER  inverter_trip: /infer and /infer_batch disagree: \d+ of 64 windows differ; v401 row 0: ",
    ),
    "other-file": (0, r"F07-IDENTITY  feeder_overload: the server serves another file \(sha256 000000000000…"),
}


@pytest.mark.parametrize(("fault", "failure"), FAILS.items(), ids=FAILS)
def test_a_failure_reads_as_a_sentence(f07_project: F07Project, fault: str, failure: tuple[int, str]) -> None:
    place, message = failure
    f07_project.stub(fault)
    result = f07_project.run()
    assert result.ret == 1
    assert re.search(message, str(result.stdout)), str(result.stdout)
    model = f07_project.metadata["models"][NAMES[place]]
    assert f07_project.metadata["outcome"] == model["outcome"] == "failed"
    code = message.split(" ")[0]
    assert code in [failure["code"] for failure in model["failures"]]
    assert code in (f07_project.variant / "report" / "junit.xml").read_text()
    assert "Traceback" not in str(result.stdout)


BREAKS = {
    "no-start": "the server died at start-up",
    "dies": r"the server died at v401 row \d+",
    "fails": r"the server refused /infer_batch with 500: .* at v401 row \d+",
    "foreign": "the answer of / is not of this run's server: its F07-Nonce is",
    "names": "the answer's columns are .* at v401 row 0",
    "loses": "the server answered 255 of 256 windows at v401 row 0",
}


@pytest.mark.parametrize(("fault", "reason"), BREAKS.items(), ids=BREAKS)
def test_a_run_that_breaks_fails_each_item_and_looks_like_nothing_whole(
    f07_finished: F07Project, fault: str, reason: str
) -> None:
    f07_finished.stub(fault)
    result = f07_finished.run()
    result.assert_outcomes(failed=3)
    assert result.ret == 1
    for name in NAMES:
        assert re.search(f"F07-BROKEN  {name}: not validated: {reason}", str(result.stdout)), str(result.stdout)
    assert str(result.stdout).count("last lines of the server's log") == 1
    assert "Traceback" not in str(result.stdout).split("last lines of the server's log")[0]
    left = {name.removeprefix("07_deployrun/v701/") for name in f07_finished.tree() if "07_deployrun/v701" in name}
    whole = {"07_deployrun_metadata.json", "logs/raw_predictions.csv", "logs/raw_predictions.parquet"}
    assert not left & {*whole, "metrics/metrics_per_model.csv"}
    assert "NOT COMPLETE" in (f07_finished.variant / "report" / "report.html").read_text()


def test_the_servers_last_words_are_shown_and_escaped(f07_project: F07Project) -> None:
    f07_project.stub("no-start")
    result = f07_project.run()
    result.stdout.fnmatch_lines(["  first words", "  no such <module>"])
    report = (f07_project.variant / "report" / "report.html").read_text()
    assert "no such &lt;module&gt;" in report
    assert "<module>" not in report


def test_a_model_without_a_labelled_row_fails(f07_project: F07Project) -> None:
    path = f07_project.package / "datasets" / "v401__dataset.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(1, "label", pa.nulls(len(table), pa.float64())), path)
    f07_project.variant7("v702", "v601")
    f07_project.stub()
    result = f07_project.run(variant="v702")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["F07-UNLABELLED  feeder_overload: none of the 2,000 rows of its own dataset v401 is *"]
    )


def test_sample_size_means_the_first_rows_everywhere(f07_stub: F07Project) -> None:
    f07_stub.set_params(sample_size=100)
    assert f07_stub.run().ret == 0
    assert f07_stub.metadata["counts"] == {"windows": 200, "predictions": 600, "rows": {"v401": 100, "v402": 100}}


def test_batch_sizes_do_not_change_what_is_logged(f07_finished: F07Project) -> None:
    first = f07_finished.artefacts()
    f07_finished.set_params(batch_size=7)
    assert f07_finished.run().ret == 0
    assert f07_finished.artefacts() == first
