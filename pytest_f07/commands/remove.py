"""Remove a variant (``remove7``): DVC's entries, its folder, its registry entry; safe to interrupt and repeat."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pytest_f07.commands.children import children, dependents
from pytest_f07.commands.dvc import Dvc, is_initialised, is_installed
from pytest_f07.commands.git import Git, is_repository
from pytest_f07.errors import F07Error
from pytest_f07.variant import registry
from pytest_f07.variant.documents import write_atomic
from pytest_f07.variant.lock import registry_lock, variant_lock
from pytest_f07.variant.paths import Project, VariantPaths, check_variant


def remove(project: Project, variant: str) -> Iterator[str]:
    """Remove a variant without children (specification §4.5), and yield a line for each step.

    The registry's entry goes last: while anything of the variant is left, its entry is too, and the command can be
    repeated.

    :raises F07Error: where there is no such variant, a later variant has it as its parent, or it is being run.
    """
    paths = project.variant(check_variant(variant, "VARIANT"))
    registered = variant in registry.read(project)["variants"]
    if not os.path.lexists(paths.folder) and not registered:
        raise F07Error(f"there is no variant {variant}: neither folder nor entry in {project.show(project.registry)}.")
    if names := children(project, variant):
        verb = "is" if len(names) == 1 else "are"
        raise F07Error(f"{variant} is not removed: made of it {verb} {', '.join(names)}.")
    if names := dependents(project, variant):
        verb = "names" if len(names) == 1 else "name"
        raise F07Error(f"{variant} is not removed: require in params.yaml of {', '.join(names)} {verb} its run.")
    if paths.folder.is_symlink():
        paths.folder.unlink()
        yield f"{project.show(paths.folder)}: the link removed; what it led to is left alone"
    else:
        yield from _remove_folder(project, paths)
    if registered:
        with registry_lock(project.variants):
            write_atomic(project.registry, registry.without_variant(project, variant))
        yield f"{project.show(project.registry)}: the entry of {variant} removed"
    yield from _report_git(project, paths)


def _remove_folder(project: Project, paths: VariantPaths) -> Iterator[str]:
    if not paths.folder.exists():
        yield from _remove_from_dvc(project, paths)
        return
    with variant_lock(paths):
        yield from _remove_from_dvc(project, paths)
        # Without metadata nothing looks complete, wherever the removal is interrupted.
        paths.metadata.unlink(missing_ok=True)
        shutil.rmtree(paths.folder)
    yield f"{project.show(paths.folder)} removed"


def _remove_from_dvc(project: Project, paths: VariantPaths) -> Iterator[str]:
    """Remove the variant's ``.dvc`` files and stages from DVC, and yield a line for each step."""
    if not is_initialised(project.root):
        return
    if not is_installed() and not _may_be_known(project, paths):
        return
    dvc, folder = Dvc(project.root), paths.folder
    outputs = dvc.outputs()
    stages = sorted({out.stage for out in outputs if out.path.is_relative_to(folder)})
    for out in outputs:
        if out.stage in stages and not out.path.is_relative_to(folder):
            raise F07Error(
                f"{paths.name} is not removed: stage {out.stage} also makes {out.path}. Take the outs of {paths.name} "
                "out of it first."
            )
    pipelines = sorted({out.defined_in for out in outputs if out.stage in stages and out.of_pipeline})
    for pipeline in pipelines:
        # DVC writes it anew, and deletes it with its last stage.
        if Git(project.root).is_dirty(pipeline):
            raise F07Error(
                f"{paths.name} is not removed: {project.show(pipeline)} would lose a stage, and holds what is not "
                "committed. Commit it first."
            )
    if stages:
        dvc.remove(stages)
        yield f"DVC: {', '.join(project.show(Path(stage)) for stage in stages)} removed"
    for out in outputs:
        if out.stage not in stages and out.holds(folder):
            pointer, tracked = project.show(out.defined_in), project.show(out.path)
            yield f"DVC: {pointer} still keeps {paths.name} with {tracked}; to forget it there: dvc add {tracked}"
    for pipeline in pipelines:
        if not pipeline.exists():
            yield f"DVC: {project.show(pipeline)} removed, since no stage is left in it; git has it"
        elif paths.name in pipeline.read_text(encoding="utf-8"):
            yield f"DVC: {project.show(pipeline)} still names {paths.name} (metrics or plots); take that out of it"


def _may_be_known(project: Project, paths: VariantPaths) -> bool:
    """Return whether a DVC that is not installed may know of the variant."""
    pipeline = project.root / "dvc.yaml"
    is_named = pipeline.is_file() and paths.name in pipeline.read_text(encoding="utf-8", errors="replace")
    return is_named or paths.dvc_file(paths.folder).exists() or any(paths.folder.glob("*.dvc"))


def _report_git(project: Project, paths: VariantPaths) -> Iterator[str]:
    """Yield the command that commits the removal, where git tracks the variant."""
    if not is_repository(project.root):
        return
    pointer = paths.dvc_file(paths.folder)
    try:
        git = Git(project.root)
        tracked = [path for path in (paths.folder, pointer) if git.is_tracked(path)]
        beside = [path for path in (pointer.with_name(".gitignore"), project.registry) if git.is_tracked(path)]
        changed = [project.show(path) for path in [*tracked, *beside] if git.is_dirty(path)]
    except F07Error as error:
        yield f"whether git still has it cannot be told: {error}"
        return
    if tracked:
        yield f"git still has it; to commit the removal: git commit -m 'Remove {paths.name}' -- {' '.join(changed)}"
