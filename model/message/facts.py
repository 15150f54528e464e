"""Facts: what parsing found in one message, as plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

FACTS_VERSION = 1


@dataclass(frozen=True)
class Defect:
    """Something malformed, kept as evidence. `code` is a stable name such as `header-block-too-long`."""

    code: str
    detail: str = ""


@dataclass(frozen=True)
class Address:
    """One mailbox of an address header; `address` is lower-cased and may be empty when there is only a name."""

    name: str
    address: str


@dataclass(frozen=True)
class Authentication:
    """What the tenant's own gateway found out; results are RFC 8601 words, `unknown` when it said nothing.

    `aligned` is true when DMARC passed, or SPF or DKIM passed for the organisational domain of From.
    """

    authserv_id: str = ""
    spf: str = "unknown"
    dkim: str = "unknown"
    dmarc: str = "unknown"
    spf_domain: str = ""
    dkim_domains: tuple[str, ...] = ()
    aligned: bool | None = None
    source_address: str = ""


@dataclass(frozen=True)
class Link:
    """One place the message can lead to.

    `url` is unwrapped and normalised, `chain` holds the wrappers taken off, outermost first.
    `place` says where it was hidden: a, area, form, base, meta-refresh, srcdoc, css, comment, attribute, text, qr, pdf.
    `domain` is the registrable domain, or the address itself for IP hosts.
    """

    url: str
    host: str
    domain: str
    place: str
    text: str = ""
    chain: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attachment:
    """One attached file. `detected_type` comes from the content, never from the name."""

    name: str
    declared_type: str
    detected_type: str
    size: int
    sha256: str
    inline: bool = False
    depth: int = 0


@dataclass(frozen=True)
class Structure:
    """The shape of the message: counts and sizes, nothing that tells whose mailbox it came from."""

    parts: int = 0
    depth: int = 0
    text_characters: int = 0
    html_characters: int = 0
    hidden_characters: int = 0
    images: int = 0
    remote_images: int = 0
    forms: int = 0
    scripts: int = 0
    received_hops: int = 0
    attached_messages: int = 0
    parsers_disagree: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything later steps may know of a message. Texts are bounded; a whole message never lives here."""

    version: int = FACTS_VERSION
    size: int = 0
    message_id: str = ""
    subject: str = ""
    date: str = ""  # ISO 8601 in UTC, empty when missing or unreadable
    from_: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    sender: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    return_path: str = ""
    authentication: Authentication = field(default_factory=Authentication)
    header_names: tuple[str, ...] = ()
    simulation_tokens: tuple[str, ...] = ()  # values of X-Unhook-Simulation headers
    language: str = ""
    text: str = ""  # what a person sees, at most 100,000 characters
    attached_text: str = ""  # visible text of attached messages, at most 100,000 characters
    links: tuple[Link, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    structure: Structure = field(default_factory=Structure)
    defects: tuple[Defect, ...] = ()
    cut_sha256: str = ""  # hash of what the caps left out; empty when these facts hold the whole message

    @property
    def from_address(self) -> str:
        """The first From address, or an empty string."""
        return self.from_[0].address if self.from_ else ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for the store; `from_json` reads it back."""
        return {f.name: _to_plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Facts":
        """Read what `to_json` wrote, also by an older version: what it did not know keeps its default."""
        return cls(**_arguments(cls, data))


# What the fields hold that are not plain themselves.
_SINGLE: dict[str, type] = {"authentication": Authentication, "structure": Structure}
_MANY: dict[str, type] = {"links": Link, "attachments": Attachment, "defects": Defect}
_MANY |= dict.fromkeys(("from_", "reply_to", "sender", "to", "cc"), Address)


def _to_plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    if is_dataclass(value):
        return {f.name: _to_plain(getattr(value, f.name)) for f in fields(value)}
    return value


def _arguments(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    known = {f.name for f in fields(kind)}
    return {name: _from_plain(name, value) for name, value in data.items() if name in known}


def _from_plain(name: str, value: Any) -> Any:
    if name in _SINGLE:
        return _SINGLE[name](**_arguments(_SINGLE[name], value))
    if name in _MANY:
        return tuple(_MANY[name](**_arguments(_MANY[name], item)) for item in value)
    return tuple(value) if isinstance(value, list) else value
