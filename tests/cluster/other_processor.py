"""Let a worker have a processor of another kind: fewer vector instructions, so other last bits of its scores."""

from __future__ import annotations

from pathlib import Path

# Python runs it at the start of the worker and of its server. oneDNN reads the C library's variable, which os.environ,
# and so the record of the kernels' settings, does not show: as little as it shows what a processor lacks.
SITECUSTOMIZE = r"""
import ctypes, pathlib, re

ctypes.CDLL(None).setenv(b"ONEDNN_MAX_CPU_ISA", b"SSE41", 1)
read_text = pathlib.Path.read_text

def read(self, *arguments, **options):
    text = read_text(self, *arguments, **options)
    if self.as_posix() != "/proc/cpuinfo":
        return text
    return re.sub(r"\b(avx|fma|f16c|amx)\w*", "", re.sub("(model name.*:).*", r"\1 An Older One", text))

pathlib.Path.read_text = read
"""


def older_processor(folder: Path) -> str:
    """Return a folder for PYTHONPATH of a worker with such a processor."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    return str(folder)
