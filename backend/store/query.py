"""Query: what does somebody ask for who types into the search box?

Words, all of which must occur; "phrases"; field:value and field:"several words"; and the keywords of the product whose
searches people know. Whatever is none of these only parts words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend.domain.disposition import Disposition
from backend.domain.submission import Kind
from backend.errors import BadInput
from backend.store import facets
from backend.store.documents import domain_word
from backend.store.filters import CHOICES, LONGEST, Filters, read_value
from backend.store.words import is_unspaced, pairs, runs

MOST_NEEDLES = 16
# What can be asked for by name, and the column of the index that answers.
WORDS_IN = {
    "from": "sender",
    "to": "recipients",
    "subject": "subject",
    "message_id": "own_id",
    "attachment": "attachments",
    "reason": "reasons",
}
FIELDS = (*WORDS_IN, "domain", *CHOICES, "reporter", "after", "before", "campaign", "review", "psr", "pdr")
_PIECES = re.compile(r'(?:([A-Za-z][A-Za-z_-]*):)?(?:"([^"]*)"?|([^\s"]+))')
_SPACE_AFTER = re.compile(rf"(?<!\S)({'|'.join(FIELDS).replace('_', '[_-]')}):\s+(?=\S)", re.IGNORECASE)
_KEYWORD = re.compile(f"({'|'.join(Kind)})_({'|'.join(d.lower() for d in Disposition)})_submission")


@dataclass(frozen=True)
class Needle:
    """Words that stand beside each other, in one column if `column` is set.

    `open_ended` when the last is only the beginning of a word.
    """

    words: tuple[str, ...]
    open_ended: bool = False
    column: str = ""


@dataclass(frozen=True)
class Query:
    """What was asked for: filters, words that the mail must hold, and marks of ours that it must have.

    `empty` when something was typed that holds no word: that finds nothing, instead of everything.
    """

    filters: Filters
    needles: tuple[Needle, ...] = ()
    empty: bool = False


def understand(filters: Filters) -> Query:
    """Take the typed query apart. Raises BadInput with a sentence for who typed it."""
    query = Query(replace(filters, query=""), empty=bool(filters.query.strip()))
    typed = _SPACE_AFTER.sub(r"\1:", filters.query[:LONGEST])
    for field, quoted, free in _PIECES.findall(typed):
        query = _with(query, field.lower().replace("-", "_"), quoted or free, quoted=bool(quoted))
    return replace(query, needles=query.needles[:MOST_NEEDLES])


def _with(query: Query, field: str, value: str, *, quoted: bool) -> Query:
    if not field:
        if value and not quoted:
            _must_be_possible(value)
        return _with_words(query, value, quoted=quoted)
    if field in WORDS_IN:
        return _with_needle(query, value, WORDS_IN[field])
    if field == "domain":
        return _with_domain(query, value)
    if field in FIELDS:
        return _narrowed(query, **{field: read_value(field, value)})
    if value.startswith("//"):  # an address, typed as it stands
        return _with_needle(query, value)
    fields = ", ".join(f"{name}:" for name in FIELDS)
    raise BadInput(
        "There is no field “%(field)s:”. Fields are %(fields)s - to look for the text, put it in quotes.",
        field=field[:40],
        fields=fields,
    )


def _must_be_possible(word: str) -> None:
    """What other search boxes understand and this one does not is said: else it would find the opposite, or nothing."""
    if word[0] == "-" and word[1:2].isalpha():
        raise BadInput("A search leaves nothing out. Take the minus away, or put “%(word)s” in quotes.", word=word[:40])
    if word[-1] == "*" and word[:-1].isalnum():
        raise BadInput("Words are found whole. Write the whole word instead of “%(word)s”.", word=word[:40])
    field = word[:-1].lower().replace("-", "_")
    if word[-1] == ":" and field in FIELDS:
        raise BadInput("Write what to look for behind “%(field)s:”.", field=field)


def _with_words(query: Query, value: str, *, quoted: bool) -> Query:
    word = "" if quoted else value.casefold()
    found = _KEYWORD.fullmatch(word)
    if found:
        return _holding(query, Needle((facets.submission(found[1], found[2]),)))
    narrowed = _keyword(word)
    if narrowed is None:
        return _with_needle(query, value)
    return _narrowed(query, **narrowed)


def _narrowed(query: Query, **more: Any) -> Query:
    return replace(query, filters=query.filters.narrowed(**more), empty=False)


def _keyword(word: str) -> dict[str, Any] | None:
    """What a keyword means; None when the word is none."""
    if word == "phish_submission":
        return {}  # every message here was submitted
    if word == "phish_submission_response":
        return {"psr": True}
    if word == "post_delivery_response":
        return {"pdr": True}
    if word in (f"{kind}_submission" for kind in Kind):
        return {"kind": Kind(word.partition("_")[0])}
    return None


def _with_domain(query: Query, value: str) -> Query:
    host = value.rpartition("@")[2].strip("./")
    word = domain_word(label for label in host.casefold().split(".") if label)
    return _holding(query, Needle((word,) if word else (), column="domains"))


def _with_needle(query: Query, value: str, column: str = "") -> Query:
    return _holding(query, _needle(list(runs(value)), column))


def _holding(query: Query, needle: Needle) -> Query:
    return replace(query, needles=(*query.needles, needle), empty=False) if needle.words else query


def _needle(found: Sequence[str], column: str) -> Needle:
    """The words of a piece cut as a document's are, but for the end: there the document may go on."""
    if not found:
        return Needle(())
    words = [word for run in found[:-1] for word in pairs(run)] + pairs(found[-1], last=False)
    return Needle(tuple(words), len(found[-1]) == 1 and is_unspaced(found[-1]), column)
