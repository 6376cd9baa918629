"""Test the Open Inference Protocol: versions, and tensors behind the JSON part of an answer."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pytest_f07.endpoints.http import Answer
from pytest_f07.errors import BrokenRun
from tests.unit.endpoints.small_models import WINDOWS
from tests.unit.endpoints.small_servers import ask, asked

HEADER = "Inference-Header-Content-Length"


@pytest.mark.parametrize("server", ["triton", "mlserver"])
def test_a_model_that_is_swapped_between_two_answers_is_noticed(server: str) -> None:
    with asked(server, fault="version") as endpoint:
        ask(endpoint)
        for _ in range(8):
            endpoint.receive_batch(endpoint.send_batch(WINDOWS))
        with pytest.raises(BrokenRun, match="answered as version 2, and before as version 1"):
            [endpoint.receive_batch(endpoint.send_batch(WINDOWS)) for _ in range(12)]


def binary_answer(raw: bytes, length: object = None, **output: Any) -> Answer:
    """Return an answer of two scores, with other values of its output."""
    described = {"name": "y", "shape": [2, 1], "datatype": "FP32", "parameters": {"binary_data_size": 8}, **output}
    head = json.dumps({"model_name": "Trip", "outputs": [described]}).encode()
    return Answer("U", 200, {HEADER: str(len(head) if length is None else length)}, head + raw)


def read(answer: Answer) -> list[float]:
    with asked("triton") as endpoint:
        endpoint.identity()
        return [float(score) for score in endpoint.read(endpoint.models[0], answer, 2)]


def test_each_type_of_score_is_read_as_it_is() -> None:
    for datatype, dtype in (("FP16", "<f2"), ("FP32", "<f4"), ("FP64", "<f8")):
        raw = np.array([0.25, np.nan], dtype).tobytes()
        scores = read(binary_answer(raw, datatype=datatype, parameters={"binary_data_size": len(raw)}))
        np.testing.assert_array_equal(scores, [0.25, np.nan])


def test_the_output_that_is_meant_is_read_though_others_come_before_it() -> None:
    first = {"name": "z", "shape": [1], "datatype": "INT64", "parameters": {"binary_data_size": 8}}
    second = {"name": "y", "shape": [2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}
    head = json.dumps({"outputs": [first, second]}).encode()
    raw = np.array([7], "<i8").tobytes() + np.array([0.5, 0.75], "<f4").tobytes()
    assert read(Answer("U", 200, {HEADER: str(len(head))}, head + raw)) == [0.5, 0.75]


WRONG: dict[str, tuple[Answer, str]] = {
    "a length beyond": (binary_answer(b"", 9999), "U answered 126 bytes with Inference-Header-Content-Length '9999'"),
    "a length that is none": (
        binary_answer(b"", "-1"),
        "U answered 126 bytes with Inference-Header-Content-Length '-1'",
    ),
    "no bytes": (binary_answer(b""), "U answered neither data nor the bytes of y"),
    "fewer bytes": (
        binary_answer(b"1234", parameters={"binary_data_size": 4}),
        "U answered 4 bytes for 2 scores of 4 bytes",
    ),
    "no size": (binary_answer(b"12345678", parameters=None), "U answered neither data nor the bytes of y"),
    "a negative size": (
        binary_answer(b"12345678", parameters={"binary_data_size": -8}),
        "U answered neither data nor the bytes of y",
    ),
    "no outputs": (Answer("U", 200, {}, b'{"outputs": []}'), "U answered no outputs"),
    "outputs that are none": (
        Answer("U", 200, {}, b'{"outputs": [1]}'),
        "U answered outputs that are no list of tensors: [1]",
    ),
    "another output": (
        binary_answer(b"12345678", name="z"),
        "U: Trip has no output 'y'; it has z",
    ),
}


@pytest.mark.parametrize(("answer", "message"), WRONG.values(), ids=WRONG)
def test_an_answer_that_lies_of_its_bytes_is_one_line(answer: Answer, message: str) -> None:
    with pytest.raises(BrokenRun) as caught:
        read(answer)
    assert str(caught.value) == message
