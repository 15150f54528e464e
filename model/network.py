"""Network: how do a message's numbers, and the person who reported it, become a margin?

    bags (hashed words, characters, links, sender, attachments) ─▶ one table of vectors ─▶ mean of each bag ┐
    dense facts (authentication, look-alikes, links, structure) ─────────────────────────────────────────────┤
                                                                                                             ▼
                                                          row ─▶ hidden layer ─▶ malicious-against-legitimate logit
                                                                     │     └───▶ malicious, spam, bulk, none
    reporter neuron u ───────────────────────────▶ strengths ◀───────┘           (how much a report may count here)
                                                       └─▶ lift(u): 0 for nobody, never falling, at most 2.5 nats

There is one hidden layer on purpose: it makes the attribution in `explain.py` exact instead of sampled.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from model.features.hashing import BUCKETS
from model.features.table import BAGS, DENSE, FEATURES_VERSION
from model.lift import KNOTS

HEAD = ("malicious", "spam", "bulk", "none")


@dataclass(frozen=True)
class NetworkConfig:
    """Everything that fixes the shape of the weights."""

    buckets: int = BUCKETS
    width: int = 16  # of one bucket's vector
    hidden: int = 64
    bags: int = len(BAGS)
    dense: int = len(DENSE)
    features_version: int = FEATURES_VERSION

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


class Outputs(NamedTuple):
    """What one pass gives; B messages."""

    logit: Tensor  # (B,) malicious against legitimate, not calibrated
    head: Tensor  # (B, 4) logits in the order of HEAD
    strengths: Tensor  # (B, len(KNOTS)) shares of the lift, each row adds up to at most 1


class Network(nn.Module):
    """The whole network. The lift's arithmetic lies in `lift.py`, where it needs no torch."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        wide = config.bags * config.width + config.dense
        self.table = nn.EmbeddingBag(config.buckets, config.width, mode="sum")
        self.hidden = nn.Linear(wide, config.hidden)
        self.direct = nn.Linear(wide, 1)
        self.logit = nn.Linear(config.hidden, 1, bias=False)
        self.head = nn.Linear(wide + config.hidden, len(HEAD))
        self.gate = nn.Linear(config.hidden, len(KNOTS))
        self.mixture = nn.Parameter(torch.zeros(len(KNOTS)))
        nn.init.normal_(self.table.weight, std=0.05)

    def inputs(self, buckets: Tensor, offsets: Tensor, counts: Tensor, dense: Tensor) -> Tensor:
        """The row that the layers read: (B, bags * width + dense). `counts` is the size of every bag, (B * bags,)."""
        sums = self.table(buckets, offsets)  # (B * bags, width)
        means = sums * counts.clamp(min=1.0).rsqrt().unsqueeze(
            1
        )  # between sum and mean: long texts weigh a little more
        return torch.cat((means.view(len(dense), -1), dense), dim=1)

    def forward(self, row: Tensor) -> Outputs:
        """From the row of `inputs` to all outputs."""
        hidden = torch.relu(self.hidden(row))  # (B, hidden)
        logit = self.direct(row).squeeze(1) + self.logit(hidden).squeeze(1)
        head = self.head(torch.cat((row, hidden), dim=1))
        return Outputs(logit, head, self.strengths(hidden))

    def strengths(self, hidden: Tensor) -> Tensor:
        """How much each part of the lift applies: a mixture whose parts the message can only turn down."""
        return torch.sigmoid(self.gate(hidden)) * torch.softmax(self.mixture, dim=0)

    def lift_parameters(self) -> list[nn.Parameter]:
        """What training the lift may touch; the base network stays as it is."""
        return [*self.gate.parameters(), self.mixture]
