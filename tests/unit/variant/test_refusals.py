"""What only the Keras that wrote it computes so: each row of the table refuses its case, and its neighbours pass."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.refusals import check_computable
from tests.unit.small_package import layer

MASK = layer("Embedding", mask_zero=True)
CASES: list[tuple[list[dict[str, Any]], str, str | None]] = [
    ([layer("Softmax", axis=1)], "3.6.0", "has an axis, which that Keras loses"),
    ([layer("Softmax", axis=-1)], "3.6.0", None),
    ([layer("Softmax", axis=1)], "3.14.0", "has an axis, which that Keras loses"),
    ([layer("Softmax", axis=1)], "3.15.1", None),
    ([layer("Softmax", axis=[1, 2])], "3.15.1", "has several axes, which that Keras loses"),
    ([layer("Softmax", axis=[1])], "3.15.1", None),
    ([layer("Softmax", axis=[1, 2])], "2.15.0", None),
    ([layer("Softmax", axis=1)], "2.15.0", None),
    ([layer("LayerNormalization", axis=[1, 2])], "2.15.0", "normalizes several axes"),
    ([layer("LayerNormalization", axis=[1])], "2.15.0", None),
    ([layer("Normalization", mean=None)], "3.5.0", "has learned mean and variance"),
    ([layer("Normalization", mean=1.0)], "3.5.0", None),
    ([layer("Normalization", mean=None)], "2.15.0", None),
    ([MASK, layer("Add")], "3.3.3", "joins masked steps"),
    ([layer("Add")], "3.3.3", None),
    ([layer("TimeDistributed", layer=layer("Sequential"))], "3.0.5", "repeats a model"),
    ([layer("TimeDistributed", layer=layer("Dense"))], "3.0.5", None),
    ([MASK, layer("TimeDistributed", layer=layer("Dense"))], "3.6.0", "is masked"),
    ([MASK, layer("TimeDistributed", layer=layer("Dense"))], "3.15.1", None),
    ([layer("CategoryEncoding", output_mode="count")], "3.0.5", "counts"),
    ([layer("CategoryEncoding", output_mode="count")], "3.3.3", None),
    ([layer("Attention")], "3.15.1", "has score_mode='dot', which that Keras cannot load"),
    ([layer("Attention")], "3.8.0", None),
    ([layer("Attention", score_mode="concat")], "3.15.1", None),
]


@pytest.mark.parametrize(("layers", "made_by", "told"), CASES)
def test_the_table(layers: list[dict[str, Any]], made_by: str, told: str | None) -> None:
    kind = layers[-1]["class_name"]
    words = rf"m: its layer {kind} \({kind}\), saved by Keras {made_by}, {told}.*\. Save the model again"
    with pytest.raises(F07Error, match=words) if told else nullcontext():
        check_computable(layers, made_by, "m")
