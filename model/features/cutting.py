"""Cutting: which hashed pieces do the passages of many mails fall into, all in a few passes over one array?

numpy costs about a microsecond a call, however short the array. So the passages of a whole batch are joined and cut
together; the price is paid for each batch and not for each message.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.features import hashing
from model.features.hashing import Hashes, Index
from model.features.reading import BAGS, GRAMS, NAMES, PROSE, WHOLE, Passage

Cells = NDArray[np.uint32]

MOST_MESSAGES = (1 << 32 - hashing.BUCKET_BITS) // len(BAGS)  # in one batch, or cells would not fit
WORDS_FIRST, WORDS_LAST = 450, 100  # of one passage; the end of a long mail holds the small print
GRAM_SIZES = (3, 4, 5)
_NAME_LETTERS = (2, 18)  # shorter pieces say nothing, longer ones are identifiers
_NAME_DIGITS = 2
_RUN = 384  # cells that are sorted at once; some processors make numpy need several times as long for each from 512 on
_NO_HASHES = np.zeros(0, dtype=np.uint64)
_SALTS = np.array([hashing.salt(number) for number in range(len(BAGS))], dtype=np.uint64)


@dataclass(frozen=True)
class Pieces:
    """Hashed pieces. A cell is a bucket in a bag of a message: (message * len(BAGS) + bag) * BUCKETS + bucket."""

    cells: Cells
    hashes: Hashes  # before they are salted; none of runs of characters
    spans: Callable[[], tuple[Index, Index]]  # starts and ends: only an explanation asks
    text: str

    def __len__(self) -> int:
        return len(self.cells)

    @cached_property
    def _spans(self) -> tuple[Index, Index]:
        return self.spans()

    def name(self, number: int) -> str:
        """The piece as it stands in the mail."""
        starts, ends = self._spans
        return self.text[starts[number] : ends[number]]


def cut(batch: Sequence[Sequence[Passage]]) -> tuple[Pieces, ...]:
    """All pieces of all passages: prose (see `words.py`'s lexicon), names, whole texts, runs of characters."""
    sorted_out: tuple[list[tuple[int, Passage]], ...] = ([], [], [], [])
    for message, passages in enumerate(batch):
        first = message * len(BAGS)
        for passage in passages:
            sorted_out[passage.cut].append((first + passage.bag, passage))
    return (
        _prose(_Joined(sorted_out[PROSE], "\n")),
        _names(_Joined(sorted_out[NAMES], "\n")),
        _wholes(_Joined(sorted_out[WHOLE], "")),
        _grams(_Joined(sorted_out[GRAMS], "")),
    )


def ascending(cells: Cells, messages: int) -> Cells:
    """All cells of so many messages in order: by their upper bits, which numpy counts out, then each short run."""
    bits = hashing.BUCKET_BITS + (messages * len(BAGS)).bit_length()
    upper = (cells >> np.uint32(max(0, bits - 16))).astype(np.uint16)
    order = upper.argsort(kind="stable")  # a radix sort, for numbers so small
    cells, upper = cells[order], upper[order]

    borders = np.unique(np.searchsorted(upper, upper[::_RUN])).tolist()
    for start, end in pairwise((*borders, len(cells))):
        cells[start:end].sort()
    return cells


class _Joined:
    """Passages as one text."""

    def __init__(self, passages: list[tuple[int, Passage]], between: str) -> None:
        self.text = between.join([passage.text for _, passage in passages])
        self.points = hashing.codes(self.text)
        keys = np.fromiter((key for key, _ in passages), dtype=np.int64, count=len(passages))
        self.bags = (keys << hashing.BUCKET_BITS).astype(np.uint32)
        self.salts = _SALTS[keys % len(BAGS)]
        lengths = np.fromiter((len(passage.text) for _, passage in passages), dtype=np.int64, count=len(passages))
        self.ends = np.cumsum(lengths + len(between)) - len(between)
        self.starts = self.ends - lengths
        self.prefixes = [passage.prefix for _, passage in passages]

    def pieces(self, passage: Index, hashes: Hashes, starts: Index, ends: Index) -> Pieces:
        cells = hashing.buckets(hashes, self.salts[passage]) | self.bags[passage]
        return Pieces(cells, hashes, lambda: (starts, ends), self.text)

    def words(self) -> tuple[Index, Index, Index]:
        """Starts and ends of the words, and the number of the passage that each stands in; long middles cut out."""
        starts, ends = hashing.word_spans(self.points)
        bounds = np.searchsorted(starts, self.ends)
        counts = np.diff(bounds, prepend=0)
        passage = np.repeat(np.arange(len(counts)), counts)
        if counts.max(initial=0) <= WORDS_FIRST + WORDS_LAST:
            return starts, ends, passage
        from_last = bounds[passage] - np.arange(len(starts))  # 1 for the last word
        keep = (from_last <= WORDS_LAST) | (counts[passage] - from_last < WORDS_FIRST)
        return starts[keep], ends[keep], passage[keep]


def _prose(joined: _Joined) -> Pieces:
    starts, ends, passage = joined.words()
    words = hashing.span_hashes(joined.points, starts, ends)
    together = np.flatnonzero(passage[1:] == passage[:-1])
    return joined.pieces(
        np.concatenate((passage, passage[together])),
        np.concatenate((words, hashing.pair_hashes(words)[together])),
        np.concatenate((starts, starts[together])),
        np.concatenate((ends, ends[together + 1])),
    )


def _names(joined: _Joined) -> Pieces:
    starts, ends, passage = joined.words()
    lengths = ends - starts
    digits = np.concatenate(([0], np.cumsum(joined.points == ord("0"))))
    keep = (lengths <= _NAME_LETTERS[1]) & (digits[ends] - digits[starts] <= _NAME_DIGITS)
    keep &= (lengths >= _NAME_LETTERS[0]) | (joined.points.take(starts, mode="clip") > 127)
    starts, ends, passage = starts[keep], ends[keep], passage[keep]

    terms = np.array([hashing.prefix_terms(prefix) for prefix in joined.prefixes], dtype=np.uint64).reshape(-1, 2)
    sums = hashing.span_sums(joined.points, starts, ends)
    return joined.pieces(passage, hashing.mix(terms[passage, 0] + sums * terms[passage, 1]), starts, ends)


def _wholes(joined: _Joined) -> Pieces:
    hashes = hashing.span_hashes(joined.points, joined.starts, joined.ends)
    return joined.pieces(np.arange(len(hashes)), hashes, joined.starts, joined.ends)


def _grams(joined: _Joined) -> Pieces:
    lengths = joined.ends - joined.starts
    bags, salts = np.repeat(joined.bags, lengths), np.repeat((joined.salts >> np.uint64(32)).astype(np.uint32), lengths)
    left = np.repeat(joined.ends, lengths) - np.arange(len(bags))  # characters from here to the end of the passage
    cells, insides = [], []
    for size, found in zip(GRAM_SIZES, hashing.gram_hashes(joined.points, salts, GRAM_SIZES), strict=True):
        inside = left[: len(found)] >= size
        cells.append((hashing.gram_buckets(found) | bags[: len(found)])[inside])
        insides.append(inside)
    return Pieces(np.concatenate(cells), _NO_HASHES, partial(_gram_spans, insides), joined.text)


def _gram_spans(insides: Sequence[NDArray[np.bool_]]) -> tuple[Index, Index]:
    starts = [np.flatnonzero(inside) for inside in insides]
    ends = [found + size for found, size in zip(starts, GRAM_SIZES, strict=True)]
    return np.concatenate(starts), np.concatenate(ends)
