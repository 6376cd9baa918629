"""Change metrics and vectorization, one operator or number at a time, with cosmic-ray: which change does no test see?

``python -m tests.proofs.mutants`` works in a copy of the repository, takes one mutant of each kind at each place, and
prints those that survive. docs/mutants.md says of each survivor why it is none.
"""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
TESTS = {
    "pytest_f07/results/formulas.py": "tests/unit/results/test_formulas.py",
    "pytest_f07/vectorize.py": "tests/unit/test_vectorize.py tests/unit/oracle/test_vectorize.py",
}
MEMORY = 4 << 30  # a mutant may ask for a table of any size
CONFIGURATION = """
[cosmic-ray]
module-path = ["{module}"]
timeout = 120.0
test-command = "env PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {python} -m pytest -x -q -p no:cacheprovider {tests}"
[cosmic-ray.distributor]
name = "local"
"""


def one_of_each(session: Path) -> int:
    """Leave one mutant of each kind at each place: eleven other operators for one plus say eleven times the same."""
    with sqlite3.connect(session) as database:
        database.execute(
            "delete from mutation_specs where rowid not in (select min(rowid) from mutation_specs "
            "where operator_name not like '%RemoveDecorator' group by start_pos_row, start_pos_col, end_pos_col, "
            "substr(operator_name, 1, instr(operator_name || '_', '_')))"
        )
        database.execute("delete from work_items where job_id not in (select job_id from mutation_specs)")
        [[count]] = database.execute("select count(*) from work_items")
    return int(count)


def main() -> int:
    """Both modules; 1 where a mutant survives that docs/mutants.md does not explain."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    unexplained = 0
    explained = (REPOSITORY / "docs" / "mutants.md").read_text().replace("\\|", "|")  # as a table has it
    tool = str(Path(sys.executable).with_name("cosmic-ray"))
    for module, tests in TESTS.items():
        with tempfile.TemporaryDirectory(prefix="f07-mutants-") as folder:
            archive = subprocess.run(["git", "archive", "HEAD"], cwd=REPOSITORY, capture_output=True, check=True)
            subprocess.run(["tar", "x"], cwd=folder, input=archive.stdout, check=True)
            configuration, session = Path(folder) / "mutants.toml", Path(folder) / "mutants.sqlite"
            configuration.write_text(CONFIGURATION.format(module=module, python=sys.executable, tests=tests))
            subprocess.run([tool, "init", configuration, session], cwd=folder, check=True)
            count = one_of_each(session)
            subprocess.run([tool, "exec", configuration, session], cwd=folder, check=True)
            with sqlite3.connect(session) as database:
                survivors = database.execute(
                    "select start_pos_row, operator_name, definition_name, diff from mutation_specs join work_results "
                    "using (job_id) where test_outcome = 'SURVIVED' order by start_pos_row"
                ).fetchall()
        print(f"{module}: {count} mutants, {count - len(survivors)} killed, {len(survivors)} survive", flush=True)
        for row, operator, definition, diff in survivors:
            changed = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
            known = all(line[1:].strip() in explained for line in changed if line[0] == "+")
            unexplained += not known
            print(f"  line {row}, {definition}, {operator.removeprefix('core/')}: {' '.join(changed)}", flush=True)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
