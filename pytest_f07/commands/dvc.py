"""The user's DVC: who keeps a path, and the few commands that a variant needs. An extra: ``pytest-f07[dvc]``."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pytest_f07.errors import F07Error
from pytest_f07.variant.interpreter import child_environment, python_command


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

    def touches(self, folder: Path) -> bool:
        """Whether it is, holds or lies in ``folder``."""
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
        """All that DVC keeps, of ``.dvc`` files and of pipelines."""
        from dvc.exceptions import DvcException
        from dvc.repo import Repo

        try:
            with Repo(str(self._root)) as repo:
                return [
                    Output(Path(out.fs_path), self._address(out.stage), Path(out.stage.path), bool(out.use_cache))
                    for out in repo.index.outs
                ]
        except DvcException as error:
            raise F07Error(f"dvc: {' '.join(str(error).split())}") from None

    def _address(self, stage: object) -> str:
        """A stage's name as a command run in the project's root takes it."""
        path, name = Path(stage.path), getattr(stage, "name", None)  # type: ignore[attr-defined]  # dvc has no types
        if not name:
            return str(path)
        return str(name) if path.parent == self._root else f"{path}:{name}"

    def remote(self) -> tuple[str | None, str]:
        """The remote to push to; else None, and why."""
        from dvc.repo import Repo

        with Repo(str(self._root)) as repo:
            default, names = repo.config["core"].get("remote"), list(repo.config["remote"])
        if default or len(names) == 1:
            return str(default or names[0]), ""
        if not names:
            return None, "DVC has no remote; dvc remote add --default NAME URL gives it one"
        return None, f"DVC has the remotes {', '.join(names)} and no default; dvc remote default NAME chooses one"

    def add(self, folders: Sequence[Path]) -> None:
        """Keep folders that no stage makes."""
        self._run("add", *map(str, folders))

    def commit(self, stages: Sequence[str]) -> None:
        """Keep what stages made, as it is now."""
        self._run("commit", "--force", *stages)

    def push(self, remote: str, stages: Sequence[str]) -> None:
        """Send what is kept to ``remote``."""
        self._run("push", "--remote", remote, *stages)

    def remove(self, stages: Sequence[str]) -> None:
        """Forget stages and ``.dvc`` files."""
        self._run("remove", *stages)

    def _run(self, command: str, *arguments: str) -> None:
        line = python_command("dvc", command, "--quiet", *arguments)
        done = subprocess.run(
            line, cwd=self._root, env=child_environment(), capture_output=True, encoding="utf-8", errors="replace",
            check=False,
        )  # fmt: skip
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split()).removeprefix("ERROR: ")
            raise F07Error(f"dvc {command} failed: {said}")
