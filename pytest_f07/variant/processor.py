"""Describe what the last bits of a score depend on: the kind of processor, and settings of the kernels."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
# Which of these a processor has decides which kernels TensorFlow and oneDNN take.
_INSTRUCTIONS = re.compile(r"(sse|ssse|avx|fma|f16c|amx|asimd|sve|sme|neon|bf16|i8mm|fphp)\w*")
# Dask's nanny sets some of them; a user may set any. Terraform's variables begin with TF_ too, and hold secrets.
_KERNEL_VARIABLES = re.compile(
    r"(XLA|ONEDNN|DNNL|OMP|KMP|MKL|OPENBLAS)_\w+"
    r"|TF_(ENABLE|DISABLE|USE|SET|NUM|XLA|OVERRIDE|DETERMINISTIC|CUDNN|MKL|ONEDNN)_\w+"
    r"|MALLOC_TRIM_THRESHOLD_|CUDA_VISIBLE_DEVICES|NVIDIA_TF32_OVERRIDE|KERAS_BACKEND"
)


def describe_processor(cpuinfo: Path = CPUINFO) -> dict[str, str]:
    """Return the processor's model and its vector instructions, as far as this system tells them."""
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in reversed(lines))}
    flags = (fields.get("flags") or fields.get("Features") or "").split()
    return {
        "model": fields.get("model name") or platform.processor() or platform.machine(),
        "instructions": " ".join(sorted(flag for flag in flags if _INSTRUCTIONS.fullmatch(flag))),
    }


def kernel_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of an environment that can change how scores are computed."""
    return {name: environment[name] for name in sorted(environment) if _KERNEL_VARIABLES.fullmatch(name)}


def without_kernel_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without these variables."""
    return {name: value for name, value in environment.items() if not _KERNEL_VARIABLES.fullmatch(name)}
