"""Speak the contract's ``POST /infer_batch`` in JSON, as the pipeline's own servers do: labels, and scores or none.

An answer holds the window that each of its rows is of, and the name of each prediction; both are looked at.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeGuard

import numpy as np
import pyarrow as pa

from pytest_f07.endpoints.endpoint import CONNECTIONS, Provides
from pytest_f07.endpoints.http import Answer, Http, Pending, shorten
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.names import caseless
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import counted
from pytest_f07.windows import Predictions, windows_of

IDENTITY_KEYS = ("models", "variant", "manifest", "loaded", "versions")  # a script's own may change with the time


@dataclass(frozen=True)
class JsonRequest:
    """A batch under way."""

    windows: list[list[int]]
    pending: Pending

    @property
    def sent(self) -> float:
        """When it was sent."""
        return self.pending.sent


class JsonEndpoint:
    """A server that speaks the contract in JSON.

    :param models: in the order of the predictions.
    """

    def __init__(self, target: UrlTarget, models: Sequence[Model], timeout_s: float) -> None:
        self.names, self.timeout_s = tuple(model.prediction_name for model in models), timeout_s
        self.provides = Provides(rows="window", non_finite="null")
        self._url, self._http = target.url, Http(target, timeout_s)
        self._probe = [models[0].vectorization.vocabulary[0]]
        self._in_order, self._keys = list(self.names), [caseless(name) for name in self.names]
        self._in_flight = 0

    @property
    def busy(self) -> bool:
        """Return whether as many requests are under way as may be."""
        return self._in_flight >= CONNECTIONS

    def identity(self) -> dict[str, Any]:
        """Return the answer to ``GET /``, and find out what the server gives."""
        answer = self._http.get(f"{self._url}/")
        # The contract has this route; a script of somebody's own may do without.
        identity = {} if answer.status in (404, 405) else answer.checked().mapping()
        if identity.get("status", "ready") != "ready":
            raise BrokenRun(f"the server does not say that it is ready but {shorten(str(identity))}")
        first = self._post("infer_batch", {"windows": [self._probe]}).wait().checked()
        [results] = self._read_batch(first, [self._probe])
        with_score = [name for name, result in zip(self.names, results, strict=True) if "y_prob" in result]
        if with_score and len(with_score) < len(self.names):
            raise BrokenRun(f"{first.url} gives y_prob for {', '.join(with_score)} alone; give it for all, or for none")
        loaded = identity.get("loaded")
        described = loaded if isinstance(loaded, list) else []
        self.provides = Provides(
            scores=bool(with_score),
            identity=bool(described) and all(isinstance(model, dict) and "sha256" in model for model in described),
            rows="window",
            non_finite="null" if with_score else "none",
            single=self._has_single(),
        )
        return {key: identity[key] for key in IDENTITY_KEYS if key in identity}

    def _has_single(self) -> bool:
        answer = self._post("infer", {"window": self._probe}).wait()
        if not answer.is_good:
            return False
        try:
            self._read_single(answer, self._probe)
        except BrokenRun:
            return False
        return True

    def send_batch(self, windows: pa.Array) -> JsonRequest:
        """Ask every model about a list array of windows."""
        lists = windows_of(windows).lists()
        request = JsonRequest(lists, self._post("infer_batch", {"windows": lists}))
        self._in_flight += 1
        return request

    def receive_batch(self, request: JsonRequest) -> Predictions:
        """Return every model's answer, in the order of the windows that were sent."""
        self._in_flight -= 1
        answer = request.pending.wait().checked()
        results = list(chain.from_iterable(self._read_batch(answer, request.windows)))
        shape = len(request.windows), len(self.names)
        y_pred = np.array([_read_label(result, answer.url) for result in results], np.int8).reshape(shape)
        scores = self.provides.scores
        y_prob = np.full(shape, np.nan, np.float32)
        if scores:
            with np.errstate(over="ignore"):  # beyond float32 is no number
                y_prob[:] = np.array([_read_score(result, answer.url) for result in results]).reshape(shape)
        y_prob[~np.isfinite(y_prob)] = np.nan
        return Predictions(self.names, y_pred, y_prob, has_scores=scores)

    def infer(self, window: list[int]) -> list[dict[str, Any]]:
        """Return every model's answer to one window."""
        return self._read_single(self._post("infer", {"window": window}).wait().checked(), window)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _post(self, route: str, document: object) -> Pending:
        return self._http.send(f"{self._url}/{route}", json.dumps(document, separators=(",", ":")).encode())

    def _read_batch(self, answer: Answer, windows: Sequence[list[int]]) -> list[list[Mapping[str, Any]]]:
        """Return the result of each model for each window."""
        rows = answer.mapping().get("results")
        if not isinstance(rows, list):
            raise BrokenRun(
                f"{answer.url} answered no list of results: {shorten(answer.body[:300].decode('utf-8', 'replace'))}"
            )
        if len(rows) != len(windows):
            raise BrokenRun(f"{answer.url} answered {len(rows):,} of {counted(len(windows), 'window')}")
        return [
            self._read_row(entry, window, answer.url, row)
            for row, (entry, window) in enumerate(zip(rows, windows, strict=True))
        ]

    def _read_single(self, answer: Answer, window: list[int]) -> list[dict[str, Any]]:
        return [dict(result) for result in self._read_row(answer.mapping(), window, answer.url)]

    def _read_row(self, entry: object, window: list[int], url: str, row: int | None = None) -> list[Mapping[str, Any]]:
        """Return the results of one window, in the order of the models.

        :param row: its place in the answer; None where that holds no other.
        """
        results = entry.get("results") if isinstance(entry, dict) else None
        if self._are_in_order(results) and isinstance(entry, dict) and entry.get("window") == window:
            return list(results)
        where = url if row is None else f"{url}, result {row:,},"
        if not isinstance(entry, dict) or not isinstance(results, list):
            raise BrokenRun(f"{where} holds no list of results: {shorten(str(entry))}")
        if entry.get("window") != window:
            raise BrokenRun(
                f"{where} is of the window {shorten(str(entry.get('window')))}, not of {shorten(str(window))}: the "
                "answers stand in another order, or are of other rows"
            )
        by_name = {
            caseless(str(result.get("prediction_name"))): result for result in results if isinstance(result, dict)
        }
        for name, key in zip(self.names, self._keys, strict=True):
            if key not in by_name:
                others = ", ".join(str(result.get("prediction_name")) for result in by_name.values())
                raise BrokenRun(f"{where} has no prediction of {name}; it has {shorten(others) or 'none'}")
        if len(by_name) < len(results):
            raise BrokenRun(f"{where} holds a prediction twice, or one without a name")
        return [by_name[key] for key in self._keys]

    def _are_in_order(self, results: object) -> TypeGuard[list[dict[str, Any]]]:
        """Return whether there is a result of each model, named as in the package and in its order."""
        return (
            isinstance(results, list)
            and all(type(result) is dict for result in results)
            and [result.get("prediction_name") for result in results] == self._in_order
        )


def _read_label(result: Mapping[str, Any], url: str) -> int:
    label = result.get("y_pred")
    if type(label) not in (int, bool) or label not in (0, 1):
        raise BrokenRun(
            f"{url} gives {result.get('prediction_name')} the y_pred {shorten(str(label))}; it must be 0 or 1"
        )
    return int(label)


def _read_score(result: Mapping[str, Any], url: str) -> float:
    if "y_prob" not in result:
        raise BrokenRun(f"{url} gives {result.get('prediction_name')} a y_prob in some answers and none in others")
    score = result["y_prob"]
    if score is None:
        return math.nan
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise BrokenRun(
            f"{url} gives {result.get('prediction_name')} the y_prob {shorten(str(score))}; it must be a number"
        )
    return float(score) if abs(score) < 1e300 else math.nan
