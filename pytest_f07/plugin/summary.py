"""A run as the report and the metadata tell it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from pytest_f07.replay.process import log_tail
from pytest_f07.results import metadata
from pytest_f07.results.figures import draw_pace
from pytest_f07.results.report import Page
from pytest_f07.run import Run
from pytest_f07.variant.wording import counted


def page(run: Run, note: str | None) -> Page:
    """What the report tells.

    :param note: why the run does not count; None where it is whole.
    """
    timings, comparison_png = run.timings, run.outputs.comparison_png
    failed = any(verdict.failures for verdict in run.verdicts.values())
    timed = [(one.end - timings.begin, one.windows, one.seconds) for one in timings.completions]
    return Page(
        variant=run.variant,
        package=run.manifest.package.name,
        models=run.models,
        verdicts=run.verdicts,
        expected=len(run.manifest.prediction_names),
        note=note,
        began=f"{run.began:%Y-%m-%d %H:%M:%S} UTC",
        seconds=(datetime.now(UTC) - run.began).total_seconds(),
        counts=_counts(run) if run.verdicts and not run.broken else {},
        windows_per_second=timings.windows_per_second,
        latency=metadata.latency(timings.latencies),
        requests=len(timings.latencies),
        warnings=run.warnings,
        log_tail=log_tail(run.outputs.server_log) if failed else [],
        provenance=_provenance(run),
        files=run.manifest.files or {},
        comparison_png=comparison_png.read_bytes() if comparison_png.is_file() else None,
        pace_png=draw_pace(timed) if timed else None,
        compared=run.compared,
    )


def pictures(run: Run, prediction_name: str) -> dict[str, bytes]:
    """One model's pictures, as PNG; none where the run broke before they were drawn."""
    out = run.outputs
    paths = {"confusion": out.confusion_png(prediction_name), "scores": out.scores_png(prediction_name)}
    return {kind: path.read_bytes() for kind, path in paths.items() if path.is_file()}


def document(run: Run) -> dict[str, Any]:
    """07_deployrun_metadata.json."""
    rows = {dataset.source_f04: dataset.rows for dataset in run.datasets}
    facts = {
        "manifest": {"sha256": run.manifest.digest},
        "counts": {**_counts(run), "rows": rows},
        "versions": metadata.versions(run.identity.get("versions", {})),
        "throughput": {"requests": len(run.timings.latencies), "windows_per_second": run.timings.windows_per_second},
        "latency": metadata.latency(run.timings.latencies),
        "seconds": {stage: round(seconds, 3) for stage, seconds in run.seconds.items()},
        "warnings": run.warnings,
    }
    inputs = [run.paths.params, run.paths.manifest, *(found.path for found in run.datasets)]
    return metadata.document(
        run.project, run.outputs, run.variant, run.manifest.package.name, inputs, run.params.document(),
        run.verdicts, facts,
    )  # fmt: skip


def _counts(run: Run) -> dict[str, int]:
    windows = sum(dataset.rows for dataset in run.datasets)
    return {"windows": windows, "predictions": windows * len(run.models)}


def _provenance(run: Run) -> dict[str, str]:
    """What was validated, with what."""
    found, params = run.manifest, run.params
    software = metadata.versions(run.identity.get("versions", {}))
    sides = {f"{side} {name}": version for side in ("client", "server") for name, version in software.pop(side).items()}
    return {
        "variant": run.variant,
        "package": found.package.name,
        "sealed": "no" if found.files is None else f"yes, {counted(len(found.files), 'file')}",
        "manifest sha256": found.digest,
        "git commit": metadata.git_commit(run.project.root),
        "batch_size": str(params.batch_size),
        "sample_size": str(params.sample_size or "all rows"),
        "equivalence": params.equivalence,
        **({"require": json.dumps(params.require)} if params.require else {}),
        **software,
        **sides,
    }
