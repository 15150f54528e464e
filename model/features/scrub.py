"""Scrub: what in a mail tells whose mailbox it lay in, or which list carried it, and must not be learned from?

The corpora differ in who received them, in list tags and in footers far more than in being attacks. The same lines
run in training and in serving.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from model.message.facts import Facts, Link

_RECIPIENTS = 12
_MOST_LINKS = 300
_SHORTEST_NEEDLE = 5  # shorter names would be cut out of the middle of other words
_TEXT_FIRST, _TEXT_LAST = 4_000, 900  # characters; the end of a long mail holds the small print
_FOOTER_ROOM = 2_000  # characters; a marker further from the end than this is not a footer

_SUBJECT_TAGS = re.compile(
    r"^\s*(?:(?:re|aw|fw|fwd|wg|sv|rv|tr|antw)\s*:\s*)*(?:\[[^\]]{1,60}\]\s*|\*+\s*spam\s*\*+\s*:?\s*|\{spam\??\}\s*)+",
    re.IGNORECASE,
)
_FOOTERS = (
    "_______________________________________________",
    "you received this message because you are subscribed to",
    "to unsubscribe from this list",
    "to unsubscribe from this group",
    "mailing list -- ",
    "this message was sent to the list",
    "-------------------------------------------------------\nthis sf.net email",
)
_PAGES = re.compile(r"https?://\S+")  # plain text shows what HTML hides behind a word; links have a bag of their own
_LIST_PATHS = re.compile("/(?:mailman3?/|listinfo/|lists?/|majordomo|postorius/|hyperkitty/)")
_LIST_HOSTS = ("lists.", "groups.google.", "list.", "lore.kernel.", "mail-archive.")
_ANONYMISER = "\ufffd"  # also what undecodable bytes become


def own_part(facts: Facts) -> Facts:
    """The message without what the list that carried it added: its footer and its links."""
    text = _without_footer(facts.text)
    links = facts.links[:_MOST_LINKS]
    own = tuple(link for link in links if not _is_list_link(link)) if _any_list_link(links) else links
    return facts if len(text) == len(facts.text) and len(own) == len(links) else replace(facts, text=text, links=own)


def needles(facts: Facts) -> tuple[str, ...]:
    """Lower-case pieces that name a recipient: addresses, their local parts, names."""
    found: set[str] = set()
    for recipient in (facts.to + facts.cc)[:_RECIPIENTS]:
        address, name = recipient.address.lower(), recipient.name.lower()
        local, _, domain = address.partition("@")
        found.update((address, local, domain, name, *name.split()[:4]))
    return tuple(sorted((piece for piece in found if len(piece) >= _SHORTEST_NEEDLE), key=len, reverse=True))


def untagged(text: str) -> str:
    """A subject without what lists and filters put before it."""
    return _SUBJECT_TAGS.sub("", text[:400])


def body(facts: Facts, pieces: tuple[str, ...]) -> str:
    """The visible text in lower case, without list footers, page addresses and the recipient; a long middle cut out."""
    text = facts.text
    if len(text) > _TEXT_FIRST + _TEXT_LAST:
        text = f"{text[:_TEXT_FIRST]} {text[-_TEXT_LAST:]}"
    text = text.lower()
    return without(_PAGES.sub(" ", text) if "://" in text else text, pieces).strip()


def _without_footer(text: str) -> str:
    tail = text[-_FOOTER_ROOM:].lower()
    places = [place for place in map(tail.find, _FOOTERS) if place >= 0]  # find is several times faster than rfind
    return text[: len(text) - len(tail) + min(places)] if places else text


def without(text: str, pieces: tuple[str, ...]) -> str:
    """The text with every piece replaced by a blank."""
    text = text.replace(_ANONYMISER, " ")
    for piece in pieces:
        text = text.replace(piece, " ")
    return text


def _any_list_link(links: Sequence[Link]) -> bool:
    """One search over all links tells most mails away."""
    urls = "\n".join([link.url for link in links]).lower()
    return _LIST_PATHS.search(urls) is not None or any(link.host.startswith(_LIST_HOSTS) for link in links)


def _is_list_link(link: Link) -> bool:
    """Whether a link belongs to the list that carried the message and not to the message."""
    return link.host.startswith(_LIST_HOSTS) or _LIST_PATHS.search(link.url.lower()) is not None
