"""publish7: DVC keeps logs/, metrics/ and report/; git commits this variant's small files, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_f07.commands.check import existing, read_metadata, unaltered
from pytest_f07.commands.dvc import Dvc, Output
from pytest_f07.commands.git import Git
from pytest_f07.errors import F07Error
from pytest_f07.variant.lock import variant_lock
from pytest_f07.variant.paths import Project, VariantPaths
from pytest_f07.variant.wording import counted


def publish(project: Project, variant: str, allow_failed: bool) -> Iterator[str]:
    """Publish a complete, passed and unaltered run (specification §4.4); a line for each thing done, or not and why.

    It can be run again: what is done already is found done.

    :param allow_failed: publish a run in which a model failed, too.
    :raises F07Error: before anything is touched, where it cannot be published; after it, where a push fails.
    """
    paths = existing(project, variant)
    with variant_lock(paths):
        document = _publishable(project, paths, allow_failed)
        git, dvc = Git(project.root), Dvc(project.root)
        made = _of_pipeline(dvc, paths)
        yield from _keep(project, dvc, paths, made)
        yield from _commit(project, git, paths, made, document)
        yield from _push(git, dvc, _kept(dvc, paths))


def _publishable(project: Project, paths: VariantPaths, allow_failed: bool) -> dict[str, Any]:
    document = read_metadata(project, paths)
    if wrong := unaltered(project, paths, document).wrong:
        raise F07Error(f"{paths.name} is not published: {wrong}. Run it again: make script7-run VARIANT={paths.name}")
    if document["outcome"] != "passed" and not allow_failed:
        models = document.get("models", {})
        failed = ", ".join(name for name, model in models.items() if model.get("outcome") != "passed")
        raise F07Error(f"{paths.name} is not published: {failed} failed. ALLOW_FAILED=1 publishes it all the same.")
    return document


def _kept(dvc: Dvc, paths: VariantPaths) -> list[Output]:
    """What DVC knows of the published folders."""
    return [out for out in dvc.outputs() if any(out.touches(folder) for folder in paths.published)]


def _of_pipeline(dvc: Dvc, paths: VariantPaths) -> list[Output]:
    return [out for out in _kept(dvc, paths) if out.of_pipeline]


def _keep(project: Project, dvc: Dvc, paths: VariantPaths, made: Sequence[Output]) -> Iterator[str]:
    """A path belongs to a stage or to a ``.dvc`` file; DVC does not let it be both."""
    free = [folder for folder in paths.published if not any(out.touches(folder) for out in made)]
    if free:
        dvc.add(free)
        yield f"DVC keeps {_show(project, free)} (dvc add)"
    if made:
        stages = sorted({out.stage for out in made})
        dvc.commit(stages)
        yield f"DVC keeps {_show(project, [out.path for out in made])} (dvc commit of {', '.join(stages)})"
    for folder in paths.published:
        for path in sorted(folder.rglob("*")) if folder not in free else []:
            # An output may be one file of a folder; DVC refuses to take the rest of it.
            if path.is_file() and not any(path.is_relative_to(out.path) for out in made):
                yield f"nobody keeps {project.show(path)}: no stage names it among its outs"


def _show(project: Project, paths: Sequence[Path]) -> str:
    return ", ".join(map(project.show, paths))


def _commit(
    project: Project, git: Git, paths: VariantPaths, made: Sequence[Output], document: Mapping[str, Any]
) -> Iterator[str]:
    pointers = [paths.dvc_file(folder) for folder in paths.published]
    locks = sorted({out.defined_in.with_name("dvc.lock") for out in made})
    uncached = [out.path for out in made if not out.cached]
    candidates = [paths.params, paths.manifest, paths.metadata, *pointers, paths.gitignore, project.registry]
    files = [path for path in dict.fromkeys([*candidates, *locks, *uncached]) if path.exists()]
    if git.changed(files):
        models = counted(len(document.get("models", {})), "model")
        message = f"F07 {paths.name} of {document.get('parent_variant')}: {models}, {document['outcome']}"
        yield f"git: committed {git.commit(files, message)}, {counted(len(files), 'file')} of {paths.name}"
    else:
        yield "git: nothing new to commit"
    for pipeline in sorted({out.defined_in for out in made}):
        if git.dirty(pipeline):
            yield f"git: {project.show(pipeline)} is yours and not committed; commit it, the data is found through it"


def _push(git: Git, dvc: Dvc, kept: Sequence[Output]) -> Iterator[str]:
    """DVC first, so that no pointer is public before what it points to."""
    stages = sorted({out.stage for out in kept if out.cached})
    remote, why_not = dvc.remote()
    upstream = git.upstream()
    try:
        if remote is not None and stages:
            dvc.push(remote, stages)
            yield f"DVC: pushed to {remote}"
        else:
            yield f"DVC: not pushed: {why_not}"
        if isinstance(upstream, tuple):
            git.push(*upstream)
            yield f"git: pushed to {upstream[0]}"
        else:
            yield f"git: not pushed: {upstream}"
    except F07Error as error:
        raise F07Error(f"{error} The commit is kept; run publish7 again when this is mended.") from None
