"""Read JSON and YAML that somebody else wrote; write files whole or not at all."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from pytest_f07.errors import F07Error, one_line

MAX_BYTES = 64 * 1024 * 1024


def read_json(path: Path, where: str) -> dict[str, Any]:
    """Return the JSON object in ``path``.

    :raises F07Error: that begins with ``where``, for anything else.
    """
    return _read_mapping(path, where, "JSON", lambda text: json.loads(text, object_pairs_hook=_unique_names))


def read_yaml(path: Path, where: str) -> dict[str, Any]:
    """Return the YAML mapping in ``path``; tags are refused.

    :raises F07Error: that begins with ``where``, for anything else.
    """
    return _read_mapping(path, where, "YAML", lambda text: yaml.load(text, _YamlLoader))


def read_parameters(path: Path, where: str) -> dict[str, Any]:
    """Return the YAML mapping in ``path`` with every key as text.

    Models may be called ``on`` or ``2024``, which YAML reads as a boolean and a number.
    """
    return _read_mapping(path, where, "YAML", lambda text: yaml.load(text, _ParametersLoader))


def _read_mapping(path: Path, where: str, form: str, parse: Callable[[str], Any]) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise F07Error(f"{where}: is no regular file.")
        if size > MAX_BYTES:
            raise F07Error(f"{where}: has {size:,} bytes; a {form} file here has at most {MAX_BYTES:,}.")
        document = parse(path.read_text(encoding="utf-8-sig"))  # some editors begin a file with a byte order mark
    except FileNotFoundError:
        raise F07Error(f"{where}: no such file{pull_hint(path)}.") from None
    except OSError as error:
        raise F07Error(f"{where}: cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise F07Error(f"{where}: is nested too deeply to be read as {form}.") from None
    except yaml.MarkedYAMLError as error:
        raise F07Error(f"{where}: is not YAML: {_describe(error)}.") from None
    except (ValueError, LookupError, AttributeError, yaml.YAMLError) as error:  # YAML: !!int "", !!timestamp "x"
        reason = one_line(str(error))
        raise F07Error(f"{where}: is not {form}: {reason}.") from None
    if not isinstance(document, dict):
        raise F07Error(f"{where}: holds {_type_name(document)}; it must hold names and values.")
    return document


def _describe(error: yaml.MarkedYAMLError) -> str:
    """Return what is wrong and where, without PyYAML's copy of the line."""
    problem = " ".join(filter(None, (error.context, error.problem)))
    mark = error.problem_mark
    return f"{problem}, line {mark.line + 1}, column {mark.column + 1}" if mark else problem


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's names and values; raise ValueError for a name that is there twice."""
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"{twice!r} stands twice in one place")
    return values


class _YamlLoader(yaml.SafeLoader):
    """The safe loader, which also refuses a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        _unique_names([(key.value, None) for key, _ in node.value if isinstance(key, yaml.ScalarNode)])
        return super().construct_mapping(node, deep)


class _ParametersLoader(_YamlLoader):
    """The safe loader, which also reads every plain key as text."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag.rpartition(":")[2] in _PLAIN_TAGS:
                key.tag = "tag:yaml.org,2002:str"


_PLAIN_TAGS = ("bool", "int", "float", "null", "timestamp")


def _type_name(value: object) -> str:
    return {type(None): "nothing", list: "a list", str: "a text"}.get(type(value), f"a {type(value).__name__}")


def to_json(document: object) -> bytes:
    """Return indented JSON text, keys in the order given, as every phase of the pipeline writes it."""
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def to_yaml(document: object) -> bytes:
    """Return block-style YAML text, keys in the order given."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()


def pull_hint(path: Path) -> str:
    """Return how to get a missing ``path`` where DVC keeps it or a folder above it; else nothing."""
    for tracked in (path, *path.parents):
        if tracked.name and (pointer := tracked.with_name(f"{tracked.name}.dvc")).is_file():
            return f"; DVC keeps it ({pointer.name}): dvc pull brings it"
    return ""


def write_atomic(path: Path, content: bytes) -> None:
    """Replace ``path`` in one step: readers see the old file or the new one, never a part."""
    # Not tempfile: in a shared folder the rights are those of any new file (umask, default ACL), not the owner's alone.
    partial = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
