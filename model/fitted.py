"""Fitted: how do some examples become a network, and others of the same table its thresholds?

fit the base ▸ turn logits into nats ▸ fit the lift ▸ let the population report the calibration part ▸ offer thresholds
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model import checkpoint as checkpoints
from model.calibration import Calibration, Sample, curve, fit_line
from model.dataset import CALIBRATE, TRAIN, Progress, Table, one_a_cluster
from model.fit import MALICIOUS, SPAM, FitConfig, fit_base, score, truth
from model.fit_lift import fit_lift
from model.lift import lift
from model.network import Network, NetworkConfig
from model.population import draw_values

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Parts:
    """Which examples of a table are for training, which for calibrating. They share no campaign and no source."""

    train: Numbers
    calibrate: Numbers


@dataclass(frozen=True)
class Fitted:
    """A network as it would be shipped, and the mean loss of each epoch."""

    network: Network
    calibration: Calibration
    losses: list[float]


def parts_of(table: Table) -> Parts:
    """As the table was dealt out."""
    return Parts(_dealt(table, TRAIN), _dealt(table, CALIBRATE))


def fitted(
    table: Table,
    parts: Parts,
    network: NetworkConfig,
    fit: FitConfig,
    targets: tuple[float, ...],
    seed: int,
    progress: Progress,
) -> Fitted:
    """Train and calibrate. Raises ValueError when the calibration part supports no threshold."""
    made, losses = fit_base(table, parts.train, network, fit, seed, progress)
    checkpoints.round_weights(made)
    line = _line(made, table, parts.calibrate)
    fit_lift(made, seed)
    checkpoints.round_weights(made)

    points = curve(reported_sample(made, table, parts.calibrate, line, seed), seed, targets)
    if not points:
        raise ValueError("the calibration part is too small to support any false-retraction target")
    return Fitted(made, Calibration(*line, points=points), losses)


def reported_sample(network: Network, table: Table, calibrate: Numbers, line: tuple[float, float], seed: int) -> Sample:
    """The calibration part as PSR meets it: every message reported by somebody from the population.

    Legitimate mail gets people whose report was mistaken, malicious mail people whose report was right.
    """
    chance = np.random.default_rng(seed)
    legitimate, malicious = _sides(table, calibrate)
    scores = []
    for numbers, right in ((legitimate, False), (malicious, True)):
        logits, _, strengths = score(network, table, numbers)
        values = draw_values(len(numbers), chance, right=right)
        lifts = [lift(float(value), row) for value, row in zip(values, strengths.tolist(), strict=True)]
        scores.append([line[0] * float(logit) + line[1] + nats for logit, nats in zip(logits, lifts, strict=True)])
    sources = [f"{table.examples[number].corpus} {table.examples[number].source}" for number in legitimate]
    return Sample(scores[0], sources, scores[1])


def _dealt(table: Table, part: str) -> Numbers:
    return table.where(lambda example: example.split == part)


def _line(network: Network, table: Table, calibrate: Numbers) -> tuple[float, float]:
    legitimate, malicious = (score(network, table, side)[0] for side in _sides(table, calibrate))
    if not len(legitimate) or not len(malicious):
        raise ValueError("the calibration part needs legitimate and malicious mail")
    return fit_line(legitimate.tolist(), malicious.tolist())


def _sides(table: Table, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Legitimate and malicious, one message a near-duplicate cluster."""
    labels = truth(table)[numbers]
    legitimate = numbers[(labels != MALICIOUS) & (labels != SPAM)]
    return one_a_cluster(table, legitimate), one_a_cluster(table, numbers[labels == MALICIOUS])
