"""What is refused by name because no Keras gives the scores that its maker did: one table.

A model that its own Keras cannot save and load again, or that a newer one computes otherwise, would give scores that
F05 never saw. Each row was seen by saving the layer with that Keras, and loading it there and with the newest
(``tools/make_zoo.py``): 2.15, 3.0, 3.3, 3.6, 3.8 and 3.15. A row holds up to the next of them that does it right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.layers import MODELS
from pytest_f07.variant.translation import masks

_MERGES = tuple("Add Subtract Multiply Average Maximum Minimum Concatenate Dot".split())
_NORMALIZATIONS = "Normalization BatchNormalization LayerNormalization GroupNormalization UnitNormalization"
_ANY = (*_NORMALIZATIONS.split(), "Softmax", "Concatenate")
_NEVER = (999, 0)
RETRAIN = "Save the model again with a newer Keras (python -m pip install -U tensorflow), or build it without."


@dataclass(frozen=True)
class Refused:
    """A configuration that only its maker computes so, or not even that.

    :param layers: the classes.
    :param since: the first version of Keras that wrote it.
    :param before: the first that did it right.
    :param when: given the layer's configuration and whether the model masks steps.
    :param why: what happens, as the end of a sentence that begins with the layer.
    """

    layers: tuple[str, ...]
    since: tuple[int, int]
    before: tuple[int, int]
    when: Callable[[dict[str, Any], bool], bool]
    why: str


def _other_axis(config: dict[str, Any], masked: bool) -> bool:
    return isinstance(config.get("axis"), int) and config["axis"] != -1


def _several_axes(config: dict[str, Any], masked: bool) -> bool:
    return isinstance(config.get("axis"), list) and len(config["axis"]) > 1


REFUSED = (
    Refused(_ANY, (3, 0), (3, 15), _other_axis, "has an axis, which that Keras loses when it loads the file"),
    Refused(_ANY, (3, 0), _NEVER, _several_axes, "has several axes, which that Keras loses when it loads the file"),
    Refused(
        ("LayerNormalization",),
        (2, 0),
        (3, 0),
        _several_axes,
        "normalizes several axes, with which that Keras does not answer",
    ),
    Refused(
        ("Normalization",),
        (3, 0),
        (3, 6),
        lambda config, masked: config.get("mean") is None,
        "has learned mean and variance, which that Keras loses when it loads the file",
    ),
    Refused(
        _MERGES, (3, 0), (3, 7), lambda config, masked: masked, "joins masked steps, and newer ones mask them otherwise"
    ),
    Refused(
        ("TimeDistributed",),
        (3, 0),
        (3, 6),
        lambda config, masked: config.get("layer", {}).get("class_name") in MODELS,
        "repeats a model, whose weights newer ones look for elsewhere",
    ),
    Refused(
        ("TimeDistributed",), (3, 4), (3, 15), lambda config, masked: masked, "is masked, with which that Keras fails"
    ),
    Refused(
        ("CategoryEncoding",),
        (3, 0),
        (3, 3),
        lambda config, masked: config.get("output_mode") == "count",
        "counts, with which that Keras fails",
    ),
    Refused(
        ("Attention",),
        (3, 9),
        _NEVER,
        lambda config, masked: config.get("score_mode", "dot") == "dot",
        "has score_mode='dot', which that Keras cannot load from .h5 ('concat' it can)",
    ),
)


def check_computable(layers: list[dict[str, Any]], made_by: str, where: str) -> None:
    """Refuse what only the Keras that wrote it computes so.

    :param layers: every layer of the model, as ``model_config`` has them.
    :raises F07Error: with the layer's name, and what to do.
    """
    version = _version(made_by)
    masked = masks(layers)
    for layer, row in _matches(layers):
        if row.since <= version < row.before and row.when(layer["config"], masked):
            name = layer["config"].get("name", layer["class_name"])
            raise F07Error(
                f"{where}: its layer {name} ({layer['class_name']}), saved by Keras {made_by}, {row.why}. {RETRAIN}"
            )


def _matches(layers: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Refused]]:
    for layer in layers:
        for row in REFUSED:
            if layer["class_name"] in row.layers:
                yield layer, row


def _version(text: str) -> tuple[int, int]:
    parts = [*re.findall(r"\d+", text), "0", "0"]
    return int(parts[0]), int(parts[1])
