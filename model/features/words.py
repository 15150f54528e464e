"""Words: what does the message say, in the subject and in the text a person sees?"""

import math
import re
import unicodedata
from functools import partial

from model.features import scrub
from model.features.reading import BODY, CHARACTERS, GRAMS, PROSE, SUBJECT, Passage, Reading
from model.message.facts import Facts

GRAM_CHARACTERS = 1_000
_FOREIGN, _LATIN = re.compile("[\u0370-\u04ff]"), re.compile("[a-zA-Z]")
_FOREIGN_LEADS = tuple(bytes((lead,)) for lead in range(0xCD, 0xD4))  # first bytes of those in UTF-8: quicker to find
_INVISIBLE = ("\u200b", "\u200c", "\u00ad", "\u2060", "\ufeff")  # zero-width space and joiner, soft hyphen, and kin
_LOUD_WORDS, _LOUD_LETTERS = 150, 3

FACTS = (
    "words-shouting",
    "text-short",
    "text-short.none",
    "text-mixed-scripts",
    "text-invisible-characters",
)


def read(facts: Facts, pieces: tuple[str, ...]) -> Reading:
    """The wording of one message; `pieces` name the recipient and are left out."""
    untagged = scrub.untagged(facts.subject)
    subject = _fold(scrub.without(untagged.lower(), pieces))
    text = _fold(scrub.body(facts, pieces))
    beginning = " ".join(f"{subject} {text[:GRAM_CHARACTERS]}".split())
    passages = (
        Passage(SUBJECT, PROSE, subject),
        Passage(BODY, PROSE, text),
        Passage(CHARACTERS, GRAMS, beginning),
    )
    return Reading(FACTS, _form(facts, untagged, len(text)), partial(_notes, len(text)), passages)


def _notes(length: int) -> dict[str, str]:
    return {"text-short": f"{length} characters"}


def _fold(text: str) -> str:
    """One spelling for full-width, ligature and mathematical look-alikes."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).lower()


def _form(facts: Facts, untagged: str, length: int) -> tuple[float, ...]:
    """How the text is written, whatever it says, in the order of FACTS."""
    text = facts.text[:3_000]
    ascii_only = text.isascii() and facts.subject.isascii()
    shown = f"{untagged} {text[:1_000]}"
    upper = filter(str.isupper, shown.split(None, _LOUD_WORDS)[:_LOUD_WORDS])
    loud = sum(len(word) > _LOUD_LETTERS for word in upper)
    return (
        min(1.0, loud / 12.0 + shown.count("!") / 10.0),
        min(1.0, math.log1p(length) / 9.0),
        length < 20,
        0.0 if ascii_only else min(1.0, _mixed_words(facts.subject + " " + text) / 3.0),
        0.0 if ascii_only else min(1.0, _invisible_inside(text) / 5.0),
    )


def _mixed_words(text: str) -> int:
    """Words whose letters come from Latin and from Cyrillic or Greek: nobody writes so by accident."""
    coded = text.encode("utf-8", "surrogatepass")
    if not any(lead in coded for lead in _FOREIGN_LEADS) or not _FOREIGN.search(text):
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
