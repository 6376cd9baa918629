"""Workers on hosts of their own: another network, other disks, no file of the driver's; TLS between them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import REAL_PACKAGES, F07Project
from tests.cluster.certificates import dask_options, dask_variables, make_certificates
from tests.cluster.conftest import StartSession
from tests.cluster.hosts import Network, refusal
from tests.cluster.running import SMALL_SHARDS, Cluster, Session, servers_of, wait_for


@pytest.fixture
def network() -> Iterator[Network]:
    """A driver's host, and no other yet."""
    if why_not := refusal():
        pytest.skip(why_not)
    network = Network()
    try:
        yield network
    finally:
        network.close()


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, Path]:
    return make_certificates(tmp_path / "certificates")


@pytest.fixture
def cluster(
    network: Network, f07_project: F07Project, tmp_path: Path, certificates: dict[str, Path]
) -> Iterator[Cluster]:
    """A scheduler on the driver's host, and a worker on each of two hosts, where nothing of the project lies."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder, dask_options(certificates), network.driver)
    try:
        for _ in range(2):
            host = network.add_host()
            host.mount_disk(f07_project.root, "1m")
            cluster.add_workers(1, host=host)
        yield cluster
    finally:
        cluster.close()


@pytest.mark.parametrize("package", ["demo", "real"])
def test_hosts_without_a_shared_disk_write_the_bytes_of_one_machine(
    package: str, network: Network, cluster: Cluster, f07_project: F07Project, certificates: dict[str, Path]
) -> None:
    """TensorFlow answers on both hosts; the files reach them through TLS, and no copy stays."""
    if package == "real":
        lay_out_real_package(f07_project)
    status = f07_project.run().ret
    alone = f07_project.artefacts()
    (f07_project.root / "conftest.py").write_text(SMALL_SHARDS)
    option, variables = f"--f07-scheduler={cluster.address}", dask_variables(certificates)
    session = Session(f07_project, (option,), variables, network.driver)
    assert session.end() == status, session.output
    assert f07_project.artefacts() == alone
    assert f07_project.metadata["cluster"]["workers"] == 2
    assert f07_project.metadata["cluster"]["refused"] == {}
    assert not list(cluster.folder.rglob("model.h5"))


def lay_out_real_package(project: F07Project) -> None:
    """Put the real v601 in place of the demo's."""
    if not REAL_PACKAGES.is_dir():
        pytest.skip("the real packages are not beside this checkout")
    shutil.rmtree(project.root / "executions")
    shutil.copytree(REAL_PACKAGES / "executions", project.root / "executions", copy_function=shutil.copyfile)
    for folder in [project.root / "executions", *(project.root / "executions").rglob("*")]:
        folder.chmod(0o755)
    project.variant7("v701", "v601")


def test_a_host_whose_cable_is_pulled_takes_nothing_with_it(
    network: Network,
    cluster: Cluster,
    start_session: StartSession,
    f07_project: F07Project,
    certificates: dict[str, Path],
    undisturbed: dict[str, bytes],
) -> None:
    """Nobody is told that it is gone: the silence is noticed after Dask's comm.timeouts.tcp."""
    variables = dask_variables(certificates)
    option = f"--f07-scheduler={cluster.address}"
    session = start_session(option, fault="slow", host=network.driver, **variables)
    session.wait_for_parts(2)
    network.unplug(network.others[0])
    assert session.end() == 0, session.output
    assert f07_project.artefacts() == undisturbed
    wait_for(lambda: not servers_of(f07_project), "the end of the servers on both hosts")


def test_a_host_whose_disk_is_full_is_not_used_any_more(
    network: Network,
    cluster: Cluster,
    start_session: StartSession,
    f07_project: F07Project,
    certificates: dict[str, Path],
    undisturbed: dict[str, bytes],
) -> None:
    host = network.add_host()
    host.mount_disk(f07_project.root, "1m")
    full = cluster.folder / f"scratch-{len(cluster.processes)}"
    full.mkdir()
    host.mount_disk(full, "100k")  # less than the package has
    cluster.add_workers(1, host=host)
    option = f"--f07-scheduler={cluster.address}"
    session = start_session(option, fault="slow", host=network.driver, **dask_variables(certificates))
    assert session.end() == 0, session.output
    [(address, reason)] = f07_project.metadata["cluster"]["refused"].items()
    assert (host.address in address, reason) == (True, "No space left on device")
    assert f07_project.artefacts() == undisturbed
