"""Read how far two windows of a package must lie apart to share nothing: OW, LT and PW of F04."""

from __future__ import annotations

from pytest_f07.errors import F07Error
from pytest_f07.variant.documents import read_yaml
from pytest_f07.variant.paths import PackagePaths

SPANS = ("OW", "LT", "PW")


def dependent_rows(package: PackagePaths) -> int | None:
    """Return OW + LT + PW, the rows after which neither windows nor their labels overlap.

    :returns: None where the package's params.yaml, which is optional, does not give the three as whole numbers.
    """
    try:
        temporal = read_yaml(package.params, "").get("temporal")
    except F07Error:
        return None
    values = [temporal.get(span) for span in SPANS] if isinstance(temporal, dict) else []
    spans = [value for value in values if isinstance(value, int) and not isinstance(value, bool) and value >= 0]
    return max(1, sum(spans)) if len(spans) == len(SPANS) else None
