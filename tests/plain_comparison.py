"""Write the sentences of a comparison by plain loops, SciPy and statsmodels; nothing here is the plugin's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

RESAMPLES, AT_ONCE, SEED = 2000, 50, 20260215
PAIRS = ((0, 0), (0, 1), (1, 0), (1, 1))
Matrix = tuple[int, int, int, int]  # TN, FP, FN, TP


@dataclass
class Block:
    """The rows of a block, by label, prediction then and prediction now."""

    cells: dict[tuple[int, int, int], int]

    def count(self, label: int, then: int, now: int) -> int:
        return self.cells.get((label, then, now), 0)

    @property
    def then(self) -> Matrix:
        tn, fp, fn, tp = (self.count(label, said, 0) + self.count(label, said, 1) for label, said in PAIRS)
        return tn, fp, fn, tp

    @property
    def now(self) -> Matrix:
        tn, fp, fn, tp = (self.count(label, 0, said) + self.count(label, 1, said) for label, said in PAIRS)
        return tn, fp, fn, tp


def sentences(labels: Sequence[int | None], then: Sequence[int], now: Sequence[int], block_rows: int) -> list[str]:
    """Return the sentences on one model's own dataset: the rows, then each metric."""
    blocks = [Block({}) for _ in range(0, len(labels), block_rows)]
    for row, (label, before, after) in enumerate(zip(labels, then, now, strict=True)):
        if label is not None:
            cells = blocks[row // block_rows].cells
            cells[label, before, after] = cells.get((label, before, after), 0) + 1
    total = add(blocks)
    fixed = total.count(0, 1, 0) + total.count(1, 0, 1)
    wrong = total.count(0, 0, 1) + total.count(1, 1, 0)
    still = total.count(0, 1, 1) + total.count(1, 0, 0)
    rows = sum(total.cells.values())
    flips = f"{rows_text(fixed)} flipped to right, {wrong:,} to wrong"
    resampled = draw(blocks)
    noun = "row" if rows == 1 else "rows"
    return [
        f"{rows:,} common {noun}: {fixed:,} fixed, {wrong:,} newly wrong, {still:,} still wrong.",
        share("Recall", [[block.count(1, a, b) for a, b in PAIRS] for block in blocks]),
        share(
            "False positive rate", [[block.count(0, a, b) for a, b in PAIRS] for block in blocks], less_is_better=True
        ),
        share(
            "Accuracy",
            [[block.count(1, a, b) + block.count(0, 1 - a, 1 - b) for a, b in PAIRS] for block in blocks],
        ),
        *(resampled_metric(title, metric, total, resampled, flips) for title, metric in METRICS.items()),
    ]


def add(blocks: Sequence[Block]) -> Block:
    total: dict[tuple[int, int, int], int] = {}
    for block in blocks:
        for key, count in block.cells.items():
            total[key] = total.get(key, 0) + count
    return Block(total)


def draw(blocks: Sequence[Block]) -> list[Block]:
    """Return resamples: as many blocks as there are, drawn with the seed of the plugin."""
    random = np.random.Generator(np.random.PCG64(SEED))
    drawn = (random.integers(0, len(blocks), (AT_ONCE, len(blocks))) for _ in range(RESAMPLES // AT_ONCE))
    return [add([blocks[place] for place in row]) for rows in drawn for row in rows.tolist()]


def precision(matrix: Matrix) -> float | None:
    _, fp, _, tp = matrix
    return tp / (tp + fp) if tp + fp else None


def f1(matrix: Matrix) -> float | None:
    _, fp, fn, tp = matrix
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None


def mcc(matrix: Matrix) -> float | None:
    tn, fp, fn, tp = matrix
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / math.sqrt(product) if product else None


METRICS: dict[str, Callable[[Matrix], float | None]] = {"Precision": precision, "F1": f1, "MCC": mcc}


def resampled_metric(
    title: str, metric: Callable[[Matrix], float | None], total: Block, resampled: Sequence[Block], flips: str
) -> str:
    then, now = metric(total.then), metric(total.now)
    if then is None or now is None:
        times = "then and now" if then is now else "then" if then is None else "now"
        return f"{title}: undefined {times}; {flips}."
    if flips == "0 rows flipped to right, 0 to wrong":
        return f"{title}: {then:.4f} then and now; no row flipped."
    both = [(metric(block.then), metric(block.now)) for block in resampled]
    changes = [b - a for a, b in both if a is not None and b is not None]
    low, high = np.quantile(changes, [0.025, 0.975])
    smaller = min(sum(change <= 0 for change in changes), sum(change >= 0 for change in changes))
    p = min(1.0, 2 * (smaller + 1) / (len(changes) + 1))
    outcome = "no evidence of a change" if p >= 0.05 or now == then else "better" if now > then else "worse"
    interval = f"({low:+.4f} to {high:+.4f})"
    return f"{title}: {then:.4f} then, {now:.4f} now, {now - then:+.4f} {interval}: {outcome} ({p_text(p)}; {flips})."


def share(title: str, cells: Sequence[Sequence[int]], less_is_better: bool = False) -> str:
    """Return the sentence on a share of hits.

    :param cells: of each block, rows without a hit in both runs, with one now only, then only, in both.
    """
    neither, only_now, only_then, both = (sum(column) for column in zip(*cells, strict=True))
    rows = neither + only_now + only_then + both
    then, now = (both + only_then) / rows, (both + only_now) / rows
    if not only_now + only_then:
        return f"{title}: {then:.4f} then and now; no row flipped."
    differences = [block[1] - block[2] for block in cells]
    by_row = binomtest(only_now, only_now + only_then).pvalue
    p = max(by_row, sign_flip_p(differences))
    low, high = newcombe(both, only_now, only_then, neither)
    flipped_blocks = sum(difference != 0 for difference in differences)
    outcome, remark = "no evidence of a change", ""
    if p < 0.05 and now != then:
        outcome = "better" if (now < then) == less_is_better else "worse"
    elif p >= 0.05 > by_row and 2.0 ** (1 - flipped_blocks) >= 0.05:
        blocks = "1 block" if flipped_blocks == 1 else f"{flipped_blocks:,} blocks"
        outcome = f"may be noise, for all flips lie in {blocks} of rows"
    if p >= 0.05 and not low <= 0 <= high:
        remark = ", taking each row for itself"
    right, wrong = (only_then, only_now) if less_is_better else (only_now, only_then)
    return (
        f"{title}: {then:.4f} then, {now:.4f} now, {now - then:+.4f} ({low:+.4f} to {high:+.4f}{remark}): {outcome} "
        f"({p_text(p)}; {rows_text(right)} flipped to right, {wrong:,} to wrong)."
    )


def sign_flip_p(differences: Sequence[int]) -> float:
    """Return the share of all choices of signs whose sum is as far from 0, counted in whole numbers."""
    sums = {0: 1}
    for difference in filter(None, differences):
        added: dict[int, int] = {}
        for value, count in sums.items():
            for each in (value + difference, value - difference):
                added[each] = added.get(each, 0) + count
        sums = added
    observed = abs(sum(differences))
    return float(Fraction(sum(count for value, count in sums.items() if abs(value) >= observed), sum(sums.values())))


def newcombe(both: int, only_now: int, only_then: int, neither: int) -> tuple[float, float]:
    """Return the interval of the change, as Newcombe 1998 writes method 10, on statsmodels' Wilson intervals."""
    rows = both + only_now + only_then + neither
    p1, p2 = (both + only_now) / rows, (both + only_then) / rows
    l1, u1 = proportion_confint(both + only_now, rows, method="wilson")
    l2, u2 = proportion_confint(both + only_then, rows, method="wilson")
    margins = (both + only_now) * (only_then + neither) * (both + only_then) * (only_now + neither)
    phi = 0.0
    if margins:
        difference = both * neither - only_now * only_then
        phi = (max(difference - rows / 2, 0) if difference > 0 else difference) / math.sqrt(margins)
    low = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    high = (p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2
    return p1 - p2 - math.sqrt(max(0.0, low)), p1 - p2 + math.sqrt(max(0.0, high))


def p_text(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {round(p, 9):.2g}"


def rows_text(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"
