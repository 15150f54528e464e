"""Bag: which buckets did one part of the message fall into, and which piece of it put them there?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.features import hashing


@dataclass(frozen=True)
class Bag:
    """Hashes in ascending order without repetition.

    `names[owners[i]]` is the piece of mail that the i-th came from; characters have no owners.
    """

    hashes: hashing.Hashes
    owners: NDArray[np.int64] | None
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.hashes)


EMPTY = Bag(np.zeros(0, dtype=np.uint64), None, ())


def bag(hashes: hashing.Hashes, owners: NDArray[np.int64] | None, names: Sequence[str]) -> Bag:
    """Keep one of each hash: being said counts, being repeated does not."""
    if not len(hashes):
        return EMPTY
    order = np.argsort(hashes)
    ordered = hashes[order]
    first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    return Bag(ordered[first], None if owners is None else owners[order[first]], names)


def named_bag(tokens: Sequence[tuple[str, int]], names: Sequence[str]) -> Bag:
    """A bag of few short texts, each with the number of its name."""
    if not tokens:
        return EMPTY
    hashes = hashing.text_hashes([text for text, _ in tokens])
    owners = np.fromiter((owner for _, owner in tokens), dtype=np.int64, count=len(tokens))
    return bag(hashes, owners[: len(hashes)], names)
