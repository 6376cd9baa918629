"""A run spread over workers writes what one machine writes; what does not suit is refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import F07Project
from tests.cluster.certificates import dask_options, dask_variables, make_certificates
from tests.cluster.conftest import StartSession
from tests.cluster.other_processor import older_processor
from tests.cluster.running import NO_SHARED_DISK, SMALL_SHARDS, Cluster, Session


def test_workers_on_this_machine_write_the_same_bytes(
    start_session: StartSession, f07_project: F07Project, undisturbed: dict[str, bytes]
) -> None:
    session = start_session("--f07-workers=2")
    assert session.end() == 0, session.output
    assert f07_project.artefacts() == undisturbed
    metadata = f07_project.metadata
    assert metadata["cluster"] == {"workers": 2, "processors": {"stub": 2}, "mixed_cpus": False, "refused": {}}
    assert metadata["server"] == {"protocol": "f07", "started_by_run": True, "workers": 2}
    assert not (f07_project.variant / "runtime" / "parts").exists()


def test_a_log_in_parts_has_the_same_bytes_too(start_session: StartSession, f07_project: F07Project) -> None:
    f07_project.set_params(log="parts")
    assert start_session().end() == 0
    alone = f07_project.artefacts()
    session = start_session("--f07-workers=2")
    assert session.end() == 0, session.output
    assert f07_project.artefacts() == alone
    assert sum("raw_predictions.parquet/part-" in name for name in alone) > 2


def test_real_models_give_the_same_bytes_with_and_without_a_nanny(f07_project: F07Project, cluster: Cluster) -> None:
    """A nanny's environment (OMP_NUM_THREADS=1, …) reaches no score; the oracle and /infer agree with all of it."""
    assert f07_project.run().ret == 0
    alone = f07_project.artefacts()
    cluster.add_workers(1, nanny=True)
    cluster.add_workers(1)
    session = Session(f07_project, (f"--f07-scheduler={cluster.address}",))
    assert session.end() == 0, session.output
    assert f07_project.artefacts() == alone


def test_workers_without_a_shared_disk_are_sent_the_files(
    cluster: Cluster, start_session: StartSession, f07_project: F07Project, undisturbed: dict[str, bytes]
) -> None:
    cluster.add_workers(2)
    session = start_session(f"--f07-scheduler={cluster.address}", more=NO_SHARED_DISK)
    assert session.end() == 0, session.output
    assert f07_project.artefacts() == undisturbed
    assert not list(cluster.folder.rglob("*f07-*")), "copies and indexes are removed"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_certificates(tmp_path_factory.mktemp("tls") / "certificates")


@pytest.fixture
def encrypted(tmp_path: Path, certificates: dict[str, Path]) -> Iterator[Cluster]:
    """A scheduler that speaks TLS, and two workers."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder, dask_options(certificates))
    try:
        cluster.add_workers(2)
        yield cluster
    finally:
        cluster.close()


def test_a_cluster_that_speaks_tls_is_reached_with_its_certificates_alone(
    encrypted: Cluster,
    certificates: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    f07_stub: F07Project,
) -> None:
    option = f"--f07-scheduler={encrypted.address}"
    refused = rf"the scheduler at {encrypted.address} cannot be reached: .*certificates"
    f07_stub.assert_refused(refused, option)
    for name, value in dask_variables(make_certificates(tmp_path / "others")).items():
        monkeypatch.setenv(name, value)
    f07_stub.assert_refused(refused, option)
    session = Session(f07_stub, (option,), dask_variables(certificates))
    assert session.end() == 0, session.output


def test_a_scheduler_that_is_not_there_is_a_mistake_in_the_call(f07_stub: F07Project) -> None:
    f07_stub.assert_refused("the scheduler at tcp://127.0.0.1:1 cannot be reached", "--f07-scheduler=tcp://127.0.0.1:1")


def test_a_cluster_without_workers_breaks_the_run_in_a_sentence(cluster: Cluster, f07_stub: F07Project) -> None:
    f07_stub.set_params(runtime={"start_timeout_s": 1, "scheduler": cluster.address})
    session = Session(f07_stub, ())
    assert session.end() == 1
    assert "The run broke: the scheduler had no worker for 1 s" in session.output


def other_version(folder: Path) -> str:
    """A folder for PYTHONPATH, where TensorFlow says that it is another version."""
    (folder / "tensorflow-0.1.dist-info").mkdir(parents=True)
    (folder / "tensorflow-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: tensorflow\nVersion: 0.1"
    )
    return str(folder)


def test_a_worker_with_another_tensorflow_is_refused_by_name_and_the_others_do_its_work(
    cluster: Cluster, start_session: StartSession, tmp_path: Path, f07_project: F07Project
) -> None:
    cluster.add_workers(1)
    cluster.add_workers(1, PYTHONPATH=other_version(tmp_path / "other"))
    session = start_session(f"--f07-scheduler={cluster.address}")
    assert session.end() == 0, session.output
    [(address, reason)] = f07_project.metadata["cluster"]["refused"].items()
    assert reason.startswith("its tensorflow is 0.1, and the driver's is 2.")
    assert f"f07: warning: worker {address} was not used: {reason}" in session.output


NO_PLUGIN = "pytest-f07 cannot be imported there (No module named 'pytest_f07')"


def without_plugin(folder: Path) -> str:
    """A folder for PYTHONPATH, where no pytest-f07 is installed."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pytest_f07":
            raise ModuleNotFoundError("No module named 'pytest_f07'", name=name)

sys.meta_path.insert(0, Absent())
"""
    )
    return str(folder)


def test_a_worker_without_pytest_f07_is_refused_by_name_and_the_others_do_its_work(
    cluster: Cluster,
    start_session: StartSession,
    tmp_path: Path,
    f07_project: F07Project,
    undisturbed: dict[str, bytes],
) -> None:
    cluster.add_workers(1)
    cluster.add_workers(1, PYTHONPATH=without_plugin(tmp_path / "without"))
    session = start_session(f"--f07-scheduler={cluster.address}")
    assert session.end() == 0, session.output
    [(address, reason)] = f07_project.metadata["cluster"]["refused"].items()
    assert reason.startswith(NO_PLUGIN)
    assert f"f07: warning: worker {address} was not used: {reason}" in session.output
    assert "Traceback" not in session.output
    assert f07_project.artefacts() == undisturbed
    assert [worker.poll() for worker in cluster.workers] == [None, None], "it is left to whoever else uses it"


@pytest.mark.parametrize("where", ["scheduler", "worker"])
def test_where_nobody_else_has_pytest_f07_the_run_breaks_in_a_sentence(
    where: str, start_session: StartSession, tmp_path: Path
) -> None:
    without = without_plugin(tmp_path / "without")
    with closing(Cluster(tmp_path, variables={"PYTHONPATH": without if where == "scheduler" else ""})) as cluster:
        cluster.add_workers(1, PYTHONPATH=without if where == "worker" else "")
        session = start_session(f"--f07-scheduler={cluster.address}")
        assert session.end() == 1
    name = "the scheduler cannot be used" if where == "scheduler" else r"no worker can be used: worker tcp://[\d.:]+"
    assert re.search(f"The run broke: {name}: {re.escape(NO_PLUGIN)}; install what the driver has", session.output)
    assert "Traceback" not in session.output


def test_where_no_worker_suits_the_run_breaks_and_names_each(
    cluster: Cluster, start_session: StartSession, tmp_path: Path
) -> None:
    cluster.add_workers(1, PYTHONPATH=other_version(tmp_path / "other"))
    session = start_session(f"--f07-scheduler={cluster.address}")
    assert session.end() == 1
    assert "no worker can be used: worker tcp://127.0.0.1:" in session.output


def test_another_kind_of_processor_is_refused_unless_mixed_cpus_lets_it(
    cluster: Cluster, start_session: StartSession, f07_project: F07Project, undisturbed: dict[str, bytes]
) -> None:
    cluster.add_workers(2)
    cluster.add_workers(1, F07_STUB_PROCESSOR="another")
    session = start_session(f"--f07-scheduler={cluster.address}")
    assert session.end() == 0, session.output
    [reason] = f07_project.metadata["cluster"]["refused"].values()
    assert reason == "its processor differs: model another, and the others' stub"
    f07_project.set_params(runtime={"mixed_cpus": True})
    session = start_session(f"--f07-scheduler={cluster.address}", fault="slow")
    assert session.end() == 0, session.output
    assert "the workers had 2 kinds of processors (runtime.mixed_cpus)" in session.output
    described = f07_project.metadata["cluster"]
    assert (described["mixed_cpus"], described["processors"]) == (True, {"another": 1, "stub": 2})
    assert f07_project.artefacts() == undisturbed


def read_log(project: F07Project) -> pa.Table:
    return pq.read_table(project.variant / "logs" / "raw_predictions.parquet")


def test_scores_of_two_kinds_of_processors_differ_in_their_last_bits_alone(
    cluster: Cluster, f07_project: F07Project, tmp_path: Path
) -> None:
    """TensorFlow answers on both, and oneDNN takes other kernels on one of them."""
    assert f07_project.run().ret == 0
    alone, bytes_of_one = read_log(f07_project), f07_project.artefacts()
    cluster.add_workers(1, PYTHONPATH=older_processor(tmp_path / "older"))
    cluster.add_workers(1)
    (f07_project.root / "conftest.py").write_text(SMALL_SHARDS)
    option = f"--f07-scheduler={cluster.address}"
    session = Session(f07_project, (option,))
    assert session.end() == 0, session.output
    [reason] = f07_project.metadata["cluster"]["refused"].values()
    assert re.match("its processor differs: .*model An Older One, and the others' ", reason), reason
    assert f07_project.artefacts() == bytes_of_one

    f07_project.set_params(runtime={"host": "127.0.0.1", "port": 0, "mixed_cpus": True})
    session = Session(f07_project, (option,))
    assert session.end() == 0, session.output
    assert "the workers had 2 kinds of processors (runtime.mixed_cpus)" in session.output
    described = f07_project.metadata["cluster"]
    assert (described["mixed_cpus"], described["processors"]["An Older One"]) == (True, 1)
    mixed = read_log(f07_project)
    scores = mixed.column("y_prob").to_numpy(), alone.column("y_prob").to_numpy()
    assert 0 < np.nanmax(np.abs(scores[0] - scores[1])) < 1e-6, "both kinds have answered"
    np.testing.assert_array_equal(*map(np.isnan, scores))
    assert mixed.drop("y_prob").equals(alone.drop("y_prob"))
    metrics = "07_deployrun/v701/metrics/metrics_per_model.csv"
    assert f07_project.artefacts()[metrics] == bytes_of_one[metrics]


def test_usage_errors_touch_nothing(f07_stub: F07Project) -> None:
    f07_stub.assert_refused("given together", "--f07-workers=2", "--f07-scheduler=tcp://127.0.0.1:1")
    f07_stub.assert_refused("whole number from 1 to 1,024", "--f07-workers=0")
    f07_stub.assert_refused("already there", "--f07-workers=2", "--f07-server-url=http://127.0.0.1:1")
