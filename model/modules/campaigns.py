"""Campaigns: does this message resemble others of this tenant, and what were they held to be?

MinHash (Broder 1997) over words, pairs of words, the links' shapes and what is attached, with names and numbers
folded, so that personalised siblings stay alike. Banding finds candidates: 32 bands of 3 values catch two messages of
Jaccard similarity 0.4 with a chance of 1 - (1 - 0.4**3)**32 = 0.88. `docs/learning.md` says from which similarity on
two messages are one campaign, and how that was measured.
"""

import re
import zlib
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.contract import ModuleContext, Opinion, Reason
from model.message.facts import Facts

HASHES = 96
BANDS = 32
_ROWS = HASHES // BANDS
_FEWEST_SHINGLES = 8  # below this, chance alone makes messages look alike
_MOST_WORDS = 2_000
_MOST_TEXT = 40_000  # characters
_GREETING_WITHIN = 400  # characters from the start
_NOBODY = frozenset({"customer", "user", "member", "client", "sir", "madam", "all", "team", "kunde", "kundin"})
_LONG = 4  # letters; shorter words stand in every message of a language
# Odd multipliers of the splitmix64 finaliser (Steele, Lea, Flood 2014).
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SEED = 20260105
_MALICIOUS = frozenset({"MALICIOUS"})
_LEGITIMATE = frozenset({"BULK", "NONE"})
ACTS_FROM = 0.6  # similarity to a message held to be malicious from which the module has an opinion of weight

_UNSPACED = "\u0e00-\u0eff\u2e80-\u9fff\uf900-\ufaff"  # Thai, Lao, kana and Han put no spaces between words
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_HAS_DIGIT = re.compile(r"\d")
_GREETING = re.compile(
    r"\b(?:dear|hi|hello|hey|good (?:morning|day|afternoon|evening)|hallo|liebe|lieber|guten (?:tag|morgen|abend)|"
    r"sehr geehrte[r]?(?: frau| herr)?|moin|bonjour|cher|chère|hola|estimad[oa]|olá|prezad[oa]|ciao|"
    r"gentile|beste|geachte)"
    r"\s+((?:[\w.'’@-]+\s+){0,3}[\w.'’@-]+)\s*[,!:\n]",
    re.IGNORECASE,
)


def minhash(facts: Facts) -> bytes:
    """96 hashes as little-endian uint32, or nothing when there is too little to compare."""
    shingles = _shingles(facts)
    if len(shingles) < _FEWEST_SHINGLES:
        return b""
    numbers = np.fromiter((zlib.crc32(each.encode()) for each in shingles), dtype=np.uint64, count=len(shingles))
    mixed = numbers[:, None] ^ _seeds()[None, :]  # (shingles, 96)
    for factor in _FACTORS:  # a plain a * x + b keeps the order of x: all would choose the same shingle
        mixed *= factor
        mixed ^= mixed >> np.uint64(32)
    smallest: NDArray[np.uint32] = (mixed.min(axis=0) >> np.uint64(32)).astype("<u4")
    return smallest.tobytes()


def bands(hashes: bytes) -> list[str]:
    """32 values of 16 hex digits: two messages that share one are worth comparing."""
    values = np.frombuffer(hashes, dtype="<u4").reshape(BANDS, _ROWS)
    return [f"{zlib.crc32(row.tobytes()):08x}{zlib.adler32(row.tobytes()):08x}" for row in values]


def similarity(a: bytes, b: bytes) -> float:
    """The estimated Jaccard similarity of two messages; 0 when either is too short, or was hashed in another way."""
    if not a or len(a) != len(b):
        return 0.0
    return float(np.mean(np.frombuffer(a, dtype="<u4") == np.frombuffer(b, dtype="<u4")))


def opinion(facts: Facts, context: ModuleContext) -> Opinion:
    """How alike the most similar message is that was held to be malicious. Never hard: likeness is no proof."""
    score, message = _most_alike(context, _MALICIOUS)
    legitimate, other = _most_alike(context, _LEGITIMATE)
    reasons = []
    if score >= ACTS_FROM:
        reasons.append(Reason("resembles-malicious", f"message {message}"))
    if legitimate >= ACTS_FROM:
        reasons.append(Reason("resembles-legitimate", f"message {other}"))
    return Opinion("campaigns", score, max(0.0, ACTS_FROM - score), reasons=tuple(reasons))


def _most_alike(context: ModuleContext, held_to_be: frozenset[str]) -> tuple[float, int]:
    alike = [(likeness, message) for message, (likeness, held) in context.similar.items() if held in held_to_be]
    return max(alike, default=(0.0, 0))


def _shingles(facts: Facts) -> set[str]:
    """Words, pairs of them, what each link looks like without its secrets, and what is attached."""
    words = [_folded(word) for word in _WORD.findall(f"{facts.subject}\n{facts.text[:_MOST_TEXT]}")[:_MOST_WORDS]]
    spoken = _greeted(facts)
    words = ["~" if word in spoken else word for word in words]
    pairs = {f"{one} {other}" for one, other in pairwise(words)}
    alone = {word for word in words if len(word) >= _LONG}
    return pairs | alone | {f"link {_shape(link.url)}" for link in facts.links[:200]} | _structure(facts)


def _structure(facts: Facts) -> set[str]:
    """What kinds of files hang on it, and whether it asks for input."""
    files = {f"file {file.detected_type} {_HAS_DIGIT.sub('#', file.name)[:100]}" for file in facts.attachments[:20]}
    return files | ({"form"} if facts.structure.forms else set())


def _folded(word: str) -> str:
    """A word without what changes from copy to copy: case and numbers."""
    return "#" if _HAS_DIGIT.search(word) else word.casefold()


def _greeted(facts: Facts) -> frozenset[str]:
    """The words by which people are called: in the recipients' names and addresses, and in the greeting."""
    people = (*facts.to[:20], *facts.cc[:20])
    called = [f"{person.name} {person.address}" for person in people] + _GREETING.findall(facts.text[:_GREETING_WITHIN])
    return frozenset(word.casefold() for name in called for word in _WORD.findall(name[:200])) - _NOBODY


def _shape(url: str) -> str:
    """A link's path with numbers and long tokens folded; the host may change with each copy."""
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    return re.sub(r"[^/]*\d[^/]*|[^/]{20,}", "#", path)[:100]


@cache
def _seeds() -> NDArray[np.uint64]:
    """The hash functions, the same in every process and for ever: stored hashes depend on them."""
    return np.random.default_rng(_SEED).integers(0, 1 << 64, HASHES, dtype=np.uint64)
