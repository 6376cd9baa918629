"""publish7: DVC keeps logs/, metrics/ and report/; git commits this variant's small files, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_f07.commands.dvc import Dvc, Output
from pytest_f07.commands.git import Git
from pytest_f07.errors import F07Error
from pytest_f07.results.accounting import check_accounting
from pytest_f07.results.checks import describe_outcome
from pytest_f07.results.own_checks import recorded_outcomes
from pytest_f07.results.reading.complete import read_metadata, require_variant
from pytest_f07.results.reading.unaltered import describe_alteration
from pytest_f07.variant.lock import variant_lock
from pytest_f07.variant.paths import Project, VariantPaths
from pytest_f07.variant.wording import counted


def publish(project: Project, variant: str, allow_failed: bool, remote: str | None = None) -> Iterator[str]:
    """Publish a complete, passed and unaltered run (specification §4.4); a line for each thing done.

    It can be run again: what is done already is found done. It ends well only where others can have the run: the
    commit holds every pointer, DVC's remote has what they point to, and the commit is pushed.

    :param allow_failed: publish a run in which a model failed, too.
    :param remote: the git remote to push to in place of the branch's own.
    :raises F07Error: before anything is touched, where it cannot be published; after it, where it cannot be pushed.
    """
    paths = require_variant(project, variant)
    with variant_lock(paths):
        document = _publishable(project, paths, allow_failed)
        git, dvc = Git(project.root), Dvc(project.root)
        if remote is not None:
            git.check_remote(remote)
        yield from _keep(project, dvc, paths)
        outputs = dvc.outputs()
        kept = _kept(project, paths, outputs)
        yield from _commit(project, git, paths, outputs, kept, document)
        yield from _push(git, dvc, kept, remote, variant)


def _publishable(project: Project, paths: VariantPaths, allow_failed: bool) -> dict[str, Any]:
    document = read_metadata(project, paths)
    if wrong := describe_alteration(project, paths, document):
        raise F07Error(f"{paths.name} is not published: {wrong}. Run it again: make script7-run VARIANT={paths.name}")
    try:
        check_accounting(project, paths, document)
    except F07Error as error:
        again = f"Run it again: make script7-run VARIANT={paths.name}"
        raise F07Error(f"{paths.name} is not published: {error} {again}") from None
    if document["outcome"] != "passed" and not allow_failed:
        models = document.get("models", {})
        outcomes = {name: model.get("outcome") for name, model in models.items()} | recorded_outcomes(document)
        failed = ", ".join(name for name, outcome in outcomes.items() if outcome != "passed")
        raise F07Error(
            f"{paths.name} is not published: {failed} failed. To publish it all the same: "
            f"make publish7 VARIANT={paths.name} ALLOW_FAILED=1"
        )
    return document


def _declared(project: Project, paths: VariantPaths) -> list[Path]:
    """Return the small files, which git keeps where DVC does not."""
    return [paths.params, paths.manifest, paths.metadata, project.registry]


def _keep(project: Project, dvc: Dvc, paths: VariantPaths) -> Iterator[str]:
    """Let DVC keep the published folders, and go on keeping what it keeps already.

    A path belongs to a stage or to a ``.dvc`` file, its own or that of a folder above; DVC lets it be one of them.
    """
    outputs = dvc.outputs()
    made = [out for out in outputs if out.of_pipeline and any(out.touches(folder) for folder in paths.published)]
    held = [out for out in outputs if not out.of_pipeline]
    free = [folder for folder in paths.published if not any(out.touches(folder) for out in made)]
    wanted = [paths.folder] if any(out.holds(paths.folder) for out in held) else free
    wanted += [
        path
        for path in _declared(project, paths)
        if any(out.holds(path) for out in held) and not any(path.is_relative_to(folder) for folder in wanted)
    ]
    if wanted:
        dvc.add(wanted)
        yield f"DVC keeps {_show(project, wanted)} (dvc add)"
    if made:
        stages = sorted({out.stage for out in made})
        dvc.commit(stages)
        yield f"DVC keeps {_show(project, [out.path for out in made])} (dvc commit of {', '.join(stages)})"
    for folder in paths.published:
        for path in sorted(folder.rglob("*")) if folder not in free else []:
            # An output may be one file of a folder; DVC refuses to take the rest of it.
            if path.is_file() and not any(path.is_relative_to(out.path) for out in made):
                yield f"nobody keeps {project.show(path)}: no stage names it among its outs"


def _kept(project: Project, paths: VariantPaths, outputs: Sequence[Output]) -> list[Output]:
    """Return the outputs through which DVC knows the variant's files; :class:`F07Error` where it does not."""
    for folder in paths.published:
        if not any(out.touches(folder) for out in outputs):
            raise F07Error(
                f"DVC was given {project.show(folder)} and does not know it; dvc add it, and look with dvc status."
            )
    files = _declared(project, paths)
    return [
        out
        for out in outputs
        if any(out.touches(folder) for folder in paths.published) or any(out.holds(path) for path in files)
    ]


def _show(project: Project, paths: Sequence[Path]) -> str:
    return ", ".join(map(project.show, paths))


def _commit(
    project: Project,
    git: Git,
    paths: VariantPaths,
    outputs: Sequence[Output],
    kept: Sequence[Output],
    document: Mapping[str, Any],
) -> Iterator[str]:
    """Commit the small files and DVC's pointers: ``.dvc`` files, dvc.lock, the ``.gitignore`` beside each output."""
    small = [path for path in _declared(project, paths) if not any(out.holds(path) for out in outputs)]
    pipelines = sorted({out.defined_in for out in kept if out.of_pipeline})
    pointers = [out.defined_in for out in kept if not out.of_pipeline]
    locks = [pipeline.with_name("dvc.lock") for pipeline in pipelines]
    ignores = [out.path.with_name(".gitignore") for out in kept]
    uncached = [out.path for out in kept if not out.cached]
    candidates = dict.fromkeys([*small, *pointers, *locks, *ignores, *uncached])
    files = [path for path in candidates if path.exists()]
    if changed := git.add(files):
        models = counted(len(document.get("models", {})), "model")
        message = f"F07 {paths.name} of {document.get('parent_variant')}: {models}, {describe_outcome(document)}"
        yield f"git: committed {git.commit(changed, message)}, {counted(len(changed), 'file')} of {paths.name}"
    else:
        yield "git: nothing new to commit"
    git.check_committed([path for path in files if path.is_file()])
    for pipeline in pipelines:
        if git.is_dirty(pipeline):
            yield f"git: {project.show(pipeline)} is yours and not committed; commit it, the data is found through it"


def _push(git: Git, dvc: Dvc, kept: Sequence[Output], remote: str | None, variant: str) -> Iterator[str]:
    """Push DVC first, so that no pointer is public before what it points to."""
    stages = sorted({out.stage for out in kept if out.cached})
    storage, no_storage = dvc.remote() if stages else (None, "")
    target = git.push_target(remote)
    no_target = "" if isinstance(target, tuple) else target
    try:
        if no_storage:
            raise F07Error(f"nothing is pushed: {'; '.join(filter(None, (no_storage, no_target)))}.")
        if storage is not None:
            dvc.push(storage, stages)
            yield f"DVC: pushed to {storage}"
        if not isinstance(target, tuple):
            raise F07Error(f"git did not push: {target}.")
        git.push(*target)
        yield f"git: pushed to {target[0]}"
    except F07Error as error:
        again = f"make publish7 VARIANT={variant}" + (f" REMOTE={remote}" if remote else "")
        raise F07Error(f"{error} The commit is kept; when this is mended, run it again: {again}") from None
