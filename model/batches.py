"""Batches: how do rows become tensors, and what does training hide from the network?

What is hidden at random: all authentication together (its absence tells corpora apart), whole bags, single words. The
network must not lean on any one of them.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.dataset import Table
from model.features.table import BAGS, KNOWN_DOMAIN, authentication_columns, unknown_authentication


@dataclass(frozen=True)
class Masking:
    """Chances of hiding something, for each message anew."""

    authentication: float = 0.4
    bag: float = 0.15
    token: float = 0.2
    dense: float = 0.05  # of each single fact
    known_domain: float = 0.6


class Batch(NamedTuple):
    """What `Network.inputs` takes."""

    buckets: Tensor  # (tokens,)
    offsets: Tensor  # (B * bags,)
    counts: Tensor  # (B * bags,)
    dense: Tensor  # (B, dense)


def batch(table: Table, numbers: NDArray[np.int64]) -> Batch:
    """The messages as they are."""
    lengths = table.lengths[numbers].reshape(-1)
    return _tensors(_tokens(table, numbers), lengths, table.dense[numbers])


def masked_batch(table: Table, numbers: NDArray[np.int64], masking: Masking, chance: np.random.Generator) -> Batch:
    """The messages with pieces hidden."""
    size = len(numbers)
    lengths = table.lengths[numbers]  # (B, bags)
    unauthenticated = chance.random(size) < masking.authentication
    keep_bag = chance.random((size, len(BAGS))) >= masking.bag
    keep_bag[:, KNOWN_DOMAIN] &= ~unauthenticated & (chance.random(size) >= masking.known_domain)

    tokens = _tokens(table, numbers)
    bag_of_token = np.repeat(np.arange(size * len(BAGS)), lengths.reshape(-1))
    keep = keep_bag.reshape(-1)[bag_of_token] & (chance.random(len(tokens)) >= masking.token)
    left = np.bincount(bag_of_token[keep], minlength=size * len(BAGS))

    dense = table.dense[numbers] * (chance.random((size, table.dense.shape[1])) >= masking.dense)
    dense[np.ix_(np.flatnonzero(unauthenticated), np.array(authentication_columns()))] = 0.0
    dense[unauthenticated, unknown_authentication()] = 1.0
    return _tensors(tokens[keep], left, dense)


def _tokens(table: Table, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
    parts = [table.buckets[table.starts[number] : table.starts[number + 1]] for number in numbers]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)


def _tensors(tokens: NDArray[np.int32], lengths: NDArray[np.integer[Any]], dense: NDArray[np.floating[Any]]) -> Batch:
    offsets = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    return Batch(
        torch.from_numpy(tokens.astype(np.int64)),
        torch.from_numpy(offsets.astype(np.int64)),
        torch.from_numpy(lengths.astype(np.float32)),
        torch.from_numpy(np.ascontiguousarray(dense, dtype=np.float32)),
    )
