"""Serve a package's models with a real Triton, through pytriton; one process, and Triton's own beside it.

Triton's inputs and outputs are declared, so its metadata tells names, dtypes and shapes.

``python -m tests.servers.serve_triton PACKAGE PORT PORT_FOR_GRPC``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

from tests.servers.deployed import Deployed, load, read_arguments

MAX_ROWS = 4096


def answer(model: Deployed) -> Callable[..., Any]:
    """Return the function that Triton calls for a batch."""

    def infer(x: np.ndarray) -> dict[str, np.ndarray]:
        # Triton does not let an output have another dtype than the declared.
        return {"score": model.score(x).astype(np.float32)}

    batched: Callable[..., Any] = batch(infer)
    return batched


def main() -> None:
    arguments = read_arguments()
    http_port, grpc_port = arguments.ports
    local = {"http_address": "127.0.0.1", "grpc_address": "127.0.0.1", "allow_metrics": False}
    with Triton(config=TritonConfig(http_port=http_port, grpc_port=grpc_port, **local)) as triton:
        for model in load(arguments.package):
            triton.bind(
                model.name,
                answer(model),
                inputs=[Tensor(name="x", dtype=model.dtype.type, shape=(model.width,))],
                outputs=[Tensor(name="score", dtype=np.float32, shape=(1,))],
                config=ModelConfig(max_batch_size=MAX_ROWS),
                strict=True,
            )
        triton.serve()


if __name__ == "__main__":
    main()
