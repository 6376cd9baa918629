from __future__ import annotations

import pytest

from conftest import F07Project


def test_a_manifest_is_a_file_of_one_test_each_model_and_nothing_of_its_module_is_another(f07_stub: F07Project) -> None:
    (f07_stub.root / "pytest.ini").write_text("[pytest]\npython_functions = *\npython_classes = *\n")
    result = f07_stub.run("--collect-only", "-q")
    items = [line for line in result.outlines if "::" in line]
    manifest = "executions/07_deployrun/v701/manifest.json"
    names = ["feeder_overload", "inverter_trip", "inverter_trip.cnn"]
    assert items == [f"{manifest}::test_runtime_validation[{name}]" for name in names]


def test_an_item_of_another_file_is_no_model(request: pytest.FixtureRequest) -> None:
    from pytest_f07.plugin.items import prediction_name

    assert prediction_name(request.node) is None
