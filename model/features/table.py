"""Table: what are the versioned rows of numbers that the network reads?

Training and serving run the same lines. Messages are read one by one, and cut, hashed and sorted a batch at a time:
see `cutting.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from model.features import author, claims, hashing, lexicon, links, scrub, sender, structure, words
from model.features.cutting import Pieces, ascending, cut
from model.features.reading import BAGS as ALL_BAGS
from model.features.reading import Passage, Reading
from model.message.facts import Facts

FEATURES_VERSION = 3

BAGS = ALL_BAGS
READERS = (words, sender, links, structure, claims)
DENSE = (*lexicon.FACTS, *(name for reader in READERS for name in reader.FACTS))
KNOWN_DOMAIN = BAGS.index("sender-known-domain")
_READ_FACTS = DENSE[len(lexicon.FACTS) :]
_TOGETHER = 128  # messages; more would only take more memory


@dataclass(frozen=True)
class Rows:
    """Messages as numbers: tokens of all bags of all messages lie one after another, each once in its bag."""

    buckets: NDArray[np.int32]  # (tokens,)
    lengths: NDArray[np.int32]  # (N, bags)
    dense: NDArray[np.float32]  # (N, dense) in [0, 1]
    version: int = FEATURES_VERSION

    def __len__(self) -> int:
        return len(self.lengths)

    def offsets(self) -> NDArray[np.int64]:
        """(N * bags,) where each bag begins"""
        return np.cumsum(self.lengths.reshape(-1), dtype=np.int64) - self.lengths.reshape(-1)


@dataclass(frozen=True)
class Row:
    """One message as numbers."""

    tokens: NDArray[np.int32]  # of all bags, one after another
    lengths: NDArray[np.int32]  # (bags,)
    dense: NDArray[np.float32]  # (len(DENSE),) in [0, 1]
    version: int = FEATURES_VERSION

    @property
    def bags(self) -> tuple[NDArray[np.int32], ...]:
        """The bucket numbers of each of BAGS, ascending."""
        return tuple(np.split(self.tokens, np.cumsum(self.lengths)[:-1]))

    def buckets(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """All bucket numbers one after another, and where each bag begins."""
        return self.tokens, np.cumsum(self.lengths, dtype=np.int64) - self.lengths


@dataclass(frozen=True)
class Explained:
    """One message's numbers and what they came from: only an explanation asks."""

    rows: Rows  # of the one message
    pieces: tuple[Pieces, ...]
    notes: Mapping[str, str]  # per reason code, what an operator can look at in the mail

    def bag(self, number: int) -> tuple[NDArray[np.int64], Sequence[tuple[Pieces, int]]]:
        """The buckets of one bag, and for each of them the first piece that fell into it."""
        places = [np.flatnonzero(pieces.cells >> hashing.BUCKET_BITS == number) for pieces in self.pieces]
        cells = np.concatenate([pieces.cells[inside] for pieces, inside in zip(self.pieces, places, strict=True)])
        origins = [(pieces, at) for pieces, inside in zip(self.pieces, places, strict=True) for at in inside.tolist()]
        kept, firsts = np.unique(cells & np.uint32(hashing.BUCKETS - 1), return_index=True)
        return kept.astype(np.int64), [origins[first] for first in firsts.tolist()]


def rows(many: Sequence[Facts]) -> Rows:
    """The rows of many messages."""
    parts = [_together(many[at : at + _TOGETHER]) for at in range(0, len(many), _TOGETHER)] or [_together([])]
    if len(parts) == 1:
        return parts[0]
    return Rows(
        np.concatenate([part.buckets for part in parts]),
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.dense for part in parts]),
    )


def row(facts: Facts) -> Row:
    """The row of one message."""
    one = rows([facts])
    return Row(one.buckets, one.lengths[0], one.dense[0])


def explained(facts: Facts) -> Explained:
    """The row of one message, and where it came from."""
    readings = _read(facts)
    found = cut([_passages(readings)])
    notes = {code: note for reading in readings for code, note in reading.notes.items()}
    return Explained(_rows([readings], found), found, notes | lexicon.find(found[0]).notes())


def _together(many: Sequence[Facts]) -> Rows:
    read = [_read(facts) for facts in many]
    return _rows(read, cut([_passages(readings) for readings in read]))


def _rows(read: Sequence[Sequence[Reading]], found: Sequence[Pieces]) -> Rows:
    buckets, lengths = _bags(found, len(read))
    said = lexicon.find(found[0]).facts(len(read))
    values = chain.from_iterable(reading.values for readings in read for reading in readings)
    read_off = np.fromiter(values, dtype=np.float32).reshape(len(read), -1 if len(read) else len(_READ_FACTS))
    return Rows(buckets, lengths, np.concatenate((said, read_off), axis=1))


def _read(facts: Facts) -> list[Reading]:
    pieces, facts = scrub.needles(facts), scrub.own_part(author.as_written(facts))
    return [reader.read(facts, pieces) for reader in READERS]


def _passages(readings: Sequence[Reading]) -> list[Passage]:
    return [passage for reading in readings for passage in reading.passages]


def _bags(found: Sequence[Pieces], count: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Each bucket once in each bag (being said counts, being repeated does not), and how many there are."""
    cells = ascending(np.concatenate([pieces.cells for pieces in found]), count)
    first = np.ones(len(cells), dtype=np.bool_)
    np.not_equal(cells[1:], cells[:-1], out=first[1:])
    cells = cells[np.flatnonzero(first)]  # two steps, twice as fast as one
    starts = np.searchsorted(cells, np.arange(count * len(BAGS), dtype=np.uint32) << np.uint32(hashing.BUCKET_BITS))
    lengths = np.diff(starts, append=len(cells)).astype(np.int32)
    return (cells & np.uint32(hashing.BUCKETS - 1)).astype(np.int32), lengths.reshape(count, len(BAGS))


@cache
def authentication_columns() -> tuple[int, ...]:
    """Columns of DENSE that training masks together."""
    return tuple(DENSE.index(name) for name in (*sender.AUTHENTICATION_FACTS, *claims.AUTHENTICATION_FACTS))


@cache
def unknown_authentication() -> int:
    """The column that says there was no authentication at all."""
    return DENSE.index("authentication-unknown")
