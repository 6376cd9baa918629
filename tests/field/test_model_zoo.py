"""Models of every kind of layer, saved by five versions of Keras: their maker's scores, or refused by name.

``tests/golden`` is made by ``tools/make_zoo.py``; the right scores are those of the file loaded again by its own Keras.
"""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from fnmatch import fnmatchcase
from typing import Any

import pytest

from conftest import REPOSITORY
from pytest_f07.errors import F07Error
from pytest_f07.variant.model_file import check_keras

ARCHIVES = sorted((REPOSITORY / "tests" / "golden").glob("keras-*.zip"))
# Both ends of the versions answer, each in the environment that make sets up for it.
ENDS = {"newest": ".venv", "pins": ".venv-pins"}
TOLERANCE = {"float32": 1e-5, "float16": 2e-3, "bfloat16": 8e-3}

NOT_LISTED = "m: its configuration names the class {!r}, which is not on the list of layers that are loaded: *"
# (cases, archives) whose maker gives scores, and which are refused all the same, and in which words.
REFUSED = [
    ("plus", "keras-2*", NOT_LISTED.format("TFOpLambda")),
    ("times", "keras-2*", NOT_LISTED.format("TFOpLambda")),
    ("lambda", "*", NOT_LISTED.format("Lambda")),
    ("spectral", "*", NOT_LISTED.format("SpectralNormalization")),
    ("own_activation", "*", "m: its configuration names the function 'mine>own_activation'*carry no code."),
    ("two_outputs", "*", "m: has 2 outputs (*, *); a model takes one window and gives one score."),
    ("two_scores", "*", "models/*: answers a window with shape (2,); it must give one score."),
    ("stateful", "*", "m: its layer lstm* (LSTM) is stateful: its scores depend on what was asked before. *"),
    ("lstm_states_mask", "keras-2*", "m: its layer lstm* is given states, and steps are masked: *tensorflow 2.15)."),
    ("normalization", "keras-3.[03]*", "m: its layer normalization*Keras loses when it loads the file. *"),
    ("softmax", "keras-3.[036]*", "m: its layer softmax* has an axis, which that Keras loses*"),
    ("*_axes", "keras-3*", "m: its layer * has several axes, which that Keras loses*"),
    ("concatenate*", "keras-3.[036]*", "m: its layer concatenate*"),
    ("add_mask", "keras-3.[036]*", "m: its layer add* joins masked steps, and newer ones mask them otherwise. *"),
    ("time_distributed_model", "keras-3.[03]*", "m: its layer time_distributed* repeats a model, *"),
]


def refusal(case: dict[str, Any]) -> str | None:
    """In which words a case is refused; None where it is not."""
    for cases, archives, words in REFUSED:
        if fnmatchcase(case["case"], cases) and fnmatchcase(case["archive"], archives):
            return words
    return None


@pytest.fixture(scope="module", params=ENDS)
def answers(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """What server and oracle say of each case that one end can load."""
    python = REPOSITORY / ENDS[request.param] / "bin" / "python"
    assert python.exists(), f"{python} is not there: make test-field sets it up"
    archives = [path for path in ARCHIVES if path.stem.startswith("keras-2") or request.param == "newest"]
    done = subprocess.run(
        [python, "-m", "tests.zoo_answers", *archives],
        cwd=REPOSITORY,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_what_is_loaded_gives_its_makers_scores(answers: list[dict[str, Any]]) -> None:
    wrong = [
        case
        for case in answers
        if "refused" not in case
        and "broken" not in case
        and not all(case.get(who, 0) <= TOLERANCE[case["precision"]] for who in ("server", "oracle"))
    ]
    assert len(answers) > 100
    assert not wrong


def test_what_is_refused_is_refused_by_name(answers: list[dict[str, Any]]) -> None:
    other = [
        (case["archive"], case["case"], case["refused"])
        for case in answers
        if "refused" in case and "broken" not in case and not fnmatchcase(case["refused"], refusal(case) or "")
    ]
    assert not other


def test_what_its_maker_cannot_load_is_refused_in_one_line(answers: list[dict[str, Any]]) -> None:
    """The pins are the maker of one archive, and refuses some of it when the server starts."""
    broken = [case for case in answers if "broken" in case]
    assert broken
    assert not [case for case in broken if not case.get("refused")]
    assert not [case for case in broken if "\n" in case["refused"]]


@pytest.mark.parametrize(
    "archive", [path for path in ARCHIVES if path.stem.startswith("keras-3")], ids=lambda path: path.stem
)
def test_keras_2_is_told_apart_from_files_of_keras_3(archive: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_f07.variant.model_file.metadata.version", lambda _: "2.15.0")
    version = archive.stem.removeprefix("keras-")
    with pytest.raises(F07Error, match=rf"m: was saved by Keras {version}, and this environment has Keras 2\.15\.0"):
        check_keras(version, "m")


def test_the_golden_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in ARCHIVES) < 10_000_000
    assert all(zipfile.is_zipfile(path) for path in ARCHIVES)
