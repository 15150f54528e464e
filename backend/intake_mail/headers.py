"""Headers: who sent this mail, as far as it is proven, and would an answer to it go round in circles?"""

from collections.abc import Sequence
from dataclasses import dataclass

from model.message.addresses import read_addresses
from model.message.authentication import read_authentication
from model.message.caps import Defects
from model.message.charsets import storable
from model.message.headers import Headers, read_headers
from model.message.source import split

MOST_HOPS = 30  # servers on the way; a mail in a circle passes more
_OURS = "x-unhook-key"  # what our own answers carry
_ANSWERS_THEMSELVES = ("auto-replied", "auto-notified")
_TO_MANY = frozenset({"bulk", "list", "junk", "auto_reply"})


@dataclass(frozen=True)
class Sender:
    """The From address; proven when the relay found that DMARC passes for it, and for nobody else."""

    address: str
    proven: bool


def headers_of(raw: bytes) -> Headers:
    """The headers of a whole mail."""
    defects = Defects()
    return read_headers(split(raw, defects).headers, defects)


def sender_of(headers: Headers, authserv_ids: Sequence[str]) -> Sender:
    """Who sent it. Results count from the servers that we take mail from, and theirs stand above everybody else's."""
    from_ = read_addresses(headers.all("from"), Defects())
    found = read_authentication(headers, authserv_ids, from_)
    address = storable(from_[0].address) if from_ else ""
    return Sender(address, proven=found.dmarc == "pass" and found.aligned is True and bool(address))


def refusal(headers: Headers, domain: str) -> str:
    """Why this mail must not come in: it came from us, goes round in circles, or answers by itself. Else empty."""
    if headers.count("received") > MOST_HOPS:
        return "5.4.6 This mail has passed too many servers: it goes round in circles"
    from_ = read_addresses(headers.all("from"), Defects())
    if _OURS in headers.names or any(one.address.endswith(f"@{domain.lower()}") for one in from_):
        return "5.4.6 This mail comes from here"
    if headers.first("auto-submitted").lower().startswith(_ANSWERS_THEMSELVES):
        return "5.7.1 Automatic replies are not taken here"
    if headers.first("content-type").lower().lstrip().startswith("multipart/report"):
        return "5.7.1 Delivery reports are not taken here"
    return ""


def is_automatic(headers: Headers) -> bool:
    """Whether a machine or a list sent it: it may report something, but nobody must be answered."""
    if headers.first("auto-submitted").lower().partition(";")[0].strip() not in {"", "no"}:
        return True
    if headers.first("precedence").lower().strip() in _TO_MANY:
        return True
    return bool({"list-id", "list-unsubscribe", "x-auto-response-suppress", "x-loop"} & set(headers.names))
