"""Explain: which parts of the message made the margin what it is?

With one hidden layer, integrated gradients from the empty row have a closed form: between 0 and its value each hidden
unit's slope is (relu(b + d) - relu(b)) / d, so the margin is a sum over inputs, exactly (Sundararajan, Taly and Yan
2017; for one layer it is also DeepLIFT's rescale rule). Bags are sums of bucket vectors, so a bag's share splits
further into words and links, which is how a reason can name what to look at.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.contract import Reason
from model.features.bag import Bag
from model.features.hashing import buckets, salt
from model.features.table import BAGS, DENSE, Row
from model.network import Network

STARTING_POINT = "starting-point"  # bias, calibration and threshold: where every message begins
EVERYTHING_ELSE = "everything-else"  # contributions too small to list
REPORTER = "reporter"  # the lift
CODES = (
    STARTING_POINT,
    EVERYTHING_ELSE,
    REPORTER,
    *dict.fromkeys((*BAGS, *(name.partition(".")[0] for name in DENSE))),
)

_MOST_REASONS = 10
_SMALLEST = 0.05  # nats
_MOST_WORDS = 4


@dataclass(frozen=True)
class Attribution:
    """Raw logit = start + sum of `shares` (one for each bag and dense fact); `slopes` lead back to the words."""

    start: float
    shares: NDArray[np.float64]  # (bags + dense,)
    slopes: NDArray[np.float64]  # (bags, width): nats of raw logit for each unit of a bag's vector


def attribute(network: Network, row: Tensor) -> Attribution:
    """Split the raw logit of one message; `row` is (1, wide) as `Network.inputs` gives it."""
    config = network.config
    weights, bias = network.hidden.weight, network.hidden.bias
    moved = (row @ weights.T).squeeze(0)  # (hidden,) how far the message moves each unit
    slope = torch.where(moved.abs() > 1e-6, (torch.relu(bias + moved) - torch.relu(bias)) / moved, (bias > 0).float())
    per_input = (network.logit.weight.squeeze(0) * slope) @ weights + network.direct.weight.squeeze(0)  # (wide,)
    parts = (per_input * row.squeeze(0)).double().numpy()
    split = config.bags * config.width
    shares = np.concatenate((parts[:split].reshape(config.bags, config.width).sum(axis=1), parts[split:]))
    start = float(network.direct.bias) + float(network.logit.weight @ torch.relu(bias))
    return Attribution(start, shares, per_input[:split].double().numpy().reshape(config.bags, config.width))


def reasons(
    network: Network, row: Row, found: Attribution, scale: float, base_margin: float, lift: float, value: float
) -> tuple[Reason, ...]:
    """The reasons of one verdict, largest first; their contributions add up to base margin plus lift."""
    nats = found.shares * scale
    codes: dict[str, float] = {}
    for name, share in zip((*BAGS, *DENSE), nats, strict=True):
        if share:
            code = name.partition(".")[0]
            codes[code] = codes.get(code, 0.0) + float(share)

    ranked = sorted(codes.items(), key=lambda item: -abs(item[1]))
    listed = [(code, share) for code, share in ranked[:_MOST_REASONS] if abs(share) >= _SMALLEST]
    rest = math.fsum(share for code, share in ranked[len(listed) :])
    start = base_margin - math.fsum(share for _, share in listed) - rest  # takes the rounding of half a dozen sums

    kept = [Reason(code, _detail(network, row, found, code, share), share) for code, share in listed]
    kept.append(Reason(STARTING_POINT, "", start))
    if rest:
        kept.append(Reason(EVERYTHING_ELSE, "", rest))
    if lift:
        kept.append(Reason(REPORTER, f"{value:.1f}", lift))
    return tuple(sorted(kept, key=lambda reason: -abs(reason.contribution or 0.0)))


def _detail(network: Network, row: Row, found: Attribution, code: str, share: float) -> str:
    """What an operator can look at: the pieces of the mail that pulled the same way as the whole."""
    if code not in BAGS:
        return row.notes.get(code, "")
    number = BAGS.index(code)
    bag = row.bags[number]
    if bag.owners is None or not len(bag.names):
        return ""
    return ", ".join(_strongest(network, bag, number, found.slopes[number], 1.0 if share > 0 else -1.0))


def _strongest(network: Network, bag: Bag, number: int, slope: NDArray[np.float64], sign: float) -> list[str]:
    numbers = torch.from_numpy(buckets(bag.hashes, np.array([salt(number)]))).long()
    vectors = network.table.weight[numbers]  # (tokens, width)
    pull = (vectors @ torch.from_numpy(slope).float()).numpy() * sign
    assert bag.owners is not None
    by_owner = np.bincount(bag.owners, weights=pull, minlength=len(bag.names))
    best = np.argsort(-by_owner)[:_MOST_WORDS]
    return [bag.names[int(owner)][:80] for owner in best if by_owner[owner] > 0 and bag.names[int(owner)]]
