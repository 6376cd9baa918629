"""The wheel, installed beside somebody else's pipeline: its own Makefile, no pyproject.toml, results of other tools."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

from conftest import REPOSITORY, Checkout

BUILDS = int(metadata.version("setuptools").split(".")[0]) >= 77
pytestmark = [
    pytest.mark.any_version,
    pytest.mark.skipif(not BUILDS, reason="building the wheel needs setuptools 77 in this environment"),
]

OLDER_REGISTRY = """\
variants:
  v700:
    created_at: '2025-01-01T00:00:00'
    params_path: /srv/plant/executions/07_deployrun/v700/params.yaml
    parent_phase: 06_packaging
    parent_variant: v600
"""
MAKEFILE = """\
all:
\t@echo the pipeline

variant7: ; @echo an older variant7

include f07.mk
"""


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel, and sees all else of this environment but not this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "pytest_f07", sources / "pytest_f07", ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, sources)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = ["wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder, sources]
    subprocess.run([*pip, *map(str, build)], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    [wheel] = folder.glob("*.whl")
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True)
    # what is found by a path in a .pth file runs no .pth file of its own: the editable checkout stays out
    [installed] = (folder / "venv" / "lib").glob("python*/site-packages")
    (installed / "environment.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture
def plant(checkout: Checkout, interpreter: Path) -> Checkout:
    """A pipeline's checkout with its own Makefile, that includes what the command prints."""
    deployrun = checkout.root / "executions" / "07_deployrun"
    shutil.rmtree(deployrun)
    (deployrun / "v700").mkdir(parents=True)
    (deployrun / "v700" / "params.yaml").write_text("parent_variant_f06: v600\n")
    (deployrun / "variants.yaml").write_text(OLDER_REGISTRY)
    (deployrun / "base_params.yaml").write_text("equivalence: 'off'\n")  # the stub is no model
    (checkout.root / "Makefile").write_text(MAKEFILE)
    printed = checkout.call(interpreter, "-m", "pytest_f07", "makefile")
    assert printed.returncode == 0, printed.stderr
    (checkout.root / "f07.mk").write_text(printed.stdout)
    return checkout


def make(plant: Checkout, interpreter: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return plant.call("make", "--no-print-directory", f"F07_PYTHON={interpreter}", *arguments)


def test_make_targets_do_the_whole_round_in_somebody_elses_checkout(plant: Checkout, interpreter: Path) -> None:
    assert make(plant, interpreter).stdout == "the pipeline\n"  # their default goal is still theirs
    for arguments in (
        ("check7", "PARENT=v601"),
        ("variant7", "VARIANT=v701", "PARENT=v601", "PORT=0", "BATCH_SIZE=128"),
        ("script7-run", "VARIANT=v701"),
        ("check7", "VARIANT=v701"),
    ):
        done = make(plant, interpreter, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "batch_size: 128" in (plant.variant / "params.yaml").read_text()
    assert json.loads((plant.variant / "07_deployrun_metadata.json").read_text())["outcome"] == "passed"
    assert "<style" in (plant.variant / "report" / "report.html").read_text()
    listed = make(plant, interpreter, "list7").stdout
    assert "v700     v600" in listed
    assert "3 models passed" in listed

    done = make(plant, interpreter, "remove7", "VARIANT=v701")
    assert done.returncode == 0, done.stderr
    assert (plant.root / "executions" / "07_deployrun" / "variants.yaml").read_text() == OLDER_REGISTRY
    assert (plant.root / "executions" / "07_deployrun" / "v700" / "params.yaml").is_file()


@pytest.mark.parametrize("target", ["script7-run", "nb7-run", "check7", "serve7", "publish7", "remove7"])
def test_a_target_without_a_variant_says_how(plant: Checkout, interpreter: Path, target: str) -> None:
    done = make(plant, interpreter, target)
    assert done.returncode == 2
    assert f"VARIANT is missing: make {target} VARIANT=v701" in done.stderr


def test_the_wheel_is_what_runs(plant: Checkout, interpreter: Path) -> None:
    code = "import pytest_f07; print(pytest_f07.__file__)"
    assert plant.call(interpreter, "-c", code).stdout.startswith(str(interpreter.parents[1]))


def test_serve7_says_how_to_try_it_serves_and_ends_at_ctrl_c(plant: Checkout, interpreter: Path) -> None:
    assert make(plant, interpreter, "variant7", "VARIANT=v701", "PARENT=v601", "PORT=0").returncode == 0
    command = [str(interpreter), "-m", "pytest_f07", "serve7", "--variant", "v701"]
    with subprocess.Popen(
        command,
        cwd=plant.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # where the tests run in the background, Ctrl-C may be ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as server:
        assert server.stdout is not None
        curl = next(line for line in server.stdout if line.startswith("curl "))
        ready = next((line for line in server.stdout if "models ready" in line), None)
        answer = plant.call("sh", "-c", curl)
        server.send_signal(signal.SIGINT)
        rest = server.communicate()[0]
    assert ready, rest
    assert [len(found["results"]) for found in json.loads(answer.stdout)["results"]] == [3, 3]
    assert server.returncode == 0
    assert "Traceback" not in rest


def test_the_installed_package_reads_a_run_and_has_the_schema(checkout: Checkout, interpreter: Path) -> None:
    program = (
        "import pytest_f07, json, importlib.resources as resources\n"
        "schema = json.loads(resources.files('pytest_f07').joinpath('results/metadata.schema.json').read_text())\n"
        "run = pytest_f07.read_run('v701')\n"
        "print(pytest_f07.__file__, schema['title'], run, len(run.predictions(labels=True)))"
    )
    done = checkout.call(interpreter, "-P", "-c", program)
    assert done.returncode == 0, done.stderr
    assert str(REPOSITORY) not in done.stdout
    assert "07_deployrun_metadata.json <Run v701 of package v601: passed, " in done.stdout
    assert done.stdout.endswith(" 11514\n")
