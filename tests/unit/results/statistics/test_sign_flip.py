from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import permutation_test

from pytest_f07.results.statistics.mcnemar import mcnemar_p
from pytest_f07.results.statistics.sign_flip import sign_flip_p
from tests import plain_comparison

# Eighths of an inch by which crossed plants were taller: Darwin 1876, in Fisher 1935, section 21.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def test_fishers_example() -> None:
    # 863 of the 2^15 sums reach or exceed the one observed, and as many its opposite.
    assert sign_flip_p(np.array(DARWIN)) == pytest.approx(2 * 863 / 2**15, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_share_of_all_sums_and_scipys(seed: int) -> None:
    differences = np.random.default_rng(seed).integers(-6, 7, 9) * (1 if seed % 2 else 4)
    sums = [abs(sum(signs * differences)) for signs in product((-1, 1), repeat=len(differences))]
    p = sign_flip_p(differences)
    assert p == pytest.approx(np.mean(np.array(sums) >= abs(differences.sum())), abs=1e-12)
    scipys = permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert p == pytest.approx(min(1.0, scipys.pvalue), abs=1e-12)


@pytest.mark.parametrize("blocks", [1, 40, 300])
def test_it_is_the_count_of_all_sums_in_whole_numbers(blocks: int) -> None:
    differences = np.random.default_rng(blocks).integers(-9, 10, blocks)
    exact = plain_comparison.sign_flip_p(differences.tolist())
    assert sign_flip_p(differences) == pytest.approx(exact, abs=1e-12)


def test_blocks_of_one_row_give_mcnemars_p() -> None:
    assert sign_flip_p(np.array([1] * 31 + [-1] * 27 + [0] * 99)) == pytest.approx(mcnemar_p(31, 27), abs=1e-12)


def test_flips_that_come_in_runs_are_less_evidence_than_as_many_single_ones() -> None:
    runs = np.array([4] * 9 + [-4] * 3)
    assert mcnemar_p(36, 12) < 0.001 < 0.1 < sign_flip_p(runs)


@pytest.mark.parametrize("differences", [[], [0, 0], [3, -3]])
def test_no_change_is_no_evidence(differences: list[int]) -> None:
    assert sign_flip_p(np.array(differences, np.int64)) == 1.0
