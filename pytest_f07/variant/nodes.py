"""How the layers of a model are joined: what Keras 2 wrote, as Keras 3 writes it.

Keras 2 lists for each call of a layer its inputs as ``[layer, call, output, other arguments]``; Keras 3 the arguments
themselves, with tensors in them. Keras 3 reads the older form too, but not a tensor among the other arguments, not the
states of a recurrent layer, and not the calls of a model inside a model, which Keras 2 counts from 1.
"""

from __future__ import annotations

from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.layers import MODELS, RECURRENT


def translate_nodes(model: dict[str, Any], masked: bool, where: str) -> None:
    """Rewrite the calls of the layers of ``model``, which Keras 2 wrote, in place."""
    config = model["config"]
    layers = config.get("layers", [])
    names = _names(layers)
    inner = {layer["name"] for layer in layers if layer["class_name"] in MODELS and "name" in layer}
    for layer in layers:
        layer["config"]["name"] = names.get(layer["config"].get("name"), layer["config"].get("name"))
        if "inbound_nodes" in layer:
            nodes = [_node(layer, node, names, inner, where) for node in layer["inbound_nodes"]]
            if masked and any("initial_state" in node["kwargs"] for node in nodes):
                raise F07Error(
                    f"{where}: its layer {layer['name']} is given states, and steps are masked: Keras 3 computes that "
                    "otherwise than Keras 2. Validate it where Keras 2 is installed (tensorflow 2.15)."
                )
            layer["inbound_nodes"] = nodes
            layer["name"] = names[layer["name"]]
    sequential = {layer["name"] for layer in layers if layer["class_name"] == "Sequential" and "name" in layer}
    for key in ("input_layers", "output_layers"):
        if key in config:
            config[key] = [
                [names[name], call - (names[name] in sequential), output] for name, call, output in config[key]
            ]


def _names(layers: list[dict[str, Any]]) -> dict[str, str]:
    """Name each layer as Keras 3 allows; weights are found by their order."""
    names: dict[str, str] = {}
    for layer in layers:
        old = layer["config"].get("name")
        if isinstance(old, str):
            new = old.replace("/", "_")
            if layer["class_name"] == "Concatenate":  # Keras 3 names an operation on masks "concatenate" itself
                new += "_layer"
            while new != old and (new in names.values() or any(new == each["config"].get("name") for each in layers)):
                new += "_"
            names[old] = new
    return names


def _node(layer: dict[str, Any], node: Any, names: dict[str, str], inner: set[str], where: str) -> dict[str, Any]:
    """Return one call of ``layer`` as Keras 3 writes it."""

    def tensor(reference: list[Any]) -> dict[str, Any]:
        name, call, output = reference[:3]
        history = [names[name], call - 1 if name in inner else call, output]
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None], "dtype": "float32", "keras_history": history},
        }

    def value(part: Any) -> Any:
        if isinstance(part, list) and len(part) == 3 and isinstance(part[0], str) and part[0] in names:
            return tensor(part)
        return [value(each) for each in part] if isinstance(part, list) else part

    if not isinstance(node, list) or not all(isinstance(each, list) and len(each) in (3, 4) for each in node):
        raise F07Error(
            f"{where}: its layer {layer['name']} is called in a way that Keras 3 cannot read. Validate it where "
            "Keras 2 is installed (tensorflow 2.15)."
        )
    inputs = [tensor(each) for each in node]
    others = {key: value(part) for each in node if len(each) == 4 for key, part in each[3].items()}
    if layer["class_name"] in RECURRENT and others.get("constants") is None:
        others.pop("constants", None)
    if layer["class_name"] in RECURRENT and len(inputs) > 1:
        others["initial_state"] = inputs[1:]
        inputs = inputs[:1]
    return {"args": inputs if len(inputs) == 1 else [inputs], "kwargs": others}
