"""The user's DVC: who keeps a path, and the few commands that a variant needs. An extra: ``pytest-f07[dvc]``."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pytest_f07.errors import F07Error, one_line
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.revision import git_environment


@dataclass(frozen=True)
class Output:
    """A path that DVC knows.

    :param stage: how commands name what makes it: a ``.dvc`` file, or a stage of a dvc.yaml.
    :param defined_in: the ``.dvc`` file or dvc.yaml.
    :param cached: whether DVC keeps the content; where it does not (``cache: false``), git does.
    """

    path: Path
    stage: str
    defined_in: Path
    cached: bool

    @property
    def of_pipeline(self) -> bool:
        """Whether a stage of a dvc.yaml makes it."""
        return self.defined_in.suffix != ".dvc"

    def holds(self, path: Path) -> bool:
        """Return whether DVC keeps ``path`` through it."""
        return self.cached and path.is_relative_to(self.path)

    def touches(self, folder: Path) -> bool:
        """Return whether it is, holds or lies in ``folder``."""
        return self.path.is_relative_to(folder) or folder.is_relative_to(self.path)


def is_initialised(root: Path) -> bool:
    """Whether ``root`` lies in a DVC repository."""
    return any((folder / ".dvc" / "config").is_file() for folder in (root, *root.parents))


def is_installed() -> bool:
    """Whether this environment has DVC."""
    return find_spec("dvc") is not None


class Dvc:
    """The DVC repository that a project lies in.

    :raises F07Error: where DVC is not installed or not initialised, with what to do.
    """

    def __init__(self, root: Path) -> None:
        if not is_installed():
            raise F07Error("DVC is not installed in this environment. Install it: pip install 'pytest-f07[dvc]'")
        if not is_initialised(root):
            raise F07Error(
                f"DVC is not initialised in {root}. Initialise it: dvc init && git commit -m 'Initialise DVC' "
                "(dvc init --subdir where the project is a folder of a larger repository)"
            )
        self._root = root

    def outputs(self) -> list[Output]:
        """Return all that DVC keeps, of ``.dvc`` files and of pipelines."""
        # DVC's command line does not tell which stage makes a path, nor whether it is cached: dvc stage list cuts its
        # lines to 80 characters, dvc ls and dvc data status name no stage and leave out what is not cached.
        from dvc.exceptions import DvcException
        from dvc.repo import Repo

        try:
            with Repo(str(self._root)) as repo:
                return [
                    Output(Path(out.fs_path), self._address(out.stage), Path(out.stage.path), bool(out.use_cache))
                    for out in repo.index.outs
                ]
        except DvcException as error:
            raise F07Error(f"dvc: {one_line(str(error))}") from None

    def _address(self, stage: object) -> str:
        """Return a stage's name as a command run in the project's root takes it."""
        path, name = Path(stage.path), getattr(stage, "name", None)  # type: ignore[attr-defined]  # dvc has no types
        if not name:
            return str(path)
        return str(name) if path.parent == self._root else f"{path}:{name}"

    def remote(self) -> tuple[str | None, str]:
        """Return the remote to push to; else None, and why."""
        settings = dict(line.split("=", 1) for line in self._run("config", "--list").splitlines() if "=" in line)
        names = [
            key.split(".", 1)[1].removesuffix(".url")
            for key in settings
            if key.startswith("remote.") and key.endswith(".url")
        ]
        if default := settings.get("core.remote"):
            return default, ""
        if len(names) == 1:
            return names[0], ""
        if not names:
            return None, "DVC has no remote; dvc remote add --default NAME URL gives it one"
        return None, f"DVC has the remotes {', '.join(names)} and no default; dvc remote default NAME chooses one"

    def add(self, paths: Sequence[Path]) -> None:
        """Keep paths that no stage makes."""
        self._run("add", *map(str, paths))

    def commit(self, stages: Sequence[str]) -> None:
        """Keep what stages made, as it is now."""
        self._run("commit", "--force", *stages)

    def push(self, remote: str, targets: Sequence[str]) -> None:
        """Send what is kept to ``remote``, and see that it is there."""
        self._run("push", "--remote", remote, *targets)
        states = json.loads(self._run("status", "--cloud", "--json", "--remote", remote, *targets))
        absent = sorted(name for name, state in states.items() if state in ("new", "missing"))
        if absent:
            raise F07Error(f"dvc push ended well, and remote {remote} does not have {', '.join(absent)}.")

    def remove(self, stages: Sequence[str]) -> None:
        """Forget stages and ``.dvc`` files."""
        self._run("remove", *stages)

    def _run(self, command: str, *arguments: str) -> str:
        # Not --quiet: it hides why.
        line = python_command("dvc", command, *arguments)
        done = subprocess.run(
            line,
            cwd=self._root,
            env={**child_environment(), **git_environment()},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise F07Error(f"dvc {command} failed: {_reason(done.stderr or done.stdout)}")
        return done.stdout


def _reason(text: str) -> str:
    """Return DVC's first error and its last as one line: between them it repeats the first for each file."""
    errors = text.split("Having any troubles?")[0].split("ERROR:")
    lines = list(dict.fromkeys(one_line(error) for error in (errors[1:] or errors)))
    return "; ".join(dict.fromkeys((lines[0], lines[-1]))) or "it does not say why"
