"""Fit the lift: how far should the people who reported a message move it? The base network stays as it is.

The lift is fitted to people alone, those of `population.toml`, and to no mail. Once the base network has said what it
thinks, who reports tells something of its own; and on mail it was trained on, the network has no doubts left that a
reporter could settle. So the question put here is a message that could be either: what does it say that a right report
came from somebody worth `u`, against a mistaken one?

That mail was reported at all is worth the same for every message PSR meets, and so is how good a tenant's people are on
the whole. An intercept for each assumed accuracy takes that up and is thrown away, and the thresholds, which are set on
reported mail, stand in for it when serving. What is left for the lift is who reported.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.lift import MAX_LIFT, RAMPS
from model.network import Network
from model.population import draw_values, population

_DRAWN = 20_000  # people on either side of each accuracy
_QUANTILES = 200  # what is kept of them
_OPEN = 20.0  # a gate this wide is exactly 1 in single precision


def fit_lift(network: Network, seed: int) -> None:
    """Set `Network.lift_parameters`: the gate wide open for every message, the mixture fitted."""
    found = fit_mixture(seed)
    with torch.no_grad():
        network.gate.weight.zero_()
        network.gate.bias.fill_(_OPEN)
        network.mixture.copy_(found)


def fit_mixture(seed: int) -> Tensor:
    """The logits of the ramps' shares: the likeliest ones, over all assumed accuracies alike."""
    chance = np.random.default_rng(seed)
    accuracies = population()["assumed"]
    right, wrong = (
        torch.stack([_ramps(_drawn(chance, accuracy, right=right)) for accuracy in accuracies])
        for right in (True, False)
    )  # (accuracies, quantiles, ramps)
    mixture = torch.zeros(len(RAMPS), dtype=torch.float64, requires_grad=True)
    start = torch.zeros(len(accuracies), 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([mixture, start], max_iter=500, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        shares = torch.softmax(mixture, dim=0) * MAX_LIFT
        found: Tensor = (
            functional.softplus(-start - right @ shares).mean() + functional.softplus(start + wrong @ shares).mean()
        )
        found = found + 1e-6 * mixture.square().sum()  # a share of nothing needs no logit of minus infinity
        optimiser.zero_grad()
        found.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        return found

    optimiser.step(loss)  # type: ignore[no-untyped-call]  # torch's own gap
    return mixture.detach()


def lift_of(strengths: Tensor, values: Tensor) -> Tensor:
    """The lift of `lift.py` for many messages and reporters at once: (B, ramps) and (K,) give (B, K)."""
    return strengths @ _ramps(values).T.to(strengths.dtype) * MAX_LIFT


def _ramps(values: Tensor) -> Tensor:
    """How far up each ramp a value is: (K,) gives (K, ramps)."""
    low, high = torch.tensor(RAMPS, dtype=values.dtype).T
    ramps: Tensor = (torch.minimum(torch.maximum(values.unsqueeze(1), low), high) - low) / (high - low)
    return ramps


def _drawn(chance: np.random.Generator, accuracy: float, *, right: bool) -> Tensor:
    values: NDArray[np.float64] = draw_values(_DRAWN, chance, right=right, accuracy=accuracy)
    return torch.from_numpy(np.quantile(values, (np.arange(_QUANTILES) + 0.5) / _QUANTILES))
