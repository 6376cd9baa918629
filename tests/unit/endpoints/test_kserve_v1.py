"""Test the addresses and bodies of KServe's V1 protocol."""

from __future__ import annotations

from contextlib import closing

from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.variant.address import ModelAddress
from tests.protocol_server import Served, rows_app, serving
from tests.unit.endpoints.small_models import MODELS, NAMES, WIDTHS, WINDOWS


def test_the_names_of_the_server_are_used() -> None:
    models = {"Trip": ModelAddress(name="t r/ip"), "overload": ModelAddress(name="Trip")}
    target = UrlTarget("http://127.0.0.1:1", "kserve-v1", models)
    with closing(connect(target, MODELS, "", 60)) as endpoint:
        addresses = [endpoint.address(model) for model in endpoint.models]  # type: ignore[attr-defined]  # of tensors
    assert addresses == ["http://127.0.0.1:1/v1/models/t%20r%2Fip", "http://127.0.0.1:1/v1/models/Trip"]


def test_a_named_input_is_sent_by_its_name() -> None:
    served = Served(WIDTHS)
    models = {name: ModelAddress(input="x") for name in NAMES}
    with serving(rows_app(served, "NaN", metadata=False)) as url:
        with closing(connect(UrlTarget(url, "kserve-v1", models), MODELS, "", 60)) as endpoint:
            endpoint.receive_batch(endpoint.send_batch(WINDOWS))
    rows = [instances[0] for instances in served.asked]  # a request a model, in any order
    assert {"x": [1.0, 2.0, 0.0]} in rows
