"""``python -m pytest_f07.server executions/07_deployrun/v701/manifest.json``: serve one manifest's models.

The process ends by itself when the pipe on its standard input closes, so that it ends with its parent. With ``--wait``
it imports TensorFlow, and opens no file of the project until a line there names its log, as a JSON text.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import sys
import threading
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from pytest_f07.errors import F07Error
from pytest_f07.variant import manifest
from pytest_f07.variant.interpreter import hide_optional_modules
from pytest_f07.variant.listen import listen
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project
from pytest_f07.variant.processor import describe_processor, kernel_settings
from pytest_f07.variant.wording import counted
from pytest_f07.wire import MANIFEST_HEADER, MODELS_HEADER, NONCE_HEADER, PROCESS_HEADER

# What takes long to import, and opens no file of a package.
IMPORTED_EARLY = ("pytest_f07.server.models", "pytest_f07.server.app", "pytest_f07.server.http")


def main() -> int:
    """Load the models and serve them; return 2 after one line for a user's mistake."""
    options = _parse_options()
    settings = kernel_settings()
    go = threading.Event()
    if options.wait:
        threading.Thread(target=_go_with_parent, args=(go,), daemon=True).start()
    elif not sys.stdin.isatty():
        threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", KERAS_BACKEND="tensorflow")
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    hide_optional_modules()
    try:
        if options.wait:
            for module in IMPORTED_EARLY:
                import_module(module)
            go.wait()
        _serve(options.manifest.resolve(), options.socket, options.nonce, settings)
    except F07Error as error:
        print(f"ERROR: {error}", file=sys.stderr, flush=True)
        return 2
    except KeyboardInterrupt:
        print("ended", flush=True)  # Ctrl-C is how a server in the foreground ends
    return 0


def _serve(path: Path, inherited: int | None, nonce: str, settings: dict[str, str]) -> None:
    project = Project.of_manifest(path)
    if project is None:
        raise F07Error(f"{path}: is not a manifest; it lies at executions/07_deployrun/<variant>/manifest.json.")
    variant_manifest = manifest.load(project, path.parent.name)
    params = Params.read(variant_manifest.paths.params, project.show(variant_manifest.paths.params))
    listener = listen(params.host, params.port) if inherited is None else socket.socket(fileno=inherited)
    package_models = variant_manifest.read_models()
    # TensorFlow takes seconds to import: what can be refused is refused before.
    from pytest_f07.server import models
    from pytest_f07.server.app import create_app
    from pytest_f07.server.http import choose_threads, serve

    models.one_thread_each()
    loaded = []
    for model in package_models:
        # Should it take the process down with it, the log tells which it was.
        print(f"loading models/{model.folder.name}/{model.h5.name}", file=sys.stderr, flush=True)
        loaded.append(models.load(model))
    runtime = models.Runtime(loaded)
    identity = {
        "models": len(package_models),
        "variant": variant_manifest.paths.name,
        "manifest": variant_manifest.digest,
        "nonce": nonce,
        "loaded": [model.describe() for model in runtime.models],
        "versions": models.versions(),
        "processor": describe_processor(),
        "kernels": settings,
    }
    host, port = listener.getsockname()[:2]
    print(
        f"{variant_manifest.paths.name}: {counted(len(package_models), 'model')} ready at http://{host}:{port}",
        flush=True,
    )
    headers = {
        NONCE_HEADER: nonce,
        MANIFEST_HEADER: variant_manifest.digest,
        MODELS_HEADER: sha256("".join(model.sha256 for model in runtime.models).encode()).hexdigest(),
        PROCESS_HEADER: secrets.token_hex(8),  # of this start: another one, on the same files, is another server
    }
    threads = choose_threads(os.cpu_count() or 1)
    serve(create_app(identity, runtime.predict, headers), listener, threads)


def _go_with_parent(go: threading.Event) -> None:
    """Let the models be loaded once the parent names the log, and end with it."""
    line = b""
    while not line.endswith(b"\n"):
        if not (piece := os.read(0, 4096)):
            os._exit(0)
        line += piece
    try:
        log = os.open(json.loads(line), os.O_WRONLY | os.O_APPEND)
    except (OSError, ValueError):
        os._exit(1)  # the parent says that it died at start-up
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    go.set()
    _end_with_parent()


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pytest_f07.server", description="Serve one manifest's models.")
    parser.add_argument("manifest", type=Path, help="executions/07_deployrun/<variant>/manifest.json")
    parser.add_argument("--socket", type=int, help="a listening socket to inherit, instead of runtime.host and port")
    parser.add_argument("--nonce", default="", help="sent back with every answer")
    parser.add_argument(
        "--wait", action="store_true", help="import TensorFlow, and begin when a line on standard input names the log"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
