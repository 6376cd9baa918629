"""Print the rows that a model took for positive and that are not, those it was surest of first.

python false_positives.py v701 inverter_trip
"""

import sys

from pytest_f07 import F07Error, read_run

if len(sys.argv) != 3:
    sys.exit("usage: python false_positives.py VARIANT MODEL")
variant, model = sys.argv[1:]
try:
    rows = read_run(variant).predictions(model=model, labels=True)
except F07Error as error:
    sys.exit(str(error))
wrong = rows[(rows.label == 0) & (rows.y_pred == 1)].sort_values("y_prob", ascending=False)
print(wrong[["dataset", "row", "window", "y_prob"]].head(10).to_string(index=False))
print(f"{len(wrong)} false positives of {len(rows.dropna(subset='label'))} labelled rows")
