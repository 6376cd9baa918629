"""Start the server alone in the foreground (``serve7``), with a line to try it."""

from __future__ import annotations

import os

from pytest_f07.run.declaration import load
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.listen import listen
from pytest_f07.variant.paths import Project, check_variant
from pytest_f07.variant.wording import counted


def serve(project: Project, variant: str) -> None:
    """Replace this process by the server of ``variant``; never return.

    :raises F07Error: for a mistake in variant, params, seal or port.
    """
    variant_manifest, params = load(project, check_variant(variant, "VARIANT"))
    variant_manifest.check_seal()
    models = variant_manifest.read_models()
    listener = listen(params.host, params.port)
    port = listener.getsockname()[1]
    host = f"[{params.host}]" if ":" in params.host else params.host
    codes = ", ".join(map(str, models[0].vectorization.vocabulary[:3]))
    summary = f"{variant} of package {variant_manifest.package.name}, {counted(len(models), 'model')}"
    print(f"{summary}; Ctrl-C ends it. When it says ready, try:")
    print(
        f"curl -s http://{host}:{port}/infer_batch -H 'Content-Type: application/json' "
        f"-d '{{\"windows\": [[{codes}], []]}}'",
        flush=True,
    )
    listener.set_inheritable(True)
    command = python_command(
        "pytest_f07.server", str(variant_manifest.paths.manifest), "--socket", str(listener.fileno())
    )
    os.execve(command[0], command, child_environment())
