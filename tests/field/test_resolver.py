"""One pip call takes the extras beside a pipeline's pins: nothing of it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

# What the pipeline pins, as far as it has to do with ours: mlflow holds packaging below 24, TensorFlow numpy below 2.
PINS = """
    dvc==3.48.4 fastparquet==2024.2.0 ipykernel==6.29.4 jupyter==1.0.0 matplotlib==3.8.4 mlflow==2.11.3 numpy==1.26.4
    pandas==2.2.2 pathspec==0.11.2 pyarrow==15.0.2 pyyaml==6.0.1 scikit-learn==1.4.2 tensorflow==2.15.1 tqdm==4.66.4
""".split()


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the pipeline's pins are for Python 3.11")
def test_the_extras_resolve_beside_the_pipelines_requirements(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("\n".join([*PINS, "flask>=2.2\n"]))
    report = tmp_path / "report.json"
    line = [sys.executable, *"-m pip install --dry-run --ignore-installed --quiet --requirement".split(), requirements]
    line += ["--report", report, f"{REPOSITORY}[waitress,notebook,dvc,dask]"]
    done = subprocess.run([str(part) for part in line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    packages = [entry["metadata"] for entry in json.loads(report.read_text())["install"]]
    versions = {package["name"].lower(): package["version"] for package in packages}
    assert {f"{name}=={version}" for name, version in versions.items()} >= set(PINS)
    assert int(versions["packaging"].split(".")[0]) < 24
    assert {"pytest-f07", "pytest", "waitress", "nbconvert"} <= set(versions)
