"""Workers of one host share a folder: made once, removed by the last, whoever comes, goes or is killed meanwhile."""

from __future__ import annotations

import fcntl
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_f07.cluster import host
from pytest_f07.cluster.host import HostFolder
from pytest_f07.errors import F07Error
from pytest_f07.results.references import ReferenceIndex
from pytest_f07.variant.manifest import Manifest

# A worker's process that joins, says so, and waits to be killed.
USER = """
import sys
from pathlib import Path
from pytest_f07.cluster.host import HostFolder
folder = HostFolder.join(Path(sys.argv[1]), sys.argv[2])
(folder.path / "file").touch()
print(folder.place, flush=True)
sys.stdin.read()
"""

HOST = f"@{socket.gethostname()}"


@pytest.fixture
def user(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another worker of this host, which uses the folder of run a."""
    command = [sys.executable, "-c", USER, str(tmp_path), "a"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


def place_of(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    return user.stdout.readline().strip()


def test_the_last_of_a_host_removes_the_folder(tmp_path: Path, user: subprocess.Popen[str]) -> None:
    place = place_of(user)
    here = HostFolder.join(tmp_path, "a")
    assert here.place == place
    assert (here.path / "file").exists()
    user.communicate("")
    assert here.path.exists()
    here.leave()
    here.leave()
    assert list(tmp_path.iterdir()) == []


def test_another_run_has_a_folder_of_its_own_and_removes_what_killed_workers_left(
    tmp_path: Path, user: subprocess.Popen[str]
) -> None:
    place_of(user)
    HostFolder.join(tmp_path, "b").leave()
    assert (tmp_path / f"f07-host-a{HOST}").exists(), "it is used"
    user.kill()
    user.communicate()
    HostFolder.join(tmp_path, "b").leave()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_host_is_left_alone_and_a_half_removed_one_is_removed(tmp_path: Path) -> None:
    elsewhere, half_removed = tmp_path / "f07-host-a@elsewhere", tmp_path / f".f07-host-b{HOST}.0123"
    elsewhere.mkdir()
    half_removed.mkdir()
    HostFolder.join(tmp_path, "c").leave()
    assert list(tmp_path.iterdir()) == [elsewhere]


def test_a_worker_that_is_started_again_uses_what_is_there(tmp_path: Path, user: subprocess.Popen[str]) -> None:
    place_of(user)
    user.kill()
    user.communicate()
    again = HostFolder.join(tmp_path, "a")
    assert (again.path / "file").exists()
    again.leave()


def test_whoever_comes_while_the_last_one_leaves_has_a_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, flock = HostFolder.join(tmp_path, "a"), fcntl.flock

    def leave_before(handle: int, operation: int) -> None:
        if operation == fcntl.LOCK_SH:
            last.leave()
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", leave_before)
    here = HostFolder.join(tmp_path, "a")
    assert here.path.exists()
    here.leave()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_not_used(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "scratch" / f"f07-host-a{HOST}"
    place.parent.mkdir()
    if kind == "file":
        place.touch()
    else:
        place.symlink_to(tmp_path)
    with pytest.raises(F07Error, match=r"f07-host-a.* is no folder; remove it"):
        HostFolder.join(place.parent, "a")


def test_the_index_is_built_once_for_all(tmp_path: Path, loaded: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets, owners = loaded.read_datasets(None), [model.source_f04 for model in loaded.read_models()]
    expected = ReferenceIndex.build(datasets, owners)
    built: list[int] = []

    class Counted(ReferenceIndex):
        @classmethod
        def build(cls, *arguments: object) -> ReferenceIndex:
            built.append(1)
            return expected

    monkeypatch.setattr(host, "ReferenceIndex", Counted)
    users = [HostFolder.join(tmp_path / "driver", "a") for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        indexes = list(pool.map(lambda user: user.index(datasets, owners), users))
    assert [len(index) for index in indexes] == [len(expected)] * 3
    assert len(built) == 1
    for each in users:
        each.leave()


def test_a_worker_that_stands_still_while_it_builds_the_index_holds_nobody_for_ever(
    tmp_path: Path, loaded: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets, owners = loaded.read_datasets(None), [model.source_f04 for model in loaded.read_models()]
    monkeypatch.setattr(host, "PATIENCE_S", 0.2)
    folder = HostFolder.join(tmp_path / "driver", "a")
    with (folder.path / host.INDEX).with_suffix(".lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with ThreadPoolExecutor(1) as pool:
            index = pool.submit(folder.index, datasets, owners)
            try:
                assert len(index.result(60)) == len(ReferenceIndex.build(datasets, owners))
            finally:
                fcntl.flock(held, fcntl.LOCK_UN)
    folder.leave()
