"""Hashing: which numbered buckets do the words and characters of a text fall into?

Everything runs over arrays of code points. With H[i] the sum of code * BASE**k below i (modulo 2**64, and BASE is odd,
so it has an inverse), the hash of any span is (H[end] - H[start]) * BASE**-start: all words of a text at once.
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
_LONGEST = 1 << 15  # code points; longer texts are cut before they come here
_BASE = 0x9E3779B97F4A7C15
_SPREAD = 0xD6E8FEB86659FD93
_MASK = (1 << 64) - 1


def codes(text: str) -> Codes:
    """The text as code points, digits made equal: numbers in mail identify people, invoices and runs."""
    found = np.frombuffer(text[:_LONGEST].encode("utf-32-le", "replace"), dtype=np.uint32).copy()
    found[(found >= ord("1")) & (found <= ord("9"))] = ord("0")
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
    order = np.argsort(starts)
    return starts[order], ends[order]


def span_hashes(points: Codes, starts: Index, ends: Index) -> Hashes:
    """One hash a span."""
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    powers, inverses = _powers()
    sums = np.zeros(len(points) + 1, dtype=np.uint64)
    np.cumsum((points.astype(np.uint64) + np.uint64(1)) * powers[: len(points)], out=sums[1:])
    return _mix((sums[ends] - sums[starts]) * inverses[starts])


def pair_hashes(words: Hashes) -> Hashes:
    """One hash for each two neighbours, different from that of the reverse order; words are well mixed already."""
    return words[:-1] * np.uint64(_BASE) + words[1:]


def gram_hashes(points: Codes, size: int) -> Hashes:
    """One hash for each run of `size` characters."""
    starts = np.arange(max(0, len(points) - size + 1))
    return span_hashes(points, starts, starts + size)


def text_hashes(texts: Sequence[str]) -> Hashes:
    """One hash for each short text as a whole, such as a domain or a file type."""
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    points = codes("".join(texts))
    kept = ends <= len(points)  # what lies beyond the cut of `codes` is left out
    return span_hashes(points, np.concatenate(([0], ends[:-1]))[kept], ends[kept])


def buckets(hashes: Hashes, salts: Hashes) -> NDArray[np.int32]:
    """Bucket numbers; each bag of the network has its own salt, so that its words have vectors of their own."""
    return (((hashes ^ salts) * np.uint64(_SPREAD)) >> np.uint64(64 - BUCKET_BITS)).astype(np.int32)


def salt(number: int) -> np.uint64:
    """The salt of one bag."""
    return np.uint64((number * _BASE) & _MASK)


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
def _powers() -> tuple[Hashes, Hashes]:
    inverse = pow(_BASE, -1, 1 << 64)
    powers, inverses = [1], [1]
    for _ in range(_LONGEST):
        powers.append((powers[-1] * _BASE) & _MASK)
        inverses.append((inverses[-1] * inverse) & _MASK)
    return np.array(powers, dtype=np.uint64), np.array(inverses, dtype=np.uint64)


def _mix(values: Hashes) -> Hashes:
    """Spread the bits (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
