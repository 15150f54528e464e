"""Leads: where does each link of a mail lead, step by step? Pure: links in, steps out. Nothing is ever fetched."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backend.web.spelled import defang
from model.message.domains import registrable
from model.message.facts import Link

MOST_LINKS = 100
MOST_STEPS = 10
LONGEST = 500
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^\s/@]*@)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/:?#].*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Lead:
    """One link: its wrappers from the outside in, where they end, and what the mail shows in its place."""

    wrappers: tuple[str, ...]
    url: str
    domain: str
    shown: str
    place: str
    says_otherwise: str  # the domain that the shown text names, when it is another


def leads(links: Sequence[Link]) -> list[Lead]:
    """The first links, defanged."""
    return [
        Lead(
            tuple(defang(wrapper, LONGEST) for wrapper in link.chain[:MOST_STEPS]),
            defang(link.url, LONGEST),
            defang(link.domain),
            defang(link.text.strip(), 200),
            link.place,
            defang(_other_domain(link)),
        )
        for link in links[:MOST_LINKS]
    ]


def _other_domain(link: Link) -> str:
    shown = _HOST.fullmatch(link.text.strip()[:LONGEST])
    if shown is None:
        return ""
    named = registrable(shown[1].lower())
    return named if named and named != link.domain else ""
