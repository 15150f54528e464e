"""Links: where does the message lead, and is that where it says?"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

import numpy as np

from model.features import scrub
from model.features.bag import Bag, named_bag
from model.features.domains import host_kinds, lookalike, named_brand, owner, readable
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
    "link-odd-domain.suffix",
    "link-odd-domain.shape",
    "link-other-domain",
    "link-other-domain.all",
    "link-sender-domain",
    "link-wrapped",
    "link-recipient-in-address",
    "link-insecure",
    "link-qr",
    "link-in-attachment",
    "link-hidden-place",
    "form-inside.elsewhere",
)
_HIDDEN = {"css", "comment", "meta-refresh", "base", "srcdoc", "attribute"}
_INFRASTRUCTURE = {"w3.org", "schemas.microsoft.com", "fonts.googleapis.com", "schema.org"}
_SHOWN_HOST = re.compile(r"(?:https?://|www\.)([^\s/?#<>\"']{3,100})|^([\w-]+(?:\.[\w-]+)+)(?:/\S*)?$", re.IGNORECASE)
_PIECES = re.compile(r"[^\W_]{2,18}")
_IP = re.compile(r"^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f:]+:[0-9a-f:]+\]?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """The bag and dense facts of the links."""

    links: Bag
    facts: dict[str, float]
    notes: dict[str, str]


def read(facts: Facts, pieces: tuple[str, ...]) -> Reading:
    """All links that the message itself brings, without those of the list that carried it."""
    kept = _distinct(facts)
    sender = registrable(facts.from_address.rpartition("@")[2])
    found = dict.fromkeys(FACTS, 0.0)
    notes: dict[str, str] = {}

    for link in kept:
        for code, detail in _signs(link, sender, pieces):
            found[code] += 1.0
            notes.setdefault(code.partition(".")[0], detail)

    web = [link for link in kept if link.place != "form"] or kept
    outward = [
        link
        for link in web
        if link.domain != sender and not (owner(link.domain) and owner(link.domain) == owner(sender))
    ]
    for code in found:
        found[code] = min(1.0, found[code] / 2.0 + 0.5) if found[code] else 0.0
    found["link-count.none"] = float(not kept)
    found["link-count"] = min(1.0, np.log1p(len(kept)) / 4.0)
    found["link-other-domain"] = len(outward) / len(web) if web else 0.0
    found["link-other-domain.all"] = float(bool(web) and len(outward) == len(web))
    found["link-sender-domain"] = 1.0 - found["link-other-domain"] if web else 0.0
    notes["link-count"] = str(len(kept))
    notes["link-other-domain"] = outward[0].host if outward else ""
    return Reading(_wording(kept, pieces), found, notes)


def _distinct(facts: Facts) -> list[Link]:
    kept: dict[tuple[str, str, str], Link] = {}
    for link in facts.links[:300]:
        path = link.url.lower()
        if (
            not link.host
            or link.domain in _INFRASTRUCTURE
            or link.host in _INFRASTRUCTURE
            or scrub.is_list_link(link.host, path)
        ):
            continue
        kept.setdefault((link.host, link.place, link.text[:60]), link)
        if len(kept) == MOST_LINKS:
            break
    return list(kept.values())


def _signs(link: Link, sender: str, pieces: tuple[str, ...]) -> list[tuple[str, str]]:
    """The codes that one link raises, each with what to look at."""
    kinds, host, domain = host_kinds(), link.host, registrable(link.host)
    label, _, suffix = domain.partition(".")
    shown = _shown_domain(link.text)
    url = unquote(link.url[:600]).lower()
    at_ip = bool(_IP.match(host))
    signs = {
        "link-text-differs": bool(shown)
        and shown != domain
        and owner(shown) != (owner(domain) or "-")
        and shown not in link.chain[:1],
        "link-brand-elsewhere": bool(named_brand(host)) and domain != sender,
        "link-lookalike-domain": bool(lookalike(domain)),
        "link-ip-address": at_ip,
        "link-shortener": domain in kinds.shorteners
        or any(registrable(_host_of(hop)) in kinds.shorteners for hop in link.chain[:4]),
        "link-free-hosting": any(
            host == kind or host.endswith(f".{kind}") for kind in kinds.free_hosting if kind in host
        ),
        "link-odd-domain.suffix": suffix in kinds.cheap_suffixes,
        "link-odd-domain.shape": not at_ip and _odd_shape(link.url, host, label),
        "link-wrapped": len(link.chain) > 1,
        "link-recipient-in-address": any(piece in url for piece in pieces if "@" in piece),
        "link-insecure": link.url.startswith("http://") and domain != sender,
        "link-qr": link.place == "qr",
        "link-in-attachment": link.place == "pdf",
        "link-hidden-place": link.place in _HIDDEN,
        "form-inside.elsewhere": link.place == "form" and domain != sender,
    }
    notes = {
        "link-text-differs": f"{shown} → {host}",
        "link-lookalike-domain": f"{readable(domain)} ~ {lookalike(domain)}",
        "link-brand-elsewhere": f"{host} ~ {named_brand(host)}",
    }
    return [(code, notes.get(code, readable(host))) for code, raised in signs.items() if raised]


def _odd_shape(url: str, host: str, label: str) -> bool:
    authority = url.partition("://")[2].partition("/")[0]
    return (
        "@" in authority
        or "xn--" in host
        or host.count(".") > 4
        or label.count("-") > 2
        or sum(map(str.isdigit, label)) > 4
        or (":" in authority and not authority.endswith((":80", ":443")))
    )


def _shown_domain(text: str) -> str:
    """The registrable domain that a link's text pretends to lead to, or an empty string."""
    match = _SHOWN_HOST.search(text.strip()[:200])
    host = ((match.group(1) or match.group(2) or "") if match else "").lower().rpartition("@")[2].partition(":")[0]
    domain = registrable(host) if "." in host else ""
    return domain if domain and domain.rpartition(".")[2].isalpha() and domain != host.rpartition(".")[2] else ""


def _host_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0].lower() or url.lower()


def _wording(links: list[Link], pieces: tuple[str, ...]) -> Bag:
    """Host labels, path and query words of each link; identifiers, and whatever names the recipient, stay out."""
    tokens: list[tuple[str, int]] = []
    for number, link in enumerate(links):
        rest = scrub.without(unquote(link.url.partition("://")[2][:300]).lower(), pieces)
        host, _, path = rest.partition("/")
        tokens.append((f"suffix {link.domain.partition('.')[2]}", number))
        tokens.append((f"place {link.place}", number))
        tokens += [(f"host {piece}", number) for piece in _plain(_PIECES.findall(host)[:6])]
        tokens += [(f"path {piece}", number) for piece in _plain(_PIECES.findall(path)[:10])]
        tokens += [(f"text {piece}", number) for piece in _PIECES.findall(link.text.lower()[:60])[:6]]
    return named_bag(list(dict.fromkeys(tokens)), tuple(link.host for link in links))


def _plain(pieces: list[str]) -> list[str]:
    """Words, not identifiers: at most two digits."""
    return [piece for piece in pieces if sum(map(str.isdigit, piece)) <= 2]
