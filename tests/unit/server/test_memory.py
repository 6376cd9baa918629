"""The limit on memory holds while it is asked for, and no longer."""

from __future__ import annotations

import resource

import numpy as np
import pytest

from pytest_f07.server import memory

pytestmark = pytest.mark.skipif(not memory.PROCESS_STATUS.exists(), reason="only Linux counts so")


def test_more_than_the_limit_is_not_to_be_had_and_less_is() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with memory.memory_limit(256 << 20):
        assert np.ones(64 << 20, np.int8).nbytes == 64 << 20
        with pytest.raises(MemoryError):
            np.ones(1 << 30, np.int8)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert np.ones(1 << 30, np.int8).nbytes == 1 << 30


def test_a_limit_that_is_there_already_is_not_loosened() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with memory.memory_limit(1 << 30):
        tight = resource.getrlimit(resource.RLIMIT_DATA)
        with memory.memory_limit(8 << 30):
            assert resource.getrlimit(resource.RLIMIT_DATA) == tight
    assert resource.getrlimit(resource.RLIMIT_DATA) == (soft, hard)
