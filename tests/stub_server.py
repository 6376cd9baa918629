"""A server that speaks the contract without TensorFlow, and misbehaves where it is told to.

``python stub_server.py MANIFEST FAULT --socket N --nonce TEXT``
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from pytest_f07.server.__main__ import _end_with_parent
from pytest_f07.server.app import create_app
from pytest_f07.server.http import serve
from pytest_f07.variant import manifest
from pytest_f07.variant.paths import Project
from pytest_f07.variant.seal import digest
from pytest_f07.windows import Predictions, Windows
from pytest_f07.wire import MANIFEST_HEADER, NONCE_HEADER, PROCESS_HEADER


class Stub:
    def __init__(self, path: Path, fault: str, nonce: str) -> None:
        project = Project.of_manifest(path)
        assert project is not None
        self.manifest = manifest.load(project, path.parent.name)
        self.models = self.manifest.read_models()
        self.fault, self.nonce, self.batches = fault, nonce, 0
        self.headers: dict[str, str] = {}
        self.lock = threading.Lock()

    def scores(self, windows: Windows) -> np.ndarray:
        """A score between 0 and 1 that depends on the window alone."""
        sums = np.add.reduceat(np.append(windows.codes, 0), windows.offsets[:-1]) if len(windows) else np.zeros(0)
        sums = np.where(np.diff(windows.offsets) == 0, 0, sums)
        places = np.arange(len(self.models))
        return ((sums[:, None] * 37 + places * 11) % 101 / 101).astype(np.float32)

    def predict(self, windows: Windows) -> Predictions:
        with self.lock:
            self.batches += 1
            number = self.batches
        scores = self.scores(windows)
        alone = len(windows) == 1
        if self.fault == "dies" and number == 4:
            os._exit(9)
        if self.fault == "dies-late" and number == 12:
            os._exit(9)
        if self.fault == "restarts" and number == 12:
            self.headers[PROCESS_HEADER] = "another"
        if self.fault == "slow":
            time.sleep(0.03)
        if self.fault == "kills-its-worker":
            os.kill(os.getppid(), signal.SIGKILL)
        if self.fault == "stalls" and number == 6:  # four are in flight: the first two batches are answered
            Path("stalled").touch()
            time.sleep(3600)
        if self.fault == "fails" and number == 4:
            raise RuntimeError("planted")
        if self.fault == "noise":
            scores += np.random.default_rng().uniform(-1e-7, 1e-7, scores.shape).astype(np.float32)
        if self.fault == "nan":
            scores[:5, 0] = np.nan
        if self.fault == "alone" and alone:
            scores[:, 1] = 1 - scores[:, 1]
        thresholds = np.array([model.threshold for model in self.models], np.float32)
        y_pred = (scores >= thresholds).astype(np.int8)
        if self.fault == "threshold" and not alone:
            y_pred[:, 2] = 1 - y_pred[:, 2]
        names = tuple(model.prediction_name for model in self.models)
        if self.fault == "names":
            names = names[::-1]
        if self.fault == "loses" and not alone:
            return Predictions(names, y_pred[1:], scores[1:])
        return Predictions(names, y_pred, scores)

    def identity(self) -> dict[str, Any]:
        return {
            "models": len(self.models),
            "loaded": [
                {
                    "prediction_name": model.prediction_name,
                    "sha256": "0" * 64 if self.fault == "other-file" else digest(model.h5),
                    "broken_layers": [],
                    "needs_a_code": False,
                }
                for model in self.models
            ],
            "versions": {},
            "processor": {"model": os.environ.get("F07_STUB_PROCESSOR", "stub"), "instructions": "avx2 fma"},
        }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("manifest", type=Path)
    parser.add_argument("fault")
    parser.add_argument("--socket", type=int)
    parser.add_argument("--nonce")
    options = parser.parse_args()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if options.fault == "no-start":
        print("first words", flush=True)
        sys.exit("no such <module>")
    stub = Stub(options.manifest, options.fault, options.nonce)
    nonce = "somebody else's" if options.fault == "foreign" else options.nonce
    print("stub ready", flush=True)
    headers = {NONCE_HEADER: nonce or "", MANIFEST_HEADER: stub.manifest.digest, PROCESS_HEADER: "first"}
    if options.fault == "starting":
        Path("stalled").touch()
        time.sleep(3600)
    stub.headers = headers
    serve(create_app(stub.identity(), stub.predict, headers), socket.socket(fileno=options.socket), 2)


if __name__ == "__main__":
    main()
