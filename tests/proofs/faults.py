"""Plant faults one at a time and show what notices each.

``python -m tests.proofs.faults`` plants them all and prints the table.

A fault is planted in the server (the real one where a model matters, else the stub), on the wire, in the log, in the
package, or in our own metric code. A run must turn red, with the code and the words that the table expects.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DEMO = Path("executions") / "06_packaging" / "v601"
VARIANT = Path("executions") / "07_deployrun" / "v701"

# What guards our own code, where no run can tell.
TESTS = {
    "metrics": "tests/unit/results/test_metrics.py",
    "formulas": "tests/unit/results/test_formulas.py",
    "figures": "tests/unit/results/test_drawings.py",
}

CONFTEST = """
import dataclasses, sys
import pytest

@pytest.fixture(scope="session")
def f07_server_command(f07_server_command):
    manifest = f07_server_command.arguments[-1]
    arguments = [sys.executable, {server!r}, {fault!r}, {kind!r}, manifest]
    return dataclasses.replace(f07_server_command, arguments=arguments)
"""


@dataclass(frozen=True)
class Fault:
    """One fault.

    :param where: ``model`` (the real server, and ``model without oracle``), ``reader`` (of the package, in run and real
        server), ``wire`` (the stub), ``log``, ``package``, or one of :data:`TESTS`.
    :param caught: how the line begins that names it, a regular expression.
    :param plant: what is done beside starting the faulty server, in the project's folder.
    """

    name: str
    where: str
    caught: str
    plant: Callable[[Path], None] | None = None


def _conftest(text: str) -> Callable[[Path], None]:
    def plant(root: Path) -> None:
        with (root / "conftest.py").open("a") as file:
            file.write(text)

    return plant


def _threshold_at_a_score(root: Path) -> None:
    """Let one model's threshold be exactly one of its scores: an own run says which there are."""
    import json

    import pyarrow.parquet as pq

    _run(root)
    log = pq.read_table(root / VARIANT / "logs" / "raw_predictions.parquet").to_pylist()
    score = next(
        row["y_prob"] for row in log if row["prediction_name"] == "feeder_overload" and row["dataset"] == "v401"
    )
    path = root / DEMO / "models" / "feeder_overload__feeder_overload" / "model_summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"threshold": score}))
    _seal_again(root)


def _weights_nan(root: Path) -> None:
    import h5py
    import numpy as np

    with h5py.File(root / DEMO / "models" / "feeder_overload__feeder_overload" / "model.h5", "r+") as file:
        weights: list[h5py.Dataset] = []
        file["model_weights"].visititems(lambda _, one: weights.append(one) if isinstance(one, h5py.Dataset) else None)
        weights[0][...] = np.nan
    _seal_again(root)


def _seal_again(root: Path) -> None:
    shutil.rmtree(root / VARIANT)
    (root / VARIANT.parent / "variants.yaml").unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest_f07", "variant7", "--variant", "v701", "--parent", "v601", "--port", "0"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)


_LOG = """
import pyarrow as pa, pyarrow.parquet as pq
from pytest_f07.log.writer import PredictionLog
made = PredictionLog.__exit__
def leave(self, *error):
    made(self, *error)
    log = pq.read_table(self._final[0])
    pq.write_table({changed}, self._final[0], store_schema=False)
PredictionLog.__exit__ = leave
"""


def _log(changed: str) -> Callable[[Path], None]:
    return _conftest(_LOG.format(changed=changed))


def _wait_two_seconds(root: Path) -> None:
    path = root / VARIANT / "params.yaml"
    path.write_text(path.read_text().replace("{port: 0}", "{port: 0, timeout_s: 2}"))


_AFTER_THE_CHECK = """
from pytest_f07.variant.manifest import Manifest
made = Manifest.check_seal
def check_seal(self):
    made(self)
    one, other = (next(self.package.folder.glob(f"models/{{name}}__*/model.h5")) for name in {names!r})
    one.write_bytes(other.read_bytes())
Manifest.check_seal = check_seal
"""


# In the run, and by faulty_server.py in the server: the reader of a package that both share.
_FILE_OF_ANOTHER_MODEL = """
from faulty_server import file_of_another_model
file_of_another_model()
"""
_THRESHOLD_ROUNDED = """
from faulty_server import threshold_rounded
threshold_rounded()
"""


def _byte(name: str) -> Fault:
    def plant(root: Path) -> None:
        path = root / DEMO / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    message = rf"ERROR: package v601 no longer matches the seal of v701: {re.escape(name)} has changed"
    return Fault(f"a byte of {name}", "package", message, plant)


def _own(where: str, name: str, code: str) -> Fault:
    """Plant a fault in our own code, where the tests must see it."""
    return Fault(name, where, rf"FAILED {re.escape(TESTS[where])}", _conftest(code))


PACKAGE = sorted(
    path.relative_to(REPOSITORY / DEMO).as_posix() for path in (REPOSITORY / DEMO).rglob("*") if path.is_file()
)
EQUIVALENCE = r"F07-EQUIVALENCE  {}: the runtime does not say what F05 would have said: .* windows? differs?"
ANY = EQUIVALENCE.format(r"\S+")
SEQUENCE = EQUIVALENCE.format(r"inverter_trip\S*")
BROKEN = "F07-BROKEN  feeder_overload: not validated: "
ROWS = BROKEN + "the answer is not of the rows that were sent, in their order"

FAULTS = [
    Fault("vocabulary_swapped", "model", ANY),
    Fault("padding_right", "model", SEQUENCE),
    Fault("place_off_by_one", "model", ANY),
    Fault("window_reversed", "model", SEQUENCE),
    Fault("first_codes_kept", "model", SEQUENCE),
    Fault("presence_for_counts", "model", EQUIVALENCE.format("feeder_overload")),
    Fault(
        "threshold_strict", "model", "F07-THRESHOLD  feeder_overload: y_pred is not y_prob >= ", _threshold_at_a_score
    ),
    Fault("threshold_wrong", "model", "F07-THRESHOLD  feeder_overload: y_pred is not y_prob >= 0.5 in "),
    Fault("labels_inverted", "model", "F07-THRESHOLD  feeder_overload: y_pred is not y_prob >= 0.5 in "),
    Fault("models_swapped", "model", SEQUENCE),
    Fault("scores_float16", "model", ANY),
    Fault("scores_logits", "model", ANY),
    Fault("scores_complement", "model", ANY),
    Fault("scores_nan", "model", r"F07-NONFINITE  feeder_overload: \d+ of 2,000 scores of its own dataset v401 are "),
    Fault("nan_hidden", "model", EQUIVALENCE.format("feeder_overload") + ".* no number by the oracle", _weights_nan),
    Fault("batch_permuted", "model", r"F07-INFER  \S+: /infer and /infer_batch disagree"),
    Fault("row_twice", "model", r"F07-INFER  \S+: /infer and /infer_batch disagree"),
    Fault("scores_of_the_batch_before", "model", r"F07-INFER  \S+: /infer and /infer_batch disagree"),
    Fault("two_rows_swapped", "model", ANY),
    Fault("one_batch_of_the_one_before", "model", ANY),
    Fault("columns_swapped_in_some_batches", "model", SEQUENCE),
    Fault("number_for_nan_elsewhere", "model", SEQUENCE + ".* v401 row .*, no number by the oracle"),
    Fault("embedding_row_zeroed", "model", SEQUENCE),
    Fault("repeats_drift", "model without oracle", r"F07-REPEAT  feeder_overload: equal windows have unequal scores: "),
    Fault(
        "file_of_another_model",
        "reader",
        "F07-IDENTITY  inverter_trip: run and oracle read another file",
        _conftest(_FILE_OF_ANOTHER_MODEL),
    ),
    Fault(
        "threshold_rounded",
        "reader",
        "F07-IDENTITY  feeder_overload: run and oracle read another threshold",
        _conftest(_THRESHOLD_ROUNDED),
    ),
    Fault("row_missing", "wire", BROKEN + "the server answered 255 of 256 windows at v401 row 0"),
    Fault("answer_longer", "wire", BROKEN + "the server answered 257 of 256 windows at v401 row 0"),
    Fault("answer_empty", "wire", BROKEN + "the server answered 0 of 256 windows at v401 row 0"),
    Fault("slow", "wire", BROKEN + r"the server did not answer within 2 s at v401 row \d+", _wait_two_seconds),
    Fault("dies", "wire", BROKEN + r"the server died at v401 row [\d,]+"),
    Fault("answer_500", "wire", BROKEN + r"the server refused /infer_batch with 500: .* at v401 row [\d,]+"),
    Fault("another_run", "wire", BROKEN + "the answer of / is not of this run's server: its F07-Nonce is"),
    Fault("another_manifest", "wire", BROKEN + "the answer of / is not of this run's server: its F07-Manifest is"),
    Fault(
        "started_again", "wire", BROKEN + r"the answer of /infer_batch is not of this run's server: its F07-Process is"
    ),
    Fault("answer_permuted", "wire", ROWS),
    Fault("answer_row_twice", "wire", ROWS),
    Fault("answer_stale", "wire", ROWS + r".* at v401 row \d"),
    Fault("answer_a_bit_wrong", "wire", ROWS),
    Fault("answer_cut", "wire", BROKEN + "the answer is not an Arrow stream"),
    Fault("answer_of_other_models", "wire", BROKEN + "the answer's columns are .*; they must be the models "),
    Fault(
        "a row of the log lost",
        "log",
        r"F07-EMISSIONS  \S+: .*the log has 11,513 rows; 11,514 predictions",
        _log("pa.concat_tables([log[:700], log[701:]])"),
    ),
    Fault(
        "a row of the log doubled",
        "log",
        r"F07-EMISSIONS  \S+: .*the log has 11,515 rows; 11,514 predictions",
        _log("pa.concat_tables([log[:700], log[699:]])"),
    ),
    Fault(
        "a row lost and one doubled",
        "log",
        r"F07-EMISSIONS  \S+: .*the log's \w+ at v401 row 23\d is ",
        _log("pa.concat_tables([log[:700], log[699:5000], log[5001:]])"),
    ),
    Fault(
        "two rows of the log swapped",
        "log",
        r"F07-EMISSIONS  \S+: .*the log's \w+ at v401 row 10 is ",
        _log("log.take(pa.array([*range(30), 33, 31, 32, 30, *range(34, len(log))]))"),
    ),
    Fault(
        "a label of the log flipped",
        "log",
        r"F07-THRESHOLD  \S+: y_pred is not y_prob >= [\d.]+ in 1 of 3,838 rows",
        _log(
            "log.set_column(2, log.schema.field(2), pa.array([1 - v if i == 900 else v for i, v in "
            "enumerate(log['y_pred'].to_pylist())], pa.int8()))"
        ),
    ),
    Fault(
        "a model's file replaced after the check",
        "other file",
        "F07-IDENTITY  inverter_trip: the server serves another file",
        _conftest(_AFTER_THE_CHECK.format(names=["inverter_trip", "inverter_trip.cnn"])),
    ),
    *(_byte(name) for name in PACKAGE),
    _own(
        "metrics",
        "TP and FP swapped",
        """
from pytest_f07.results.metrics import Metrics
made = Metrics.count_own
def count_own(self, labels, y_pred):
    made(self, labels, y_pred)
    self.tp, self.fp = self.fp, self.tp
Metrics.count_own = count_own
""",
    ),
    _own(
        "metrics",
        "labels shifted by a row",
        """
import numpy as np
from pytest_f07.results import counting
made = counting.labels_of
counting.labels_of = lambda column: np.roll(made(column), 1)
""",
    ),
    _own(
        "metrics",
        "no reference counted as negative",
        """
import numpy as np
from pytest_f07.results.metrics import Metrics
made = Metrics.count_own
Metrics.count_own = lambda self, labels, y_pred: made(self, np.where(labels == -1, 0, labels).astype(np.int8), y_pred)
""",
    ),
    _own(
        "formulas",
        "precision and recall swapped",
        """
from pytest_f07.results import formulas
formulas.precision, formulas.recall = formulas.recall, formulas.precision
""",
    ),
    _own(
        "figures",
        "TN and TP drawn in each other's cells",
        """
from dataclasses import replace
from pytest_f07.results import figures
draw = figures.draw_confusion
def draw_confusion(picture):
    counts = picture.counts
    return draw(replace(picture, counts=replace(counts, tn=counts.tp, tp=counts.tn)))
figures.draw_confusion = draw_confusion
""",
    ),
    _own(
        "figures",
        "scores drawn under the other label",
        """
from dataclasses import replace
from pytest_f07.results.figures import ScoresFigure
draw = ScoresFigure.draw
ScoresFigure.draw = lambda self, picture: draw(self, replace(picture, by_label=picture.by_label[::-1]))
""",
    ),
    _own(
        "figures",
        "precision and recall drawn in each other's place",
        """
from pytest_f07.results import figures
figures.formulas.precision, figures.formulas.recall = figures.formulas.recall, figures.formulas.precision
""",
    ),
    _own(
        "figures",
        "the models' names drawn in another order",
        """
from dataclasses import replace
from pytest_f07.results import figures
draw = figures.draw_comparison
def draw_comparison(points):
    names = [point.prediction_name for point in points][::-1]
    return draw([replace(point, prediction_name=name) for point, name in zip(points, names)])
figures.draw_comparison = draw_comparison
""",
    ),
]
BY_NAME = {fault.name: fault for fault in FAULTS}


def make_project(root: Path) -> None:
    """The demo package and its variant, at any free port."""
    shutil.copytree(REPOSITORY / DEMO, root / DEMO)
    (root / VARIANT).mkdir(parents=True)
    shutil.copy(REPOSITORY / VARIANT / "manifest.json", root / VARIANT)
    (root / VARIANT / "params.yaml").write_text("parent_variant_f06: v601\nruntime: {port: 0}\n")


def plant(root: Path, fault: Fault) -> str:
    """Plant one fault in a fresh project, or in this repository's tests; what a run says then, "" where it is green."""
    if fault.where in TESTS:
        return _of_the_tests(root, fault)
    make_project(root)
    if fault.where not in ("model", "reader", "other file"):
        with (root / VARIANT / "params.yaml").open("a") as file:
            file.write("equivalence: off\n")
    if fault.where in ("model", "model without oracle", "reader", "wire"):
        if fault.where == "model" and fault.plant:
            fault.plant(root)
        server = str(Path(__file__).with_name("faulty_server.py"))
        kind = "stub" if fault.where == "wire" else "real"
        (root / "conftest.py").write_text(CONFTEST.format(server=server, fault=fault.name, kind=kind))
    elif fault.where == "log":
        stub = str(REPOSITORY / "tests" / "stub_server.py")
        text = CONFTEST.format(server=stub, fault="", kind="").replace("'', '', manifest", "manifest, 'none'")
        (root / "conftest.py").write_text(text)
    if fault.plant and fault.where != "model":
        fault.plant(root)
    return _run(root)


def _run(root: Path) -> str:
    return _output(
        [sys.executable, "-m", "pytest", "--f07-variant=v701", "-W", "default"],
        root,
        PYTHONPATH=str(Path(__file__).parent),
    )


def _of_the_tests(root: Path, fault: Fault) -> str:
    assert fault.plant is not None
    root.mkdir(parents=True, exist_ok=True)
    fault.plant(root)
    (root / "conftest.py").rename(root / "planted_fault.py")
    command = [sys.executable, "-m", "pytest", "-p", "planted_fault", "-x", "-q", TESTS[fault.where]]
    return _output(command, REPOSITORY, PYTHONPATH=str(root))


def _output(command: list[str], root: Path, **environment: str) -> str:
    process = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=600, env={**os.environ, **environment}
    )
    return process.stdout + process.stderr if process.returncode else ""


def caught_by(fault: Fault, output: str) -> str | None:
    """The line that names the fault as the table expects; None where there is none."""
    return next((line for line in output.splitlines() if re.match(fault.caught, line)), None)


def main() -> int:
    """Plant those named on the command line, or all; 1 where one is not caught."""
    faults = [BY_NAME[name] for name in sys.argv[1:]] or FAULTS
    missed = 0
    print("| fault | planted in | caught by |\n|---|---|---|", flush=True)
    for fault in faults:
        with tempfile.TemporaryDirectory(prefix="f07-fault-") as folder:
            output = plant(Path(folder) / "project", fault)
        line = caught_by(fault, output)
        missed += line is None
        place = {
            "model": "the real server",
            "model without oracle": "the real server, equivalence off",
            "reader": "the reader of run and server",
            "wire": "the stub's answers",
            "other file": "the package",
        }
        words = line or "NOT CAUGHT: " + (output.strip().splitlines() or ["the run is green"])[-1]
        name = fault.name.replace("_", " ") if "_" in fault.name and "/" not in fault.name else fault.name
        print(f"| {name} | {place.get(fault.where, f'the {fault.where}')} | {words} |", flush=True)
    print(f"\n{len(faults) - missed} of {len(faults)} planted faults are caught.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
