"""Read and change variants.yaml, the list of F07 variants and their packages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.documents import read_yaml, to_yaml
from pytest_f07.variant.paths import PACKAGING, Project


def read(project: Project) -> dict[str, Any]:
    """Return the document, which another tool may have written; an empty document where there is no file."""
    where = project.show(project.registry)
    if not project.registry.exists() or not project.registry.read_bytes().strip():
        return {"variants": {}}
    document = read_yaml(project.registry, where)
    if document.get("variants") is None:
        document["variants"] = {}
    if not isinstance(document["variants"], dict):
        raise F07Error(f"{where}: variants is {document['variants']!r}; it must hold one entry for each variant.")
    return document


def without_variant(project: Project, variant: str) -> bytes:
    """Return the registry's new text without the entry of ``variant``, all other entries kept."""
    document = read(project)
    document["variants"].pop(variant, None)
    return to_yaml(document)


def with_variant(project: Project, variant: str, parent: str) -> bytes:
    """Return the registry's new text with an entry for ``variant``, all other entries kept."""
    document = read(project)
    if variant in document["variants"]:
        where = project.show(project.registry)
        raise F07Error(f"VARIANT={variant} is taken: {where} lists it. Choose another name.")
    document["variants"][variant] = {
        "created_at": datetime.now(UTC).isoformat(),
        "params_path": project.show(project.variant(variant).params),
        "parent_phase": PACKAGING,
        "parent_variant": parent,
    }
    return to_yaml(document)
