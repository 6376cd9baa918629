"""DVC's words, cut to the line that tells why; and whether what was pushed is there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_f07.commands.dvc import Dvc, Output
from pytest_f07.errors import F07Error

HELP = "\n\nHaving any troubles? Hit us up at https://dvc.org/support, we are always happy to help!\n"
FAILED = "ERROR: failed to transfer '{}' - Cannot connect\n"
REASONS = {
    f"ERROR: unexpected error - s3 needs dvc-s3{HELP}": "unexpected error - s3 needs dvc-s3",
    "ERROR:  output 'logs' is in git.\n    git rm --cached\n": "output 'logs' is in git. git rm --cached",
    "WARNING: old\nERROR: lock": "lock",
    "".join(map(FAILED.format, "abc")) + "ERROR: failed to push - 3 files\n": (
        "failed to transfer 'a' - Cannot connect; failed to push - 3 files"
    ),
    "Traceback: boom": "Traceback: boom",
    "": "it does not say why",
}


def answering(answers: dict[str, str], failing: str = "") -> Callable[..., subprocess.CompletedProcess[str]]:
    """Stand for DVC's command line: what each command prints; one of them fails."""

    def run(line: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        command = line[4]
        text = answers.get(command, "")
        failed = command == failing
        return subprocess.CompletedProcess(line, int(failed), "" if failed else text, text if failed else "")

    return run


@pytest.fixture
def known(tmp_path: Path) -> Dvc:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").touch()
    return Dvc(tmp_path)


@pytest.mark.parametrize(("text", "reason"), REASONS.items(), ids=range(len(REASONS)))
def test_the_reason_is_one_line(known: Dvc, monkeypatch: pytest.MonkeyPatch, text: str, reason: str) -> None:
    monkeypatch.setattr(subprocess, "run", answering({"add": text}, failing="add"))
    with pytest.raises(F07Error) as caught:
        known.add([Path("logs")])
    assert str(caught.value) == f"dvc add failed: {reason}"


STATES: dict[str, tuple[dict[str, str], str]] = {
    "there": ({}, ""),
    "only there": ({"logs": "deleted"}, ""),
    "only here": ({"logs/b": "new", "logs/a": "new"}, "logs/a, logs/b"),
    "nowhere": ({"logs": "missing"}, "logs"),
}


@pytest.mark.parametrize(("states", "absent"), STATES.values(), ids=STATES)
def test_a_push_that_ends_well_is_not_believed_blindly(
    known: Dvc, monkeypatch: pytest.MonkeyPatch, states: dict[str, str], absent: str
) -> None:
    monkeypatch.setattr(subprocess, "run", answering({"status": json.dumps(states)}))
    if not absent:
        known.push("storage", ["logs.dvc"])
        return
    with pytest.raises(F07Error) as caught:
        known.push("storage", ["logs.dvc"])
    assert str(caught.value) == f"dvc push ended well, and remote storage does not have {absent}."


REMOTES: dict[str, tuple[str, tuple[str | None, str]]] = {
    "default": ("remote.a.url=/a\nremote.b.url=s3://b\ncore.remote=b\n", ("b", "")),
    "only": ("core.autostage=true\nremote.a.url=/a=b\nremote.a.profile=x\n", ("a", "")),
    "dotted": ("remote.a.b.url=/a\n", ("a.b", "")),
    "none": ("core.autostage=true\n", (None, "DVC has no remote; dvc remote add --default NAME URL gives it one")),
    "several": (
        "remote.a.url=/a\nremote.b.url=/b\n",
        (None, "DVC has the remotes a, b and no default; dvc remote default NAME chooses one"),
    ),
}


@pytest.mark.parametrize(("settings", "remote"), REMOTES.values(), ids=REMOTES)
def test_the_remote_is_the_default_or_the_only_one(
    known: Dvc, monkeypatch: pytest.MonkeyPatch, settings: str, remote: tuple[str | None, str]
) -> None:
    monkeypatch.setattr(subprocess, "run", answering({"config": settings}))
    assert known.remote() == remote


def test_an_output_holds_what_lies_in_it_where_dvc_caches_it() -> None:
    folder = Path("/plant/v701")
    for path, cached, holds, touches in (
        (folder, True, True, True),
        (folder.parent, True, True, True),
        (folder / "logs" / "a.csv", True, False, True),
        (folder, False, False, True),
        (folder.with_name("v7010"), True, False, False),
    ):
        output = Output(path, "s.dvc", Path("s.dvc"), cached)
        assert (output.holds(folder / "logs"), output.touches(folder / "logs")) == (holds, touches)
