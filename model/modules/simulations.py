"""Simulations: is this one of the tenant's own exercises, and who says so?

A header that anybody can write hides no phish. A signed one is for one message and one recipient; a vendor's marker
counts only for a sender that the tenant has listed and its own gateway has proven.
"""

import base64
import hmac
import re
import tomllib
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from model.contract import ModuleContext
from model.message.facts import Facts
from model.modules.patterns import compiled, named

HEADER = "X-Unhook-Simulation"
MOST_TRIED = 10  # headers, recipients and keys
HASHED = "sha256:"
CAMPAIGN = re.compile(r"[A-Za-z0-9._/-]{1,60}")
SIGNED = re.compile(rf"v1;\s*campaign=({CAMPAIGN.pattern});\s*signature=([A-Za-z0-9_-]{{86}})")


@dataclass(frozen=True)
class Exercise:
    """How an exercise was recognised: by `signature`, `token`, a header of the tenant's, or the name of a vendor."""

    by: str
    campaign: str = ""


def is_simulation(facts: Facts, context: ModuleContext) -> bool:
    """Whether the message is one of the tenant's own exercises."""
    return recognised(facts, context) is not None


def recognised(facts: Facts, context: ModuleContext) -> Exercise | None:
    """The exercise that this message is, or None."""
    return by_signature(facts, context) or by_token(facts, context) or by_vendor(facts, context)


def signed(facts: Facts, recipient: str, campaign: str, key: Ed25519PrivateKey) -> str:
    """The header's value for one message to one recipient."""
    signature = base64.urlsafe_b64encode(key.sign(_signed_words(facts, recipient, campaign))).rstrip(b"=").decode()
    return f"v1; campaign={campaign}; signature={signature}"


def hashed(token: str) -> str:
    """A token as it is kept: whoever reads the policy cannot write the header."""
    return HASHED + sha256(token.strip().encode("utf-8", "replace")).hexdigest()


@cache
def vendors() -> Mapping[str, frozenset[str]]:
    """The headers of each vendor, in small letters."""
    found: dict[str, Any] = tomllib.loads(files("model.modules").joinpath("simulations.toml").read_text())
    return {name: frozenset(header.lower() for header in said["headers"]) for name, said in found.items()}


def by_signature(facts: Facts, context: ModuleContext) -> Exercise | None:
    """Signed for this message and one of its recipients, with a key of the tenant's."""
    for value in facts.simulation_tokens[:MOST_TRIED] if context.simulation_keys else ():
        match = SIGNED.fullmatch(value.strip())
        if match and _is_signed(facts, context, match[1], base64.urlsafe_b64decode(match[2] + "==")):
            return Exercise("signature", match[1])
    return None


def _is_signed(facts: Facts, context: ModuleContext, campaign: str, signature: bytes) -> bool:
    for recipient in facts.to[:MOST_TRIED]:
        words = _signed_words(facts, recipient.address, campaign)
        for key in _keys(context.simulation_keys):
            try:
                key.verify(signature, words)
            except InvalidSignature:
                continue
            return True
    return False


def _keys(written: tuple[str, ...]) -> Iterator[Ed25519PublicKey]:
    for key in written[:MOST_TRIED]:
        try:
            yield Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        except (NotBase64, ValueError):
            continue  # a mistyped key trusts nobody


def _signed_words(facts: Facts, recipient: str, campaign: str) -> bytes:
    """What whoever copies the header would have to change: whom it names and reaches, where it leads, its files."""
    parts = (
        "v1",
        campaign,
        facts.message_id,
        recipient.lower(),
        ",".join(sorted(sender.address.lower() for sender in facts.from_)),
        ",".join(sorted(sender.address.lower() for sender in facts.reply_to)),
        ",".join(sorted({link.host for link in facts.links})),
        ",".join(sorted(attachment.sha256 for attachment in facts.attachments)),
    )
    return "\n".join(parts).encode("utf-8", "replace")


def by_token(facts: Facts, context: ModuleContext) -> Exercise | None:
    """Holds a token of the tenant's; compared in constant time."""
    found = any(
        hmac.compare_digest(mine.encode(), hashed(theirs).encode())
        for mine in context.simulation_tokens
        for theirs in facts.simulation_tokens[:MOST_TRIED]
    )
    return Exercise("token") if found else None


def by_vendor(facts: Facts, context: ModuleContext) -> Exercise | None:
    """Marked as the tenant's services do, and from a sender who is proven."""
    if not _is_proven(facts, context):
        return None
    there = {name.lower() for name in facts.header_names}
    return next((Exercise(name) for name, headers in believed(context) if there & headers), None)


def believed(context: ModuleContext) -> Iterator[tuple[str, frozenset[str]]]:
    """The headers that count as a marker, by whose they are."""
    for name in context.simulation_vendors:
        yield name, vendors().get(name, frozenset())
    yield "header", frozenset(header.lower() for header in context.simulation_headers)


def _is_proven(facts: Facts, context: ModuleContext) -> bool:
    """Sent by whom the tenant has listed, as its own gateway found out: nothing else in the mail can say so."""
    found = facts.authentication
    if not found.authserv_id:
        return False
    if compiled(context.simulation_addresses).of_source(found.source_address):
        return True
    proven = found.aligned is True and len(facts.from_) == 1
    return proven and named([facts.from_address], compiled(context.simulation_domains)) is not None
