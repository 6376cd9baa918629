"""The user's git, asked for no more than a variant needs: its own files, whatever else is staged or dirty."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from pytest_f07.errors import F07Error


class Git:
    """The repository that a project lies in, at its top or in a folder of it.

    :raises F07Error: where there is no git, or no repository.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        if self._ask("rev-parse", "--is-inside-work-tree") != "true":
            raise F07Error(f"{root} is not in a git repository. Make it one: git init")

    def changed(self, paths: Sequence[Path]) -> bool:
        """Whether a commit of ``paths``, known to git or not, would hold anything."""
        # Files that git ignores are added too: whoever publishes them has named them.
        self._run("add", "--force", "--intent-to-add", "--", *map(str, paths))
        return bool(self._run("status", "--porcelain", "--", *map(str, paths)))

    def commit(self, paths: Sequence[Path], message: str) -> str:
        """Commit ``paths`` as they are on disk; whatever else is staged stays staged. The commit's short name."""
        self._run("commit", "--quiet", "--only", "--message", message, "--", *map(str, paths))
        return self._run("rev-parse", "--short", "HEAD")

    def dirty(self, path: Path) -> bool:
        """Whether ``path`` differs from what is committed."""
        return bool(self._run("status", "--porcelain", "--", str(path)))

    def tracked(self, path: Path) -> bool:
        """Whether git knows ``path`` or a file below it."""
        return bool(self._run("ls-files", "--", str(path)))

    def upstream(self) -> tuple[str, str] | str:
        """Remote and branch that this branch is pushed to; else why there is none."""
        branch = self._ask("symbolic-ref", "--quiet", "--short", "HEAD")
        if not branch:
            return "no branch is checked out"
        remote = self._ask("config", f"branch.{branch}.remote")
        merge = self._ask("config", f"branch.{branch}.merge")
        if not remote or not merge or remote == ".":
            return f"branch {branch} has no upstream; git push -u REMOTE {branch} gives it one"
        return remote, merge

    def push(self, remote: str, branch: str) -> None:
        """Push the current branch."""
        self._run("push", "--quiet", remote, f"HEAD:{branch}")

    def _ask(self, *arguments: str) -> str | None:
        """What git prints; None where it says no."""
        try:
            return self._run(*arguments)
        except F07Error:
            return None

    def _run(self, *arguments: str) -> str:
        try:
            done = subprocess.run(["git", *arguments], cwd=self._root, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise F07Error("git is not installed.") from None
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())
            raise F07Error(f"git {arguments[0]} failed: {said}")
        return done.stdout.strip()
