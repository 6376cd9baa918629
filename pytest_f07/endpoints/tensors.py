"""What the protocols that take tensors share: the run vectorizes the windows, and asks each model by itself.

Such a server gives scores alone, and no answer tells which rows it is of: what is wrong with number, shape or type of
the scores is found here, a wrong order by the oracle.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.endpoints.endpoint import CONNECTIONS, Provides
from pytest_f07.endpoints.http import Answer, Http, Pending, shorten
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.address import ModelAddress
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import counted
from pytest_f07.vectorize import Vectorization, Vectorizer
from pytest_f07.windows import Float32Array, Predictions, Windows, windows_of

Tensor = npt.NDArray[Any]
SCORES_ALONE = Provides(labels=False, identity=False, rows="place", non_finite="null", single=False, raw=False)


@dataclass
class TensorModel:
    """A model as the server knows it.

    :param base: of its addresses; ``name`` is the server's name of it.
    :param input: the name of its input, where one is given or the server tells it; ``output`` the name of its output.
    :param dtype: of its input.
    """

    prediction_name: str
    base: str
    name: str
    address: ModelAddress
    threshold: np.float32
    vectorization: Vectorization
    dtype: npt.DTypeLike
    input: str | None = None
    output: str | None = None

    @property
    def path(self) -> str:
        """Return its name as a part of an address."""
        return quote(self.name, safe="")

    def check_input(self, shape: Sequence[int], where: str) -> None:
        """Raise :class:`BrokenRun` where the server's model takes rows of another width."""
        width = self.vectorization.width
        if list(shape[1:]) not in ([width], [-1]):
            raise BrokenRun(
                f"{where}: {self.name} takes rows of shape {list(shape[1:])}, and {self.prediction_name} has "
                f"{counted(width, 'number')} a row: is it another model?"
            )

    def choose(self, kind: str, wanted: str | None, names: Sequence[str], where: str) -> str | None:
        """Return the name of the input or output to use; None where the server tells none.

        :raises BrokenRun: where the one that params.yaml names is not there, or it names none and there are several.
        """
        told = ", ".join(names)
        if wanted is not None and names and wanted not in names:
            raise BrokenRun(f"{where}: {self.name} has no {kind} {wanted!r}; it has {told}")
        if wanted is None and len(names) > 1:
            key = f"runtime.models.{self.prediction_name}.{kind}"
            raise BrokenRun(f"{where}: {self.name} has {len(names)} {kind}s, {told}; name one with {key}")
        return wanted or (names[0] if names else None)


@dataclass(frozen=True)
class TensorRequest:
    """A batch under way: one request a model."""

    rows: int
    pending: Sequence[Pending] = field(repr=False)

    @property
    def sent(self) -> float:
        """When it was sent."""
        return self.pending[0].sent


class TensorEndpoint(ABC):
    """A server that takes tensors; each protocol says how.

    :param models: in the order of the predictions.
    """

    def __init__(self, target: UrlTarget, models: Sequence[Model], timeout_s: float) -> None:
        self.names, self.timeout_s = tuple(model.prediction_name for model in models), timeout_s
        self.provides = SCORES_ALONE
        self.http = Http(target, timeout_s)
        self._vectorizers = {model.vectorization: Vectorizer(model.vectorization) for model in models}
        self.models = [
            TensorModel(
                name,
                target.base(name),
                target.name(name),
                target.model(name),
                np.float32(model.threshold),
                model.vectorization,
                self._vectorizers[model.vectorization].dtype,
                target.model(name).input,
                target.model(name).output,
            )
            for model in models
            for name in [model.prediction_name]
        ]
        self._in_flight = 0

    @abstractmethod
    def describe(self, model: TensorModel) -> dict[str, Any]:
        """Return what the server tells of a model, which must be ready; note its input and output."""

    @abstractmethod
    def send(self, model: TensorModel, tensor: Tensor) -> Pending:
        """Ask a model about rows."""

    @abstractmethod
    def read(self, model: TensorModel, answer: Answer, rows: int) -> Float32Array:
        """Return the scores of a model, float32 ``[rows]``."""

    @property
    def busy(self) -> bool:
        """Return whether as many requests are under way as may be."""
        return self._in_flight >= CONNECTIONS

    def identity(self) -> dict[str, Any]:
        """Return what the server tells of each model."""
        return {"models": {model.prediction_name: self.describe(model) for model in self.models}}

    def send_batch(self, windows: pa.Array) -> TensorRequest:
        """Ask every model about a list array of windows."""
        tensors = self.vectorize(windows_of(windows))
        pending = [self.send(model, self._cast(model, tensors[model.vectorization])) for model in self.models]
        self._in_flight += 1
        return TensorRequest(len(windows), pending)

    def receive_batch(self, request: TensorRequest) -> Predictions:
        """Return every model's scores, and the labels that the thresholds make of them."""
        self._in_flight -= 1
        columns = [
            self.read(model, pending.wait().checked(), request.rows)
            for model, pending in zip(self.models, request.pending, strict=True)
        ]
        y_prob = np.stack(columns, axis=1)
        thresholds = np.array([model.threshold for model in self.models], np.float32)
        y_prob[~np.isfinite(y_prob)] = np.nan
        return Predictions(self.names, (y_prob >= thresholds).astype(np.int8), y_prob)

    def infer(self, window: list[int]) -> list[dict[str, Any]]:
        """Raise: such a server has no route for one window."""
        raise BrokenRun("the server has no route for one window")

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def vectorize(self, windows: Windows) -> Mapping[Vectorization, Tensor]:
        """Return the input of the models, by the rule that makes it."""
        return {rule: vectorizer(windows) for rule, vectorizer in self._vectorizers.items()}

    def _cast(self, model: TensorModel, tensor: Tensor) -> Tensor:
        """Return the rows as the server's type: they are whole numbers, so every type holds them exactly."""
        cast = tensor.astype(model.dtype)
        if not np.array_equal(cast, tensor):
            raise BrokenRun(f"{model.name} takes {np.dtype(model.dtype)}, which cannot hold {tensor.max():g}")
        return cast


def read_json_scores(values: object, rows: int, model: TensorModel, url: str) -> Float32Array:
    """Return the scores that a JSON document holds; NaN for ``null`` and for what is no number.

    :param values: a list with a number, a list of one, or an object of named outputs for each row; or one object of
        named lists.
    :raises BrokenRun: for another number of rows, another shape, and what is no score.
    """
    if isinstance(values, dict):
        values = _pick(values, model, url)
    if not isinstance(values, list):
        raise BrokenRun(f"{url} answered {shorten(str(values))}; it must answer a list of scores")
    if len(values) != rows:
        raise BrokenRun(f"{url} answered {len(values):,} of {counted(rows, 'row')}")
    scores = [_one(value, row, model, url) for row, value in enumerate(values)]
    if rows > 1 and all(type(score) is int for score in scores):
        raise BrokenRun(
            f"{url} answered whole numbers ({scores[0]}, {scores[1]}, …) in place of scores: labels, or scores that "
            "were cut off; a score is a number like 0.73"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = [np.nan if score is None or abs(score) > 1e300 else score for score in scores]
        return np.array(numbers, np.float64).astype(np.float32)


def _pick(outputs: Mapping[str, Any], model: TensorModel, url: str) -> Any:
    name = model.choose("output", model.output, list(outputs), url)
    if name is None:
        raise BrokenRun(f"{url} answered an object without an output")
    return outputs[name]


def _one(value: object, row: int, model: TensorModel, url: str) -> float | None:
    if isinstance(value, dict):
        value = _pick(value, model, url)
    if isinstance(value, list):
        if len(value) != 1:
            raise BrokenRun(f"{url} answered {len(value)} numbers for row {row:,}; a model gives one score")
        value = value[0]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise BrokenRun(f"{url} answered {shorten(str(value))} for row {row:,}; a score is a number")
    return value
