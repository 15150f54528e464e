"""Words: what does the message say, in the subject and in the text a person sees?"""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from model.features import hashing, scrub
from model.features.bag import Bag, bag
from model.message.facts import Facts

WORDS_FIRST, WORDS_LAST = 450, 100  # of the text; the end of a long mail holds the small print
SUBJECT_WORDS = 40
CHARACTERS = 1_000
GRAM = 4
_FOREIGN, _LATIN = re.compile("[\u0370-\u04ff]"), re.compile("[a-zA-Z]")
_INVISIBLE = ("\u200b", "\u200c", "\u00ad", "\u2060", "\ufeff")  # zero-width space and joiner, soft hyphen, and kin
_LEXICON_FULL = 6.0  # so many different hits count as all

FACTS = (
    "words-urgency",
    "words-credentials",
    "words-money",
    "words-reward",
    "words-generic-greeting",
    "words-shouting",
    "text-short",
    "text-short.none",
    "text-mixed-scripts",
    "text-invisible-characters",
)


@dataclass(frozen=True)
class Reading:
    """The bags and dense facts of the wording."""

    subject: Bag
    text: Bag
    characters: Bag
    facts: dict[str, float]
    notes: dict[str, str]


class Spans(Sequence[str]):
    """Names for the tokens of a text, cut out only when an explanation asks: words first, then neighbouring pairs."""

    def __init__(self, text: str, starts: hashing.Index, ends: hashing.Index) -> None:
        self._text, self._starts, self._ends = text, starts, ends

    def __len__(self) -> int:
        return max(0, 2 * len(self._starts) - 1)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # only whole numbers are ever asked for
        words = len(self._starts)
        first = index if index < words else index - words
        last = first if index < words else first + 1
        return self._text[self._starts[first] : self._ends[last]]


def read(facts: Facts, pieces: tuple[str, ...]) -> Reading:
    """The wording of one message; `pieces` name the recipient and are left out."""
    subject = _fold(scrub.subject(facts, pieces))
    text = _fold(scrub.body(facts, pieces))

    subject_bag = _word_bag(subject, SUBJECT_WORDS, 0)
    text_bag = _word_bag(text, WORDS_FIRST, WORDS_LAST)
    grams = hashing.gram_hashes(hashing.codes(" ".join((subject + " " + text[:CHARACTERS]).split())), GRAM)

    found, notes = _lexicon_hits(subject_bag, text_bag)
    found |= _form(facts, len(text))
    return Reading(subject_bag, text_bag, bag(grams, None, ()), found, notes)


def _fold(text: str) -> str:
    """One spelling for full-width, ligature and mathematical look-alikes."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).lower()


def _word_bag(text: str, first: int, last: int) -> Bag:
    points = hashing.codes(text)
    starts, ends = hashing.word_spans(points)
    if len(starts) > first + last:
        starts = np.concatenate((starts[:first], starts[len(starts) - last :]))
        ends = np.concatenate((ends[:first], ends[len(ends) - last :]))
    words = hashing.span_hashes(points, starts, ends)
    hashes = np.concatenate((words, hashing.pair_hashes(words)))
    return bag(hashes, np.arange(len(hashes)), Spans(text, starts, ends))


def _form(facts: Facts, length: int) -> dict[str, float]:
    """How the text is written, whatever it says."""
    text = facts.text[:3_000]
    ascii_only = text.isascii() and facts.subject.isascii()
    shown = f"{scrub.untagged(facts.subject)} {text[:1_000]}"
    loud = sum(len(word) > 3 and word.isupper() for word in shown.split()[:150])
    return {
        "words-shouting": min(1.0, loud / 12.0 + shown.count("!") / 10.0),
        "text-short": min(1.0, np.log1p(length) / 9.0),
        "text-short.none": float(length < 20),
        "text-mixed-scripts": 0.0 if ascii_only else min(1.0, _mixed_words(facts.subject + " " + text) / 3.0),
        "text-invisible-characters": 0.0 if ascii_only else min(1.0, _invisible_inside(text) / 5.0),
    }


def _mixed_words(text: str) -> int:
    """Words whose letters come from Latin and from Cyrillic or Greek: nobody writes so by accident."""
    if not _FOREIGN.search(text):
        return 0
    return sum(bool(_FOREIGN.search(word) and _LATIN.search(word)) for word in text.split()[:400])


def _invisible_inside(text: str) -> int:
    """Invisible characters with a letter on both sides: they break words for filters and not for eyes."""
    count = 0
    for mark in _INVISIBLE:
        place = text.find(mark)
        while place >= 0 and count < 20:
            count += (
                text[place - 1 : place].isascii()
                and text[place - 1 : place].isalpha()
                and text[place + 1 : place + 2].isalpha()
            )
            place = text.find(mark, place + 1)
    return count


def _lexicon_hits(*bags: Bag) -> tuple[dict[str, float], dict[str, str]]:
    known, owners, terms, names = _lexicon()
    present = np.flatnonzero(np.logical_or.reduce([_contains(bag.hashes, known) for bag in bags]))
    found = dict.fromkeys(names, 0.0)
    notes: dict[str, str] = {}
    for index in present:
        name = names[owners[index]]
        found[name] = min(1.0, found[name] + 1.0 / _LEXICON_FULL)
        if notes.get(name, "").count(", ") < 3:
            notes[name] = f"{notes[name]}, {terms[index]}" if name in notes else terms[index]
    return found, notes


def _contains(ordered: hashing.Hashes, wanted: hashing.Hashes) -> NDArray[np.bool_]:
    """Which of `wanted` are in an ascending array."""
    if not len(ordered):
        return np.zeros(len(wanted), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    found: NDArray[np.bool_] = ordered[places] == wanted
    return found


@cache
def _lexicon() -> tuple[hashing.Hashes, NDArray[np.int64], tuple[str, ...], tuple[str, ...]]:
    """Hashes of all terms, the category of each, the terms, the categories."""
    data = tomllib.loads(files("model.features").joinpath("lexicon.toml").read_text(encoding="utf-8"))
    known, owners, terms = [], [], []
    for number, listed in enumerate(data.values()):
        for term in dict.fromkeys(listed):
            words = hashing.text_hashes(term.split())
            known.append(words[0] if len(words) == 1 else hashing.pair_hashes(words)[0])
            owners.append(number)
            terms.append(term)
    return np.array(known, dtype=np.uint64), np.array(owners), tuple(terms), tuple(data)
