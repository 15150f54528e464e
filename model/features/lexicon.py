"""Lexicon: how much of the language of pressure, credentials, money and prizes does a mail use?"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from model.features import hashing
from model.features.cutting import Pieces
from model.features.reading import BAGS

FACTS = ("words-urgency", "words-credentials", "words-money", "words-reward", "words-generic-greeting")
_FULL = 6.0  # so many different hits count as all
_MOST_NAMED = 4
_SLOT_BITS = 16


@dataclass(frozen=True)
class Lexicon:
    """`lexicon.toml`, ready for looking up many hashes at once."""

    terms: tuple[str, ...]
    hashes: hashing.Hashes  # (terms,) ascending
    kinds: NDArray[np.int64]  # (terms,) the place in FACTS
    slots: NDArray[np.bool_]  # which upper halves occur at all: nearly everything is turned away here


@dataclass(frozen=True)
class Hits:
    """Which terms stand in which message, each once."""

    messages: NDArray[np.int64]
    terms: NDArray[np.int64]

    def facts(self, count: int) -> NDArray[np.float32]:
        """(messages, FACTS)"""
        places = self.messages * len(FACTS) + lexicon().kinds[self.terms]
        found = np.bincount(places, minlength=count * len(FACTS)).reshape(count, len(FACTS))
        return np.minimum(1.0, found / _FULL).astype(np.float32)

    def notes(self) -> dict[str, str]:
        """The first few terms of each kind."""
        known = lexicon()
        named: dict[str, list[str]] = {}
        for term in self.terms.tolist():
            named.setdefault(FACTS[known.kinds[term]], []).append(known.terms[term])
        return {kind: ", ".join(terms[:_MOST_NAMED]) for kind, terms in named.items()}


def find(prose: Pieces) -> Hits:
    """The lexicon's terms among the words and pairs of subjects and texts."""
    known = lexicon()
    likely = np.flatnonzero(known.slots[(prose.hashes >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)])
    hashes = prose.hashes[likely]
    terms = np.minimum(np.searchsorted(known.hashes, hashes), len(known.hashes) - 1)
    right = known.hashes[terms] == hashes
    messages = (prose.cells[likely][right] >> np.uint32(hashing.BUCKET_BITS)).astype(np.int64) // len(BAGS)
    found = np.unique(messages * len(known.terms) + terms[right])
    return Hits(found // len(known.terms), found % len(known.terms))


@cache
def lexicon() -> Lexicon:
    """What `lexicon.toml` says."""
    data = tomllib.loads(files("model.features").joinpath("lexicon.toml").read_text(encoding="utf-8"))
    kinds = {term: number for number, kind in enumerate(FACTS) for term in data[kind]}
    by_hash = {_hash(term): term for term in kinds}
    hashes = np.array(sorted(by_hash), dtype=np.uint64)
    slots = np.zeros(1 << _SLOT_BITS, dtype=np.bool_)
    slots[(hashes >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)] = True
    terms = tuple(by_hash[found] for found in sorted(by_hash))
    return Lexicon(terms, hashes, np.array([kinds[term] for term in terms]), slots)


def _hash(term: str) -> int:
    words = hashing.text_hashes(term.split())
    return int(words[0] if len(words) == 1 else hashing.pair_hashes(words)[0])
