"""Population: who would have reported this message, in the simulation that trains and measures the lift?"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.reporter import DEFAULT, ReporterPrior, reporter_value

_LEAST = 1e-9  # reliability; a Beta distribution may draw an exact zero, whose logit is no number
_SIZE = 20_000  # people by whom the shift for an accuracy is found


@cache
def population() -> Mapping[str, Any]:
    """What `population.toml` says."""
    return tomllib.loads(files("model").joinpath("population.toml").read_text(encoding="utf-8"))


def draw_reports(
    count: int, generator: np.random.Generator, accuracy: float | None = None, prior: ReporterPrior = DEFAULT
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """`count` reports of whose kind a share of `accuracy` is right: the reporter's value before, and whether it is."""
    kinds, reliability = _people(count, generator)
    reliability = _moved(reliability, _shift(population()["accuracy"] if accuracy is None else accuracy))
    bounds = np.array([kind["judged"] for kind in population()["kinds"]])[kinds]
    judged = generator.integers(bounds[:, 0], bounds[:, 1], endpoint=True)

    ages = generator.random((count, int(bounds.max()))) * population()["history_days"]
    weight = 0.5 ** (ages / prior.half_life_days) * (np.arange(ages.shape[1]) < judged[:, None])
    confirmed = (weight * (generator.random(ages.shape) < reliability[:, None])).sum(axis=1)
    values = [
        reporter_value(*each, prior) for each in zip(confirmed.tolist(), weight.sum(axis=1).tolist(), strict=True)
    ]
    return np.array(values, dtype=np.float64), generator.random(count) < reliability


def draw_values(
    count: int,
    generator: np.random.Generator,
    *,
    right: bool,
    accuracy: float | None = None,
    prior: ReporterPrior = DEFAULT,
) -> NDArray[np.float64]:
    """Reporters' values of `count` reports that turned out right, or mistaken."""
    found = np.zeros(0)
    while len(found) < count:
        values, truth = draw_reports(2 * count + 50, generator, accuracy, prior)
        found = np.concatenate((found, values[truth == right]))
    return found[:count]


def _people(count: int, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The kind of each reporter, and how often he is right before anybody is moved."""
    kinds = population()["kinds"]
    shares = np.array([kind["share"] for kind in kinds])
    drawn = generator.choice(len(kinds), size=count, p=shares / shares.sum())
    right, wrong = np.array([kind["reliability"] for kind in kinds])[drawn].T
    return drawn, np.clip(generator.beta(right, wrong), _LEAST, 1.0 - _LEAST)


def _moved(reliability: NDArray[np.float64], nats: float) -> NDArray[np.float64]:
    """The same people, all better by so many nats."""
    odds: NDArray[np.float64] = np.log(reliability / (1.0 - reliability)) + nats
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float64)


@cache
def _shift(accuracy: float) -> float:
    """How many nats better everybody must be for this share of reports to be right (bisection; the mean only rises)."""
    _, reliability = _people(_SIZE, np.random.default_rng(0))
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _moved(reliability, middle).mean() < accuracy else (low, middle)
    return middle
