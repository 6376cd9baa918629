"""Check everything that a run needs before it begins, and change no file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.replay.preflight import check_server
from pytest_f07.results.comparison.baseline import BaselineRun
from pytest_f07.results.comparison.baselines import read_baselines, remove_fetched
from pytest_f07.results.run_result import RunResult
from pytest_f07.run.reserve import Reservation
from pytest_f07.variant import disk
from pytest_f07.variant.coherence import incoherences
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model
from pytest_f07.variant.paths import Outputs


@dataclass(frozen=True)
class Prepared(Reservation):
    """A reserved variant that is checked and can be run.

    :param incoherences: a sentence for each thing in the package that contradicts itself.
    :param baselines: the earlier runs that this one is compared with; the first of them is shown.
    """

    models: tuple[Model, ...]
    datasets: tuple[Dataset, ...]
    incoherences: tuple[str, ...]
    baselines: Mapping[str, BaselineRun]

    def no_result(self, outputs: Outputs) -> RunResult:
        """Return the result of a run without verdicts: it was not executed, or interrupted."""
        inputs = (self.manifest, self.params, self.models, self.datasets)
        server = self.target.describe()
        return RunResult(*inputs, outputs, self.began, incoherences=self.incoherences, server=server)


def prepare(reservation: Reservation, compare_with: str | None = None) -> Prepared:
    """Check package, seal, parameters, disk and server before a run; change no file.

    :param reservation: of the variant; released where something is wrong.
    :param compare_with: an earlier run that this one is compared with, like v700, v700@HEAD or path/to/project:v700.
    :raises F07Error: for the first thing that is wrong.
    """
    loaded, params, target = reservation.manifest, reservation.params, reservation.target
    try:
        loaded.check_seal()
        models, datasets = tuple(loaded.read_models()), tuple(loaded.read_datasets(params.sample_size))
        contradictions = tuple(incoherences(loaded.package, models, loaded.read_datasets(None)))
        baselines = read_baselines(loaded, params, compare_with)
        reservation.held.callback(remove_fetched, baselines)
        disk.check(loaded.paths, datasets, loaded.prediction_names, params.log == "parts")
        if isinstance(target, UrlTarget):
            with closing(connect(target, models, loaded.digest, params.timeout_s)) as client:
                check_server(client, target, datasets, params.batch_size)
    except BaseException:
        reservation.release()
        raise
    return Prepared(
        **vars(reservation), models=models, datasets=datasets, incoherences=contradictions, baselines=baselines
    )
