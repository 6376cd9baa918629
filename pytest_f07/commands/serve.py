"""serve7: the server alone, in the foreground, with a line to try it."""

from __future__ import annotations

import os

from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant import manifest
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.listen import listen
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project, check_variant
from pytest_f07.variant.wording import counted


def serve(project: Project, variant: str) -> None:
    """Become the server of ``variant``; does not return.

    :raises F07Error: for whatever is wrong with variant, params, seal or port.
    """
    found = manifest.load(project, check_variant(variant, "VARIANT"))
    params = Params.read(found.paths.params, project.show(found.paths.params))
    params.check_require(LIMITS, found.prediction_names, project.show(found.paths.params))
    found.check_seal()
    models = found.read_models()
    listener = listen(params.host, params.port)
    port = listener.getsockname()[1]
    host = f"[{params.host}]" if ":" in params.host else params.host
    codes = ", ".join(map(str, models[0].vectorization.vocabulary[:3]))
    served = f"{variant} of package {found.package.name}, {counted(len(models), 'model')}"
    print(f"{served}; Ctrl-C ends it. When it says ready, try:")
    print(
        f"curl -s http://{host}:{port}/infer_batch -H 'Content-Type: application/json' "
        f"-d '{{\"windows\": [[{codes}], []]}}'",
        flush=True,
    )
    listener.set_inheritable(True)
    command = python_command("pytest_f07.server", str(found.paths.manifest), "--socket", str(listener.fileno()))
    os.execve(command[0], command, child_environment())
