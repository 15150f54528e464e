"""Explain: which parts of the message made the margin what it is?

With one hidden layer, integrated gradients from the empty row have a closed form: between 0 and its value each hidden
unit's slope is (relu(b + d) - relu(b)) / d, so the margin is a sum over inputs, exactly (Sundararajan, Taly and Yan
2017; for one layer it is also DeepLIFT's rescale rule). Bags are sums of bucket vectors, so a bag's share splits
further into words and links, which is how a reason can name what to look at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from model.contract import Reason
from model.features.cutting import Pieces
from model.features.reading import BAGS
from model.features.table import DENSE, Explained
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

_MOST_REASONS = 6  # beside the start, the rest and the reporters, who make seven sentences of it
_SMALLEST = 0.05  # nats
_MOST_WORDS, _MOST_AGAINST = 4, 2  # that pulled with the whole bag, and the other way


@dataclass(frozen=True)
class Attribution:
    """Raw logit = start + sum of `shares` (one for each bag and dense fact); `slopes` lead back to the words."""

    start: float
    shares: NDArray[np.float64]  # (bags + dense,)
    slopes: NDArray[np.float32]  # (bags, width): raw logit for each unit of a bag's vector


class Explainer:
    """The parts of a trained network that attribution needs, as arrays: a dozen small products are faster so."""

    def __init__(self, network: Network) -> None:
        self._bags, self._width = network.config.bags, network.config.width
        self._table = _array(network.table.weight)  # (buckets, width), shared with the network
        self._hidden, self._bias = (
            _array(network.hidden.weight),
            _array(network.hidden.bias),
        )  # (hidden, wide), (hidden,)
        self._logit, self._direct = _array(network.logit.weight)[0], _array(network.direct.weight)[0]
        self._start = float(network.direct.bias.detach()) + float(self._logit @ np.maximum(self._bias, 0.0))

    def attribute(self, row: NDArray[np.float32]) -> Attribution:
        """Split the raw logit of one message; `row` (wide,) is as `Network.inputs` gives it."""
        moved = self._hidden @ row  # (hidden,) how far the message moves each unit
        rise = np.maximum(self._bias + moved, 0.0) - np.maximum(self._bias, 0.0)
        still = np.abs(moved) < 1e-6
        slope = np.where(still, self._bias > 0.0, rise / np.where(still, 1.0, moved))
        per_input = (self._logit * slope).astype(np.float32) @ self._hidden + self._direct  # (wide,)
        parts = per_input.astype(np.float64) * row
        split = self._bags * self._width
        shares = np.concatenate((parts[:split].reshape(self._bags, self._width).sum(axis=1), parts[split:]))
        return Attribution(self._start, shares, per_input[:split].reshape(self._bags, self._width))

    def reasons(self, seen: Explained, found: Attribution, scale: float, base_margin: float) -> list[Reason]:
        """The reasons in the mail; their contributions add up to the base margin. `scale` is nats for raw logit."""
        codes: dict[str, float] = {}
        for code, share in zip(_INPUT_CODES, (found.shares * scale).tolist(), strict=True):
            if share:
                codes[code] = codes.get(code, 0.0) + share

        ranked = sorted(codes.items(), key=lambda item: -abs(item[1]))
        listed = [(code, share) for code, share in ranked[:_MOST_REASONS] if abs(share) >= _SMALLEST]
        rest = math.fsum(share for _, share in ranked[len(listed) :])
        start = base_margin - math.fsum(share for _, share in listed) - rest  # constant, but for the sums' rounding

        kept = [Reason(code, self._detail(seen, found, code, share), share) for code, share in listed]
        kept.append(Reason(STARTING_POINT, "", start))
        return [*kept, Reason(EVERYTHING_ELSE, "", rest)] if rest else kept

    def _detail(self, seen: Explained, found: Attribution, code: str, share: float) -> str:
        """What an operator can look at: of a bag, the words that pulled hardest, and which way."""
        if code not in BAGS:
            return seen.notes.get(code, "")
        number = BAGS.index(code)
        buckets, origins = seen.bag(number)
        pull = self._table[buckets] @ found.slopes[number]  # (pieces,)
        towards, away = (_strongest(origins, side) for side in (pull, -pull))
        if share < 0:
            return _both_ways((("against", away[:_MOST_WORDS]), ("for", towards[:_MOST_AGAINST])))
        return _both_ways((("for", towards[:_MOST_WORDS]), ("against", away[:_MOST_AGAINST])))


def with_reporter(of_mail: list[Reason], lift: float, value: float) -> tuple[Reason, ...]:
    """All reasons, largest first, with the people who reported as one of them."""
    found = [*of_mail, Reason(REPORTER, f"{value:.1f}", lift)] if lift else of_mail
    return tuple(sorted(found, key=lambda reason: -abs(reason.contribution or 0.0)))


_INPUT_CODES = tuple(name.partition(".")[0] for name in (*BAGS, *DENSE))


def _strongest(origins: Sequence[tuple[Pieces, int]], pull: NDArray[np.float32]) -> list[str]:
    """The pieces that pulled hardest, each named once; words of one or two letters show nothing."""
    kept: list[str] = []
    for place in np.argsort(-pull)[: 4 * _MOST_WORDS].tolist():
        pieces, number = origins[place]
        name = " ".join(pieces.name(number)[:80].split())
        if pull[place] <= 0.0 or len(kept) == _MOST_WORDS:
            break
        if len(name) > 2 and not any(name in other or other in name for other in kept):
            kept.append(name)
    return kept


def _both_ways(sides: tuple[tuple[str, list[str]], ...]) -> str:
    """Words for and against malicious, such as "for: verify your, account; against: regards"."""
    return "; ".join(f"{way}: {', '.join(words)}" for way, words in sides if words)


def _array(weights: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = weights.detach().numpy()
    return found
