"""Fit: which weights of the base network explain the labels? Nobody has reported anything here."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.batches import Masking, batch, masked_batch
from model.dataset import Progress, Table
from model.lift import KNOTS
from model.network import HEAD, Network, NetworkConfig, Outputs

MALICIOUS, SPAM = HEAD.index("malicious"), HEAD.index("spam")


@dataclass(frozen=True)
class FitConfig:
    """How long and how fast; the figures beside the shipped weights come from these numbers."""

    epochs: int = 10
    batch: int = 256
    rate: float = 2e-3
    weight_decay: float = 0.01
    head_share: float = 0.4  # of the loss
    smoothing: float = 0.1  # of the labels, which are weak
    dropout: float = 0.2
    masking: Masking = field(default_factory=Masking)
    campaign_power: float = 0.5  # a campaign of n copies weighs as much as n ** (1 - campaign_power) mails


def truth(table: Table) -> NDArray[np.int64]:
    """The place of each example's label in HEAD."""
    return np.array([HEAD.index(example.label) for example in table.examples], dtype=np.int64)


def balanced_weights(
    table: Table, numbers: NDArray[np.int64], campaign_power: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights for the malicious logit (spam counts nothing, both sides weigh the same) and for the head."""
    labels = truth(table)[numbers]
    own = _own_weights(table, numbers, campaign_power)
    boundary = np.where(labels == SPAM, 0.0, own)
    for side in (labels == MALICIOUS, labels != MALICIOUS):
        boundary[side] *= len(numbers) / 2.0 / max(boundary[side].sum(), 1e-9)
    head = own.copy()
    for label in range(len(HEAD)):
        head[labels == label] *= len(numbers) / len(HEAD) / max(own[labels == label].sum(), 50.0)
    return boundary, head


def _own_weights(table: Table, numbers: NDArray[np.int64], campaign_power: float) -> NDArray[np.float64]:
    """What each message weighs before the sides are balanced: of many copies each teaches little."""
    chosen = [table.examples[number] for number in numbers]
    copies = Counter(example.cluster for example in chosen)
    return np.array([example.weight * copies[example.cluster] ** -campaign_power for example in chosen])


def fit_base(
    table: Table, numbers: NDArray[np.int64], config: NetworkConfig, fit: FitConfig, seed: int, progress: Progress
) -> tuple[Network, list[float]]:
    """Train the base network; returns the mean loss of each epoch as well."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    network = Network(config)
    labels = truth(table)
    boundary, head = balanced_weights(table, numbers, fit.campaign_power)
    steps = fit.epochs * math.ceil(len(numbers) / fit.batch)
    optimiser = torch.optim.AdamW(
        (p for p in network.parameters() if not _is_lift(network, p)), lr=fit.rate, weight_decay=fit.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=fit.rate, total_steps=steps, pct_start=0.15)

    losses: list[float] = []
    for places in progress(_epochs(len(numbers), fit, chance), steps, "training"):
        here = masked_batch(table, numbers[places], fit.masking, chance)
        outputs = network(functional.dropout(network.inputs(*here), fit.dropout))
        loss = _loss(
            outputs,
            torch.from_numpy(labels[numbers[places]]),
            torch.from_numpy(boundary[places]),
            torch.from_numpy(head[places]),
            fit,
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    size = max(1, len(losses) // fit.epochs)
    return network.eval(), [float(np.mean(losses[at : at + size])) for at in range(0, len(losses), size)][: fit.epochs]


def score(
    network: Network, table: Table, numbers: NDArray[np.int64], size: int = 512
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Raw logits (N,), head probabilities (N, 4) and strengths of the lift (N, knots)."""
    places = range(0, len(numbers), size)
    with torch.inference_mode():
        found: list[Outputs] = [network(network.inputs(*batch(table, numbers[at : at + size]))) for at in places]
    if not found:
        return np.zeros(0), np.zeros((0, len(HEAD))), np.zeros((0, len(KNOTS)))
    return (
        torch.cat([outputs.logit for outputs in found]).double().numpy(),
        torch.softmax(torch.cat([outputs.head for outputs in found]).double(), dim=1).numpy(),
        torch.cat([outputs.strengths for outputs in found]).double().numpy(),
    )


def _epochs(count: int, fit: FitConfig, chance: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    for _ in range(fit.epochs):
        order = chance.permutation(count)
        for at in range(0, count, fit.batch):
            yield order[at : at + fit.batch]


def _loss(outputs: Outputs, labels: Tensor, boundary: Tensor, head: Tensor, fit: FitConfig) -> Tensor:
    soft = (labels == MALICIOUS).double() * (1.0 - 2.0 * fit.smoothing) + fit.smoothing
    first = functional.binary_cross_entropy_with_logits(outputs.logit.double(), soft, reduction="none") * boundary
    second = (
        functional.cross_entropy(outputs.head.double(), labels, reduction="none", label_smoothing=fit.smoothing) * head
    )
    return ((1.0 - fit.head_share) * first + fit.head_share * second).mean()


def _is_lift(network: Network, parameter: torch.nn.Parameter) -> bool:
    return any(parameter is own for own in network.lift_parameters())
