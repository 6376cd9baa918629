"""``python -m benchmarks.limit MANIFEST``: the models alone, in one process, with ready arrays; no HTTP and no logs.

Reads a batch size a line from standard input, answers with windows per second.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", KERAS_BACKEND="tensorflow")

import tensorflow as tf

from pytest_f07.replay.replay import batches
from pytest_f07.replay.shards import cut_shards
from pytest_f07.server import models
from pytest_f07.variant import manifest
from pytest_f07.variant.paths import Project
from pytest_f07.windows import windows_of


def main() -> None:
    """Serve standard input."""
    path = Path(sys.argv[1])
    project = Project.of_manifest(path)
    assert project is not None
    loaded = manifest.load(project, path.parent.name)
    runtime = models.Runtime([models.load(model) for model in loaded.read_models()])
    datasets = loaded.read_datasets(None)
    for line in sys.stdin:
        prepared = [
            (len(windows), runtime.inputs(windows_of(windows)))
            for shard in cut_shards(datasets, len(runtime.models), int(line))
            for windows in batches(shard, int(line))
        ]
        runtime.graph(*map(tf.constant, prepared[0][1]))  # its first call prepares it
        begin = time.perf_counter()
        for _, inputs in prepared:
            runtime.graph(*map(tf.constant, inputs)).numpy()
        seconds = time.perf_counter() - begin
        print(sum(rows for rows, _ in prepared) / seconds, flush=True)


if __name__ == "__main__":
    main()
