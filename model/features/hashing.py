"""Hashing: which numbered buckets do the words and characters of a text fall into?

Everything runs over arrays of code points. With H[i] the sum of code * BASE**k below i (modulo 2**64, and BASE is odd,
so it has an inverse), the hash of any span is (H[end] - H[start]) * BASE**-start: all words of many texts at once.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Hashes = NDArray[np.uint64]
Index = NDArray[np.int64]

BUCKET_BITS = 17
BUCKETS = 1 << BUCKET_BITS
_BASE = 0x9E3779B97F4A7C15
_SPREAD = 0xD6E8FEB86659FD93
_MASK = (1 << 64) - 1


def codes(text: str) -> Codes:
    """The text as code points, digits made equal: numbers in mail identify people, invoices and runs."""
    found = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32).copy()
    np.putmask(found, found - np.uint32(ord("0")) < 10, ord("0"))  # below "0" it wraps round to large numbers
    return found


def word_spans(points: Codes) -> tuple[Index, Index]:
    """Starts and ends of words; in scripts without spaces, and for symbols such as emoji, every character is one."""
    kind = _kinds().take(points, mode="clip")  # beyond the basic plane: emoji, rare Han; each stands alone
    padded = np.zeros(len(kind) + 2, dtype=np.int8)
    padded[1:-1] = kind == _LETTER
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    starts, ends = edges[::2], edges[1::2]
    singles = np.flatnonzero(kind == _SINGLE)
    if not len(singles):
        return starts, ends
    starts, ends = np.concatenate((starts, singles)), np.concatenate((ends, singles + 1))
    order = np.argsort(starts, kind="stable")  # which merges the two: each is in order by itself
    return starts[order], ends[order]


def span_sums(points: Codes, starts: Index, ends: Index) -> Hashes:
    """The unmixed hash of each span; `after` puts a prefix in front of it."""
    powers, inverses = _powers(len(points).bit_length())
    sums = np.zeros(len(points) + 1, dtype=np.uint64)
    np.cumsum((points.astype(np.uint64) + np.uint64(1)) * powers[: len(points)], out=sums[1:])
    found: Hashes = (sums[ends] - sums[starts]) * inverses[starts]
    return found


def span_hashes(points: Codes, starts: Index, ends: Index) -> Hashes:
    """One hash a span."""
    return mix(span_sums(points, starts, ends))


@cache
def prefix_terms(prefix: str) -> tuple[int, int]:
    """What to add to, and to multiply with, the unmixed hash of a text that the prefix is put in front of."""
    points = codes(prefix)
    total = int(span_sums(points, np.array([0]), np.array([len(points)]))[0])
    return total, pow(_BASE, len(prefix), 1 << 64)


def pair_hashes(words: Hashes) -> Hashes:
    """One hash for each two neighbours, different from that of the reverse order; words are well mixed already."""
    return words[:-1] * np.uint64(_BASE) + words[1:]


def gram_hashes(points: Codes, salts: NDArray[np.uint32], sizes: Sequence[int]) -> list[NDArray[np.uint32]]:
    """For each size, one hash for each run of so many characters: a step for each further character (Horner).

    There are ten times more runs than words, and 32 bits cost a quarter of what 64 cost; 17 of them are used.
    """
    single = points + np.uint32(1)
    found, longer = [], single
    for size in range(1, max(sizes) + 1):
        if size > 1:
            longer = single[: max(0, len(single) - size + 1)] + longer[1:] * np.uint32(_BASE & 0xFFFFFFFF)
        if size in sizes:
            found.append(_mix_half(longer ^ salts[: len(longer)]))
    return found


def text_hashes(texts: Sequence[str]) -> Hashes:
    """One hash for each short text as a whole, such as a domain or a file type."""
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    return span_hashes(codes("".join(texts)), np.concatenate(([0], ends[:-1])), ends)


def buckets(hashes: Hashes, salts: Hashes) -> NDArray[np.uint32]:
    """Bucket numbers; each bag of the network has its own salt, so that its words have vectors of their own."""
    return (((hashes ^ salts) * np.uint64(_SPREAD)) >> np.uint64(64 - BUCKET_BITS)).astype(np.uint32)


def gram_buckets(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Bucket numbers of salted `gram_hashes`."""
    found: NDArray[np.uint32] = hashes >> np.uint32(32 - BUCKET_BITS)
    return found


def salt(number: int) -> np.uint64:
    """The salt of one bag."""
    return np.uint64((number * _BASE) & _MASK)


def mix(values: Hashes) -> Hashes:
    """Spread the bits (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _mix_half(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The same for 32 bits (the finaliser of MurmurHash 3)."""
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


_NOTHING, _LETTER, _SINGLE = 0, 1, 2
_UNSPACED = ((0x0E00, 0x0EFF), (0x2E80, 0x9FFF), (0xF900, 0xFAFF))  # Thai and Lao, kana and Han; Hangul has spaces


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each code point of the basic plane is; the last entry stands for nothing in particular."""
    kinds = np.fromiter((chr(code).isalnum() for code in range(0x10000)), dtype=np.uint8, count=0x10000)
    for first, last in _UNSPACED:
        kinds[first : last + 1] *= _SINGLE
    kinds[0xFFFF] = _SINGLE  # stands for everything above
    kinds[0x2600:0x27C0] = _SINGLE  # warning signs, envelopes, check marks
    return kinds


@cache
def _powers(bits: int) -> tuple[Hashes, Hashes]:
    """BASE**k and its inverse for all k up to 2**bits; products wrap round by themselves."""
    inverse = pow(_BASE, -1, 1 << 64)
    steps = np.ones((2, (1 << bits) + 1), dtype=np.uint64)
    steps[:, 1:] = [[np.uint64(_BASE)], [np.uint64(inverse)]]
    powers, inverses = np.cumprod(steps, axis=1)
    return powers, inverses
