"""Links: where does the message lead, and is that where it says?"""

import math
import re
from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from urllib.parse import unquote

from model.features import paths, scrub
from model.features.domains import host_kinds, owner
from model.features.hosts import signs_of
from model.features.reading import GRAMS, LINK_CHARACTERS, LINKS, NAMES, WHOLE, Passage, Reading
from model.message.domains import registrable
from model.message.facts import Facts, Link

MOST_LINKS = 40
FACTS = (
    "link-count.none",
    "link-count",
    "link-text-differs",
    "link-brand-elsewhere",
    "link-lookalike-domain",
    "link-ip-address",
    "link-shortener",
    "link-free-hosting",
    "link-free-hosting.all",
    "link-young-name.made-up",
    "link-young-name.long",
    "link-young-name.hyphens",
    *(f"link-path-shape.{fact}" for fact in paths.FACTS),
    "link-odd-domain.suffix",
    "link-odd-domain.shape",
    "link-other-domain",
    "link-other-domain.all",
    "link-other-domain.many",
    "link-sender-domain",
    "link-wrapped",
    "link-recipient-in-address",
    "link-recipient-in-address.coded",
    "link-insecure",
    "link-qr",
    "link-qr.alone",
    "link-in-attachment",
    "link-hidden-place",
    "form-inside.elsewhere",
)
_IN_ORDER = itemgetter(*FACTS)
_NOTHING = dict.fromkeys(FACTS, 0.0)
_PLACES = {"qr": "link-qr", "pdf": "link-in-attachment"} | dict.fromkeys(
    ("css", "comment", "meta-refresh", "base", "srcdoc", "attribute"), "link-hidden-place"
)
_INFRASTRUCTURE = {"w3.org", "schemas.microsoft.com", "fonts.googleapis.com", "schema.org"}
_SHOWN_HOST = re.compile(r"(?:https?://|www\.)([^\s/?#<>\"']{3,100})|^([\w-]+(?:\.[\w-]+)+)(?:/\S*)?$", re.IGNORECASE)
_URL, _HOST, _PATH, _TEXT = 300, 80, 120, 60  # characters of each link that are read
_GRAM_CHARACTERS = 300  # of all hosts, and of all paths
_LITTLE_TEXT = 250  # characters

Raised = dict[str, str]  # what to look at, by fact


def read(facts: Facts, pieces: tuple[str, ...]) -> Reading:
    """All links that the message itself brings."""
    kept = _distinct(facts)
    sender = registrable(facts.from_address.rpartition("@")[2])
    if not kept:
        return Reading(FACTS, _WITHOUT_LINKS, partial(_notes, kept, sender, {}))
    raised = _of_hosts(kept, sender)
    for link in kept:
        _of_link(link, sender, raised)
    _recipients(kept, pieces, raised)

    if "link-qr" in raised and len(facts.text) < _LITTLE_TEXT:
        raised["link-qr.alone"] = raised["link-qr"]

    found = _NOTHING | dict.fromkeys(raised, 1.0) | _degrees(kept) | _directions(kept, sender)
    return Reading(FACTS, _IN_ORDER(found), partial(_notes, kept, sender, raised), _wording(kept, pieces))


def _notes(links: Sequence[Link], sender: str, raised: Raised) -> dict[str, str]:
    notes = {code.partition(".")[0]: detail for code, detail in reversed(raised.items())}
    outward = _outward(links, sender)
    return (
        _degree_notes(links)
        | notes
        | {
            "link-count": str(len(links)),
            "link-other-domain": outward[0].host if outward else "",
            "link-sender-domain": sender,
        }
    )


def _distinct(facts: Facts) -> list[Link]:
    kept: dict[tuple[str, str, str], Link] = {}
    for link in facts.links[:300]:
        key = (link.host, link.place, link.text[:_TEXT])
        if not link.host or key in kept or link.domain in _INFRASTRUCTURE or link.host in _INFRASTRUCTURE:
            continue
        kept[key] = link
        if len(kept) == MOST_LINKS:
            break
    return list(kept.values())


def _of_hosts(links: Sequence[Link], sender: str) -> Raised:
    """What each host says by itself."""
    raised: Raised = {}
    for host in dict.fromkeys(link.host for link in links):
        signs = signs_of(host)
        if signs.named_brand and signs.domain != sender:
            raised.setdefault("link-brand-elsewhere", f"{host} ~ {signs.named_brand}")
        if signs.lookalike:
            raised.setdefault("link-lookalike-domain", f"{signs.shown} ~ {signs.lookalike}")
        for code, seen in (
            ("link-ip-address", signs.address),
            ("link-shortener", signs.shortener),
            ("link-free-hosting", signs.free_hosting),
            ("link-odd-domain.suffix", signs.cheap_suffix),
            ("link-odd-domain.shape", signs.odd_shape),
        ):
            if seen:
                raised.setdefault(code, signs.shown)
    return raised


def _of_link(link: Link, sender: str, raised: Raised) -> None:
    """What one link says beyond its host."""
    signs = signs_of(link.host)
    if "." in link.text:
        shown = _shown_domain(link.text)
        if shown and shown != signs.domain and (not signs.owner or signs_of(shown).owner != signs.owner):
            raised.setdefault("link-text-differs", f"{shown} → {link.host}")
    if link.chain:
        if any(signs_of(_host_of(hop)).shortener for hop in link.chain[:4]):
            raised.setdefault("link-shortener", signs.shown)
        if len(link.chain) > 1:
            raised.setdefault("link-wrapped", signs.shown)
    if link.place in _PLACES:
        raised.setdefault(_PLACES[link.place], signs.shown)
    if link.place == "form" and signs.domain != sender:
        raised.setdefault("form-inside.elsewhere", signs.shown)
    if signs.domain != sender and link.url.startswith("http://"):
        raised.setdefault("link-insecure", signs.shown)
    if not signs.address and _odd_authority(link.url):
        raised.setdefault("link-odd-domain.shape", signs.shown)


def _degrees(links: Sequence[Link]) -> dict[str, float]:
    """What hosts and paths are more or less: the most of each."""
    hosts = [signs_of(host) for host in {link.host for link in links}]
    shapes = paths.shape({link.url.partition("://")[2].partition("/")[2] for link in links})
    return {
        "link-lookalike-domain": max((signs.closeness for signs in hosts), default=0.0),
        "link-free-hosting.all": sum(signs.free_hosting for signs in hosts) / len(hosts) if hosts else 0.0,
        "link-young-name.made-up": max((signs.made_up for signs in hosts), default=0.0),
        "link-young-name.long": max((signs.long for signs in hosts), default=0.0),
        "link-young-name.hyphens": max((signs.hyphens for signs in hosts), default=0.0),
    } | {f"link-path-shape.{fact}": value for fact, value in shapes.items()}


def _degree_notes(links: Sequence[Link]) -> dict[str, str]:
    if not links:
        return {}
    strangest = max((signs_of(link.host) for link in links), key=lambda signs: signs.made_up + signs.hyphens)
    longest = max((link.url.partition("://")[2][:_URL] for link in links), key=len)
    return {"link-young-name": strangest.shown, "link-path-shape": longest}


def _recipients(links: Sequence[Link], pieces: tuple[str, ...], raised: Raised) -> None:
    addresses = [piece for piece in pieces if "@" in piece]
    if not addresses:
        return
    hidden = paths.coded(addresses)
    urls = [unquote(link.url[:600]) for link in links]
    together = "\n".join(urls)  # nearly always nobody stands in any of them
    lowered = together.lower()
    if not any(form in together for form in hidden) and not any(address in lowered for address in addresses):
        return
    for link, url in zip(links, urls, strict=True):
        if any(form in url for form in hidden):
            raised.setdefault("link-recipient-in-address.coded", signs_of(link.host).shown)
        if any(address in url.lower() for address in addresses):
            raised.setdefault("link-recipient-in-address", signs_of(link.host).shown)


def _outward(links: Sequence[Link], sender: str) -> list[Link]:
    """Links that leave the sender's organisation, and lead somewhere in particular."""
    return _somewhere(_away(links, sender))


def _somewhere(links: Sequence[Link]) -> list[Link]:
    return [link for link in links if not (signs_of(link.host).service or signs_of(link.host).everywhere)]


def _away(links: Sequence[Link], sender: str) -> list[Link]:
    brand = (sender not in host_kinds().free_mail and owner(sender)) or "-"  # a provider's sites are not its users'
    return [link for link in _web(links) if link.domain != sender and signs_of(link.host).owner != brand]


def _web(links: Sequence[Link]) -> Sequence[Link]:
    return [link for link in links if link.place != "form"] or links


def _directions(links: Sequence[Link], sender: str) -> dict[str, float]:
    """How many links leave the sender's organisation."""
    web, away = len(_web(links)), _away(links, sender)
    outward = _somewhere(away)
    share = len(outward) / web if web else 0.0
    return {
        "link-count.none": not links,
        "link-count": min(1.0, math.log1p(len(links)) / 4.0),
        "link-other-domain": share,
        "link-other-domain.all": bool(web) and len(outward) == web,
        "link-other-domain.many": min(1.0, len({link.domain for link in outward}) / 8.0),
        "link-sender-domain": 1.0 - len(away) / web if web else 0.0,
    }


def _odd_authority(url: str) -> bool:
    authority = url.partition("://")[2].partition("/")[0]
    return "@" in authority or (":" in authority and not authority.endswith((":80", ":443")))


def _shown_domain(text: str) -> str:
    """The registrable domain that a link's text pretends to lead to, or an empty string."""
    match = _SHOWN_HOST.search(text.strip()[:200])
    host = ((match.group(1) or match.group(2) or "") if match else "").lower().rpartition("@")[2].partition(":")[0]
    domain = registrable(host) if "." in host else ""
    return domain if domain and domain.rpartition(".")[2].isalpha() and domain != host.rpartition(".")[2] else ""


def _host_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0].lower() or url.lower()


def _wording(links: list[Link], pieces: tuple[str, ...]) -> list[Passage]:
    """Host labels, path and query words of all links; identifiers, and whatever names the recipient, stay out."""
    if not links:
        return []
    hosts, pages = [], []
    for url in dict.fromkeys(unquote(link.url[:_URL]) for link in links):
        host, _, path = url.partition("://")[2].partition("/")
        hosts.append(host[:_HOST])
        pages.append(path[:_PATH])
    texts = dict.fromkeys(link.text[:_TEXT] for link in links)
    # each suffix and place once, however many links have it
    whole = {f"suffix {link.domain.partition('.')[2][:_HOST]}" for link in links}
    whole |= {f"place {link.place}" for link in links}
    of_hosts = scrub.without("\n".join(dict.fromkeys(hosts)).lower(), pieces)
    of_pages = scrub.without("\n".join(dict.fromkeys(pages)).lower(), pieces)
    return [
        Passage(LINKS, NAMES, of_hosts, "host "),
        Passage(LINKS, NAMES, of_pages, "path "),
        Passage(LINK_CHARACTERS, GRAMS, of_hosts[:_GRAM_CHARACTERS]),
        Passage(LINK_CHARACTERS, GRAMS, of_pages[:_GRAM_CHARACTERS]),
        Passage(LINKS, NAMES, scrub.without("\n".join(texts).lower(), pieces), "text "),
        *(Passage(LINKS, WHOLE, text) for text in sorted(whole)),
    ]


_WITHOUT_LINKS = _IN_ORDER(_NOTHING | _degrees([]) | _directions([], ""))
