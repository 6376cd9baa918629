"""The user's git, asked for no more than a variant needs: its own files, whatever else is staged or dirty."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from pytest_f07.errors import F07Error, one_line
from pytest_f07.variant.revision import git_environment


def is_repository(root: Path) -> bool:
    """Return whether ``root`` lies in a git repository, readable or not."""
    return any((folder / ".git").exists() for folder in (root, *root.parents))


class Git:
    """The repository that a project lies in, at its top or in a folder of it.

    :raises F07Error: where there is no git, no repository, or git refuses to work in it, in git's own words.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        if not is_repository(root) or self._run("rev-parse", "--is-inside-work-tree") != "true":
            raise F07Error(f"{root} is not in a git repository. Make it one: git init")

    def add(self, paths: Sequence[Path]) -> list[Path]:
        """Let git know ``paths``; return those of them that differ from what is committed."""
        # Files that git ignores are added too: whoever publishes them has named them.
        self._run("add", "--force", "--intent-to-add", "--", *map(str, paths))
        return [path for path in paths if self.is_dirty(path)]

    def commit(self, paths: Sequence[Path], message: str) -> str:
        """Commit ``paths`` as they are on disk, and nothing else that is staged; return the commit's short name."""
        self._run("commit", "--quiet", "--only", "--message", message, "--", *map(str, paths))
        return self._run("rev-parse", "--short", "HEAD")

    def is_dirty(self, path: Path) -> bool:
        """Return whether ``path`` differs from what is committed."""
        return bool(self._run("status", "--porcelain", "--", str(path)))

    def check_committed(self, paths: Sequence[Path]) -> None:
        """Raise :class:`F07Error` that names the first of ``paths`` whose content is not what HEAD holds."""
        top = Path(self._run("rev-parse", "--show-toplevel"))
        for path in paths:
            name = (path.parent.resolve() / path.name).relative_to(top).as_posix()
            if self._ask("rev-parse", "--verify", "--quiet", f"HEAD:{name}") != self._run("hash-object", str(path)):
                raise F07Error(
                    f"git: {name} is not committed as it is on disk; git status and git ls-files -v tell why."
                )

    def is_tracked(self, path: Path) -> bool:
        """Return whether git knows ``path`` or a file below it."""
        return bool(self._run("ls-files", "--", str(path)))

    def check_remote(self, name: str) -> None:
        """Raise :class:`F07Error` where there is no remote of that name."""
        remotes = self._run("remote").split()
        if name not in remotes:
            raise F07Error(f"REMOTE={name}: git has no such remote; it has {', '.join(remotes) or 'none'}.")

    def push_target(self, remote: str | None) -> tuple[str, str] | str:
        """Return remote and branch that the current branch is pushed to, as git push would; else why there is none.

        :param remote: the remote to push to in place of the configured one.
        """
        branch = self._ask("symbolic-ref", "--quiet", "HEAD")
        if not branch:
            return "no branch is checked out; git switch BRANCH first"
        form = "%(push:remotename)%09%(push:remoteref)%09%(upstream:remotename)%09%(upstream:remoteref)"
        pushed_to, pushed_as, upstream, followed = self._run("for-each-ref", f"--format={form}", branch).split("\t")
        name = branch.removeprefix("refs/heads/")
        if (remote or pushed_to) in ("", "."):
            return f"branch {name} has no upstream; git push -u REMOTE {name} gives it one, or REMOTE= names a remote"
        if remote is None or remote == pushed_to:
            return pushed_to, pushed_as or (followed if upstream == pushed_to else branch)
        return remote, branch

    def push(self, remote: str, branch: str) -> None:
        """Push the current branch."""
        self._run("push", "--quiet", remote, f"HEAD:{branch}")

    def _ask(self, *arguments: str) -> str | None:
        """Return what git prints; None where it says no."""
        try:
            return self._run(*arguments)
        except F07Error:
            return None

    def _run(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=self._root, env=git_environment(), capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise F07Error(f"git cannot be run ({error.strerror}). Install it, or put it on PATH.") from None
        if done.returncode:
            reason = one_line(done.stderr or done.stdout)
            raise F07Error(f"git {arguments[0]} failed: {reason}")
        return done.stdout.strip("\n")
