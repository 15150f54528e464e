"""Adapt: which network is next for one tenant, taught by its labels, without forgetting what the serving one knows?

It starts from the installation's network and is trained on the tenant's labels and on composed mail that is written
anew (replay). Three things hold it back: every weight is drawn to where it was (L2-SP, Li, Grandvalet, Davoine 2018),
on replay it must say what the network it started from says (distillation, Li and Hoiem 2016), and the lift is not
touched. Nobody's mail is shipped for this: replay comes from code, and labels from the tenant's own store.
"""

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model import checkpoint as checkpoints
from model.batches import Masking, batch, masked_batch
from model.calibration import Calibration
from model.corpus.table import Progress, Table
from model.fit import MALICIOUS, SPAM, score, truth
from model.network import Network

Numbers = NDArray[np.int64]


class OutOfTime(Exception):
    """Training took longer than it may."""


@dataclass(frozen=True)
class AdaptConfig:
    """How far a candidate may move. `docs/learning.md` says how the numbers were chosen."""

    steps: int = 160
    own_batch: int = 64
    replay_batch: int = 128
    rate: float = 1e-3
    anchor: float = 2e-3  # per squared change of all weights together
    distil: float = 1.0  # weight of what the serving network says of replay
    smoothing: float = 0.05
    head_share: float = 0.3
    masking: Masking = field(default_factory=lambda: Masking(authentication=0.3, bag=0.1, token=0.1))


def adapt(
    serving: checkpoints.Checkpoint,
    own: Table,
    replay: Table,
    name: str,
    config: AdaptConfig,
    seed: int,
    progress: Progress,
    seconds: float = 600.0,
) -> checkpoints.Checkpoint:
    """A candidate. `own` are the tenant's judged messages, each weighing its label's weight. Raises OutOfTime."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    network = copy.deepcopy(serving.network).train()
    start = [weights.detach().clone() for weights in _free(network)]
    optimiser = torch.optim.Adam(_free(network), lr=config.rate)
    ended, labels, weights = time.monotonic() + seconds, truth(own), _weights(own)
    said = torch.from_numpy(score(serving.network, replay, np.arange(len(replay)))[0]).float()
    replay_labels = truth(replay)

    losses: list[float] = []
    for mine, others in progress(_draws(len(own), len(replay), config, chance), config.steps, "learning"):
        if time.monotonic() > ended:
            raise OutOfTime(f"training did not end within {seconds:.0f} seconds")
        loss = _taught(network, own, mine, labels, weights, config, chance)
        loss = loss + _remembered(network, replay, others, replay_labels, said, config)
        changes = [(now - before).square().sum() for now, before in zip(_free(network), start, strict=True)]
        loss = loss + config.anchor * torch.stack(changes).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        optimiser.step()
        losses.append(float(loss.detach()))

    network.eval()
    checkpoints.round_weights(network)
    calibration = carried_over(serving, network, replay)
    record = {"adapted_from": serving.name, "seed": seed, "own": len(own), "losses": losses[::10]}
    return checkpoints.Checkpoint(name, network, calibration, record)


def carried_over(serving: checkpoints.Checkpoint, network: Network, replay: Table) -> Calibration:
    """The serving calibration with the offset moved so that legitimate replay mail lies no higher than it did.

    Compared are the highest one in a hundred, which is where thresholds lie. The offset only ever moves down: the
    thresholds and their bounds are carried over, not proven anew, because the mail they were proven on is not shipped.
    """
    labels = truth(replay)
    legitimate = np.flatnonzero((labels != MALICIOUS) & (labels != SPAM))
    if not len(legitimate):
        return serving.calibration
    before, after = (np.quantile(score(one, replay, legitimate)[0], 0.99) for one in (serving.network, network))
    down = max(0.0, float(after - before)) * serving.calibration.slope
    return replace(serving.calibration, intercept=serving.calibration.intercept - down)


def _taught(
    network: Network,
    own: Table,
    numbers: Numbers,
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    config: AdaptConfig,
    chance: np.random.Generator,
) -> Tensor:
    """What the tenant's people said."""
    outputs = network(network.inputs(*masked_batch(own, numbers, config.masking, chance)))
    right = torch.from_numpy(labels[numbers])
    weight = torch.from_numpy(weights[numbers]).float()
    return _loss(outputs.logit, outputs.head, right, weight, config)


def _remembered(
    network: Network,
    replay: Table,
    numbers: Numbers,
    labels: NDArray[np.int64],
    said: Tensor,
    config: AdaptConfig,
) -> Tensor:
    """What the serving network says of mail that is nobody's, and what that mail is."""
    outputs = network(network.inputs(*batch(replay, numbers)))
    right = torch.from_numpy(labels[numbers])
    told = _loss(outputs.logit, outputs.head, right, torch.ones(len(numbers)), config)
    return told + config.distil * functional.smooth_l1_loss(outputs.logit, said[numbers])


def _loss(logit: Tensor, head: Tensor, right: Tensor, weight: Tensor, config: AdaptConfig) -> Tensor:
    soft = (right == MALICIOUS).float() * (1.0 - 2.0 * config.smoothing) + config.smoothing
    boundary = weight * (right != SPAM).float()  # spam does not bend the first boundary
    first = functional.binary_cross_entropy_with_logits(logit, soft, reduction="none") * boundary
    second = functional.cross_entropy(head, right, reduction="none", label_smoothing=config.smoothing) * weight
    return ((1.0 - config.head_share) * first + config.head_share * second).mean()


def _weights(own: Table) -> NDArray[np.float64]:
    """Each message's own weight, both sides of the boundary and every campaign balanced."""
    labels = truth(own)
    copies = np.array([sum(1 for other in own.examples if other.source == one.source) for one in own.examples])
    weights = np.array([one.weight for one in own.examples]) / np.sqrt(np.maximum(copies, 1))
    for side in (labels == MALICIOUS, labels != MALICIOUS):
        if side.any():
            weights[side] *= len(own) / 2.0 / weights[side].sum()
    bounded: NDArray[np.float64] = np.minimum(weights, 8.0)
    return bounded


def _draws(
    own: int, replay: int, config: AdaptConfig, chance: np.random.Generator
) -> Iterator[tuple[Numbers, Numbers]]:
    for _ in range(config.steps):
        yield (
            chance.choice(own, min(own, config.own_batch), replace=False),
            chance.choice(replay, min(replay, config.replay_batch), replace=False),
        )


def _free(network: Network) -> list[torch.nn.Parameter]:
    """What may move: all but the lift, which is about people and not about mail."""
    fixed = {id(parameter) for parameter in network.lift_parameters()}
    return [parameter for parameter in network.parameters() if id(parameter) not in fixed]
