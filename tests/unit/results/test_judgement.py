"""Every model gets the verdict that is its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.judgement import judge_all
from tests.unit.small_run import model, run_result


def test_each_model_is_judged_by_what_was_found_of_it(tmp_path: Path) -> None:
    manifest = run_result(tmp_path, {}).manifest
    models = []
    for name in ("a", "b"):
        folder = manifest.package.model_folder(f"{name}__m")
        folder.mkdir(parents=True)
        (folder / "model.h5").write_bytes(b"file")
        models.append(replace(model(name, "v401"), folder=folder))
    verdicts = judge_all(
        manifest,
        run_result(tmp_path, {}).params,
        models,
        {},
        LogCounts.empty(models),
        InferCheck(models, {}),
        {"b": Equivalence(windows=1, differing=1)},
        {"a": "TP is 1 and 2"},
    )
    codes = {name: {failure.code for failure in verdict.failures} for name, verdict in verdicts.items()}
    assert list(codes) == ["a", "b"]
    assert {"F07-RECOUNT"} == codes["a"] - codes["b"]
    assert {"F07-EQUIVALENCE"} == codes["b"] - codes["a"]
