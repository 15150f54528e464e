"""Fit the lift: how far should the people who reported a message move it? The base network stays as it is.

The people are simulated (`population.toml`), for malicious and legitimate mail alike. That mail was reported at all is
worth the same for every message PSR meets, so a free intercept takes it up here, and the thresholds, which are set on
reported mail, stand in for it when serving. What is left for the lift is who reported.

On mail it was trained on, the base network has hardly a doubt left that a reporter could settle. So most of every
message is hidden here, and slope and intercept of what the rest is worth are fitted along, and thrown away too.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.batches import masked_batch
from model.calibration import Calibration
from model.dataset import Progress, Table
from model.fit import MALICIOUS, SPAM, FitConfig, truth
from model.lift import KNOTS, MAX_LIFT
from model.network import Network
from model.population import draw_reports, population
from model.reporter import DEFAULT


class Draw(NamedTuple):
    """Simulated messages: which, the reporter's value, whether anybody reported, truth, weight."""

    rows: NDArray[np.int64]
    values: Tensor
    reported: Tensor
    malicious: Tensor
    weight: Tensor


@dataclass(frozen=True)
class Pool:
    """What the simulated people can report; `mistaken` is how likely each legitimate message is taken for a phish."""

    malicious: NDArray[np.int64]
    legitimate: NDArray[np.int64]
    mistaken: NDArray[np.float64]


def fit_lift(
    network: Network,
    table: Table,
    numbers: NDArray[np.int64],
    calibration: Calibration,
    fit: FitConfig,
    seed: int,
    progress: Progress,
) -> None:
    """Train only `Network.lift_parameters`; spam takes no part."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    pool = _pool(table, numbers)
    _begin(network)
    background = math.log(DEFAULT.background / (1.0 - DEFAULT.background))
    slope, start, reported = (
        torch.tensor([begin], requires_grad=True) for begin in (calibration.slope, background, 0.0)
    )
    optimiser = torch.optim.Adam([*network.lift_parameters(), slope, start, reported], lr=fit.lift_rate)

    for _ in progress(range(fit.lift_steps), fit.lift_steps, "training the lift"):
        drawn = _draw(pool, fit.batch, chance)
        hidden, logit = _frozen(network, table, drawn.rows, fit, chance)
        odds = slope * logit + start + reported * drawn.reported + lift_of(network.strengths(hidden), drawn.values)
        loss = functional.binary_cross_entropy_with_logits(odds, drawn.malicious, weight=drawn.weight)
        loss = loss + fit.gate_decay * network.gate.weight.square().sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        optimiser.step()


def lift_of(strengths: Tensor, values: Tensor) -> Tensor:
    """The lift of `lift.py` for many messages at once, with gradients: (B, knots) and (B,) give (B,)."""
    knots = torch.tensor(KNOTS)
    parts = strengths * torch.minimum(values.unsqueeze(1), knots) / knots
    return parts.sum(dim=1) * MAX_LIFT


def _begin(network: Network) -> None:
    """A lift that is the same for every message: all parts alike, the gate wide open."""
    with torch.no_grad():
        network.mixture.zero_()
        network.gate.weight.zero_()
        network.gate.bias.fill_(2.0)


def _pool(table: Table, numbers: NDArray[np.int64]) -> Pool:
    labels = truth(table)[numbers]
    legitimate = numbers[(labels != MALICIOUS) & (labels != SPAM)]
    bulk = np.array([table.examples[number].label == "bulk" for number in legitimate])
    mistaken = np.where(bulk, float(population()["bulk_weight"]), 1.0)
    return Pool(numbers[labels == MALICIOUS], legitimate, mistaken / mistaken.sum())


def _draw(pool: Pool, size: int, chance: np.random.Generator) -> Draw:
    """Most messages reported by nobody, weighted back to how rare malicious mail is; the rest by the population."""
    nobody = chance.random(size) < population()["masked"]
    values, right = draw_reports(size, chance)
    malicious = np.where(nobody, np.arange(size) % 2 == 0, right)
    rare = np.where(malicious, 2.0 * DEFAULT.background, 2.0 - 2.0 * DEFAULT.background)
    honest = np.where(
        nobody, chance.choice(pool.legitimate, size=size), chance.choice(pool.legitimate, size=size, p=pool.mistaken)
    )
    return Draw(
        rows=np.where(malicious, chance.choice(pool.malicious, size=size), honest),
        values=_tensor(np.where(nobody, 0.0, values)),
        reported=_tensor(~nobody),
        malicious=_tensor(malicious),
        weight=_tensor(np.where(nobody, rare, 1.0)),
    )


def _frozen(
    network: Network, table: Table, rows: NDArray[np.int64], fit: FitConfig, chance: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Hidden layer and logit of messages with most of them hidden, see the docstring above."""
    with torch.no_grad():
        row = network.inputs(*masked_batch(table, rows, fit.lift_masking, chance))
        hidden = torch.relu(network.hidden(row))
        return hidden, network.direct(row).squeeze(1) + network.logit(hidden).squeeze(1)


def _tensor(values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
