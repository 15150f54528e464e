"""Campaigns: does this message resemble others of this tenant, and what were they held to be?

MinHash (Broder 1997) over shingles of the visible text and of the links' shapes, with names and numbers folded, so
that personalised siblings stay alike. Banding finds candidates: 16 bands of 4 values catch two messages of Jaccard
similarity 0.6 with a chance of 1 - (1 - 0.6**4)**16 = 0.89.
"""

import re
import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

from model.contract import ModuleContext, Opinion, Reason
from model.message.facts import Facts

HASHES = 64
BANDS = 16
_ROWS = HASHES // BANDS
_FEWEST_SHINGLES = 8  # below this, chance alone makes messages look alike
_MOST_WORDS = 4_000
_SHINGLE = 3
_PRIME = np.uint64((1 << 61) - 1)
_SEED = 20260105
ACTS_FROM = 0.8  # similarity to a message held to be malicious from which the module has an opinion of weight

_WORD = re.compile(r"\w+")
_HAS_DIGIT = re.compile(r"\d")


def minhash(facts: Facts) -> bytes:
    """64 hashes as little-endian uint32, or nothing when there is too little to compare."""
    shingles = _shingles(facts)
    if len(shingles) < _FEWEST_SHINGLES:
        return b""
    numbers = np.fromiter((zlib.crc32(each.encode()) for each in shingles), dtype=np.uint64, count=len(shingles))
    a, b = _coefficients()
    mixed = (numbers[:, None] * a[None, :] + b[None, :]) % _PRIME  # (shingles, 64)
    smallest: NDArray[np.uint32] = (mixed.min(axis=0) & np.uint64(0xFFFFFFFF)).astype("<u4")
    return smallest.tobytes()


def bands(hashes: bytes) -> list[str]:
    """16 values of 16 hex digits: two messages that share one are worth comparing."""
    values = np.frombuffer(hashes, dtype="<u4").reshape(BANDS, _ROWS)
    return [f"{zlib.crc32(row.tobytes()):08x}{zlib.adler32(row.tobytes()):08x}" for row in values]


def similarity(a: bytes, b: bytes) -> float:
    """The estimated Jaccard similarity of two messages; 0 when either is too short to say."""
    if not a or not b:
        return 0.0
    return float(np.mean(np.frombuffer(a, dtype="<u4") == np.frombuffer(b, dtype="<u4")))


def opinion(facts: Facts, context: ModuleContext) -> Opinion:
    """How alike the most similar message is that was held to be malicious. Never hard: likeness is no proof."""
    alike = [(likeness, message) for message, (likeness, held) in context.similar.items() if held == "MALICIOUS"]
    score, message = max(alike, default=(0.0, 0))
    reasons = (Reason("resembles-malicious", f"message {message}"),) if score >= ACTS_FROM else ()
    return Opinion("campaigns", score, max(0.0, ACTS_FROM - score), reasons=reasons)


def _shingles(facts: Facts) -> set[str]:
    """Runs of three folded words, and what each link looks like without its secrets."""
    words = [_folded(word) for word in _WORD.findall(f"{facts.subject}\n{facts.text}")[:_MOST_WORDS]]
    spoken = _greeted(facts)
    words = ["~" if word in spoken else word for word in words]
    runs = {" ".join(words[n : n + _SHINGLE]) for n in range(len(words) - _SHINGLE + 1)}
    return runs | {f"link {_shape(link.url)}" for link in facts.links[:200]}


def _folded(word: str) -> str:
    """A word without what changes from copy to copy: case and numbers."""
    return "#" if _HAS_DIGIT.search(word) else word.casefold()


def _greeted(facts: Facts) -> set[str]:
    """The words by which the recipients are called, in their names and addresses."""
    people = (*facts.to[:20], *facts.cc[:20])
    return {word.casefold() for person in people for word in _WORD.findall(f"{person.name} {person.address}")}


def _shape(url: str) -> str:
    """A link's path with numbers and long tokens folded; the host may change with each copy."""
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    return re.sub(r"[^/]*\d[^/]*|[^/]{20,}", "#", path)[:100]


@cache
def _coefficients() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The 64 hash functions, the same in every process and for ever: stored hashes depend on them."""
    draw = np.random.default_rng(_SEED)
    # Below 2**29, so that 32-bit values times a, plus b, stay within 64 bits.
    return (
        draw.integers(1, 1 << 29, HASHES, dtype=np.uint64) | np.uint64(1),
        draw.integers(0, 1 << 61, HASHES, dtype=np.uint64),
    )
