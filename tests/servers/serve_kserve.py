"""Serve a package's models with KServe: V1, and the Open Inference Protocol with binary tensors; one process.

``python -m tests.servers.serve_kserve PACKAGE PORT``
"""

from __future__ import annotations

from typing import Any

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.utils.numpy_codec import from_np_dtype

from tests.servers.deployed import Deployed, load, read_arguments


class Served(Model):  # type: ignore[misc]  # its types are in another environment
    """A model that answers both protocols; like most, it does not declare its inputs."""

    def __init__(self, model: Deployed) -> None:
        super().__init__(model.name)
        self.model = model
        self.ready = True

    def predict(self, payload: dict[str, Any] | InferRequest, *_: Any, **__: Any) -> dict[str, Any] | InferResponse:
        if isinstance(payload, dict):
            return {"predictions": self.model.score(payload["instances"]).tolist()}
        scores = self.model.score(payload.inputs[0].as_numpy())
        output = InferOutput("score", list(scores.shape), from_np_dtype(scores.dtype))
        output.set_data_from_numpy(scores, binary_data=False)
        # Without these two KServe answers in JSON whatever the client asks for.
        binary = {"use_binary_outputs": payload.use_binary_outputs, "requested_outputs": payload.request_outputs}
        return InferResponse(payload.id or "", self.name, [output], **binary)


def main() -> None:
    arguments = read_arguments()
    models = [Served(model) for model in load(arguments.package)]
    ModelServer(http_port=arguments.ports[0], enable_grpc=False, workers=1).start(models)


if __name__ == "__main__":
    main()
