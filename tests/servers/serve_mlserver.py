"""Serve a package's models with MLServer: the Open Inference Protocol in JSON, inputs not declared; one process.

``python -m tests.servers.serve_mlserver PACKAGE PORT PORT_FOR_GRPC``
"""

from __future__ import annotations

import asyncio

from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

from tests.servers.deployed import Deployed, load, read_arguments

MODELS: dict[str, Deployed] = {}


class Served(MLModel):  # type: ignore[misc]  # its types are in another environment
    """A model that is loaded already; MLServer makes the instances itself, and tells each its name."""

    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        scores = MODELS[self.name].score(NumpyCodec.decode_input(payload.inputs[0]))
        output = NumpyCodec.encode_output("score", scores)
        return InferenceResponse(id=payload.id, model_name=self.name, model_version=self.version, outputs=[output])


def main() -> None:
    arguments = read_arguments()
    MODELS.update((model.name, model) for model in load(arguments.package))
    http_port, grpc_port = arguments.ports
    settings = Settings(
        host="127.0.0.1",
        http_port=http_port,
        grpc_port=grpc_port,
        metrics_endpoint=None,
        parallel_workers=0,
        debug=False,
    )
    models = [ModelSettings(name=name, implementation=Served) for name in MODELS]
    asyncio.run(start(settings, models))


async def start(settings: Settings, models: list[ModelSettings]) -> None:
    # Made inside of the loop, whose signals it handles.
    await MLServer(settings).start(models)


if __name__ == "__main__":
    main()
