"""Tell each model's metrics from run to run, in time order, and what changed between two: from metadata alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.results.comparison.model_record import record_differences
from pytest_f07.results.metric_table import METRICS, UNDEFINED
from pytest_f07.results.server_record import describe_server
from pytest_f07.variant.documents import read_json
from pytest_f07.variant.paths import Project, is_variant
from pytest_f07.variant.revision import published_metadata

SHOWN = ("precision", "recall", "f1")
TITLES = {metric.key: metric.title for metric in METRICS}
NOT_RECORDED = "not recorded"
SOFTWARE = ("tensorflow", "keras")


@dataclass(frozen=True)
class HistoryEntry:
    """One model in one run.

    :param revision: of git, in which the run is published; empty for the run that lies in the project.
    :param metrics: the text of each metric of :data:`SHOWN`, with its interval where there is one.
    :param changes: what changed since the run before.
    """

    timestamp: str
    variant: str
    package: str
    revision: str
    outcome: str
    metrics: Mapping[str, str]
    changes: tuple[str, ...]

    @property
    def when(self) -> str:
        """Return date and time to the minute."""
        return self.timestamp[:16].replace("T", " ")

    @property
    def name(self) -> str:
        """Return the variant, with the revision where it is a published run."""
        return f"{self.variant}@{self.revision}" if self.revision else self.variant


def read_history(
    project: Project, names: Sequence[str] | None = None, current: Mapping[str, Any] | None = None
) -> dict[str, list[HistoryEntry]]:
    """Return the runs of each model, the oldest first.

    :param names: the models; None for all that any run has.
    :param current: what the metadata of the run under way will say; None where there is none.
    """
    documents: list[tuple[str, Mapping[str, Any]]] = [*_read_documents(project)]
    documents.sort(key=lambda entry: str(entry[1].get("timestamp")))
    documents += [("", current)] if current else []
    models = {name: None for _, document in documents for name in _models(document)}
    history = {name: list(_entries(name, documents)) for name in (models if names is None else names)}
    return {name: entries for name, entries in history.items() if entries}


def _read_documents(project: Project) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the revision and the metadata of each run once; one that lies in the project is of no revision."""
    timestamps = set()
    folders = sorted(project.variants.iterdir()) if project.variants.is_dir() else []
    for folder in folders:
        path = project.variant(folder.name).metadata
        if is_variant(folder.name) and path.is_file():
            try:
                document = read_json(path, project.show(path))
            except F07Error:
                continue
            timestamps.add((document.get("variant"), document.get("timestamp")))
            yield "", document
    for revision, document in published_metadata(project):
        key = (document.get("variant"), document.get("timestamp"))
        if key not in timestamps:
            timestamps.add(key)
            yield revision, document


def _models(document: Mapping[str, Any]) -> Mapping[str, Any]:
    models = document.get("models")
    return models if isinstance(models, dict) else {}


def _entries(name: str, documents: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[HistoryEntry]:
    before: Mapping[str, Any] | None = None
    for revision, document in documents:
        model = _models(document).get(name)
        if isinstance(model, dict):
            yield HistoryEntry(
                str(document.get("timestamp")),
                str(document.get("variant")),
                str(document.get("parent_variant")),
                revision,
                str(model.get("outcome")),
                _metric_texts(model.get("metrics"), model.get("intervals")),
                tuple(_changes(name, before, document)) if before else (),
            )
            before = document


def _metric_texts(metrics: object, resampled: object) -> dict[str, str]:
    """Return each metric with Wilson's interval where it has one, else with that of resampled blocks."""
    if not isinstance(metrics, dict) or not metrics:
        return dict.fromkeys(SHOWN, NOT_RECORDED)
    texts, intervals = {}, resampled if isinstance(resampled, dict) else {}
    for key in SHOWN:
        value, low, high = (metrics.get(name) for name in (key, f"{key}_low", f"{key}_high"))
        if low is None and isinstance(interval := intervals.get(key), list) and len(interval) == 2:
            low, high = interval
            if low == high:  # each resample gave the same value, as of a model without a hit
                low = high = None
        text = f"{value:.4f}" if isinstance(value, int | float) else NOT_RECORDED
        if isinstance(low, int | float) and isinstance(high, int | float):
            # Wilson's interval is 0 to 1 for a metric of no rows alone.
            text = UNDEFINED if (low, high) == (0.0, 1.0) else f"{text} ({low:.4f} to {high:.4f})"
        texts[key] = text
    return texts


def _changes(name: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what changed about the model, the server and its software between two runs."""
    record_then, record_now = (_models(document)[name].get("model") for document in (then, now))
    if isinstance(record_now, dict) and record_now:
        yield from record_differences(
            record_then if isinstance(record_then, dict) and record_then else None, record_now
        )
    server_then, server_now = (_describe_server(document) for document in (then, now))
    if server_then != server_now:
        yield f"server: {server_then} then, {server_now} now"
    for software in SOFTWARE:
        version_then, version_now = (_server_version(document, software) for document in (then, now))
        if version_then != version_now:
            yield f"{software} {version_then} then, {version_now} now"


def _describe_server(document: Mapping[str, Any]) -> str:
    server = document.get("server")
    return describe_server(server if isinstance(server, dict) else {})


def _server_version(document: Mapping[str, Any], software: str) -> str:
    versions = document.get("versions")
    server = versions.get("server") if isinstance(versions, dict) else None
    return str(server.get(software, NOT_RECORDED)) if isinstance(server, dict) else NOT_RECORDED
