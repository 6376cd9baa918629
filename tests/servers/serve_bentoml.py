"""Serve a package's models with BentoML: one service, one route for all models, JSON.

``python -m tests.servers.serve_bentoml PACKAGE PORT``
"""

from __future__ import annotations

import bentoml
import numpy as np
import uvicorn

from tests.servers.deployed import Deployed, load, read_arguments

MODELS: dict[str, Deployed] = {}


class Scores:
    """The models, which are loaded already."""

    @bentoml.api  # type: ignore[untyped-decorator]  # its types are in another environment
    def score(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Return the scores of rows of a model's input."""
        return MODELS[name].score(rows)


def main() -> None:
    arguments = read_arguments()
    MODELS.update((model.name, model) for model in load(arguments.package))
    service = bentoml.service(traffic={"timeout": 120})(Scores)
    # What each worker of "bentoml serve" runs.
    uvicorn.run(service.to_asgi(), host="127.0.0.1", port=arguments.ports[0], log_level="warning")


if __name__ == "__main__":
    main()
