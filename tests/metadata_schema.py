"""Hold the metadata of a run against the JSON schema that is shipped, with nothing beside what it describes."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA: dict[str, Any] = json.loads(files("pytest_f07").joinpath("results/metadata.schema.json").read_text())


def closed(schema: Any) -> Any:
    """Return a schema that refuses what it does not describe."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: closed(part) for key, part in schema.items()}
    return {"additionalProperties": False, **parts} if isinstance(schema.get("properties"), dict) else parts


CLOSED = Draft202012Validator(closed(SCHEMA), format_checker=Draft202012Validator.FORMAT_CHECKER)


def schema_errors(document: dict[str, Any]) -> list[str]:
    """Return what is otherwise than the schema says, and what it does not describe."""
    return [f"{error.json_path}: {error.message}" for error in CLOSED.iter_errors(document)]
