"""Population: who would have reported this message, in the simulation that trains the lift?"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.reporter import reporter_value


@cache
def population() -> Mapping[str, Any]:
    """What `population.toml` says."""
    return tomllib.loads(files("model").joinpath("population.toml").read_text(encoding="utf-8"))


def draw_reports(count: int, generator: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """`count` reports: the reporter's value before the report, and whether the report is right."""
    kinds = population()["kinds"]
    shares = np.array([kind["share"] for kind in kinds])
    values, right = np.zeros(count), np.zeros(count, dtype=bool)
    for index, number in enumerate(generator.choice(len(kinds), size=count, p=shares / shares.sum())):
        kind = kinds[number]
        reliability = generator.beta(*kind["reliability"])
        judged = int(generator.integers(kind["judged"][0], kind["judged"][1], endpoint=True))
        values[index] = reporter_value(int(generator.binomial(judged, reliability)), judged)
        right[index] = generator.random() < reliability
    return values, right


def draw_values(count: int, generator: np.random.Generator, *, right: bool) -> NDArray[np.float64]:
    """Reporters' values of `count` reports that turned out right, or mistaken."""
    found = np.zeros(0)
    while len(found) < count:
        values, truth = draw_reports(2 * count + 50, generator)
        found = np.concatenate((found, values[truth == right]))
    return found[:count]
