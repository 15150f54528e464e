"""Words: which sentences does every language have?"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The sentences of one language. `names` and `meanings` are by disposition."""

    title: str
    question: str
    phish: str
    phish_hint: str
    spam: str
    spam_hint: str
    comment: str
    send: str
    next: str
    next1: str
    next2: str
    next3: str
    thanks: str
    untouched: str
    already: str
    simulation: str
    refresh: str
    checking: str
    unchecked: str
    taken: str
    why: str
    open_one: str
    last: str
    all: str
    none_yet: str
    take_back: str
    took_back: str
    too_late: str
    taken_back: str
    as_phish: str
    as_spam: str
    no_subject: str
    no_message: str
    not_yours: str
    too_many: str
    unreachable: str
    failed: str
    names: Mapping[str, str]
    meanings: Mapping[str, str]
    in_english: bool = False  # whether reasons, which are English, go with it
