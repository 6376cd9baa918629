"""Say which workers of a cluster have replayed a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_f07.variant.wording import counted


@dataclass(frozen=True)
class Workers:
    """The workers of a run.

    :param number: how many have answered.
    :param processors: how many have a processor of each model.
    :param kinds: how many kinds there were, by model and instructions of the processor.
    :param refused: by address, why a worker was not used.
    """

    number: int
    processors: Mapping[str, int]
    kinds: int
    refused: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return how many there were, with their processors: ``3 (2 × AMD EPYC, 1 × Xeon)``."""
        return f"{self.number} ({', '.join(f'{number} × {name}' for name, number in sorted(self.processors.items()))})"

    @property
    def warnings(self) -> list[str]:
        """Return a sentence for each worker that was not used, and one where processors were mixed."""
        sentences = [f"worker {address} was not used: {reason}" for address, reason in sorted(self.refused.items())]
        if self.kinds > 1:
            sentences.append(
                f"the workers had {counted(self.kinds, 'kind')} of processors (runtime.mixed_cpus): scores may differ "
                "from those of another run by up to 1e-6, and labels where a score is that near to its threshold"
            )
        return sentences

    def document(self) -> dict[str, Any]:
        """Return what the metadata say."""
        return {
            "workers": self.number,
            "processors": dict(sorted(self.processors.items())),
            "mixed_cpus": self.kinds > 1,
            "refused": dict(sorted(self.refused.items())),
        }
