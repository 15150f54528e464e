"""Headers: who sent this mail, as far as it is proven, and would an answer to it go round in circles?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from model.message.addresses import read_addresses
from model.message.authentication import MICROSOFT, read_authentication
from model.message.caps import Defects
from model.message.charsets import storable
from model.message.domains import registrable
from model.message.headers import Headers, read_headers
from model.message.source import split

MOST_HOPS = 30  # servers on the way; a mail in a circle passes more
_ADDRESSED = ("to", "cc", "delivered-to", "x-original-to")
_OURS = "x-unhook-key"  # what our own answers carry
_ANSWERS_THEMSELVES = ("auto-replied", "auto-notified")
_RESULTS = "authentication-results"
_SUBMITTED_AS = "x-ms-exchange-organization-authas"
_SENT_ON = ("resent-", "x-ms-exchange-inbox-rules-loop", f"{_RESULTS}-original")
_TO_MANY = frozenset({"bulk", "list", "junk", "auto_reply"})


@dataclass(frozen=True)
class Sender:
    """The From address; proven when the relay found that DMARC passes for it, and for nobody else."""

    address: str
    proven: bool


IsOurs = Callable[[str], bool]  # whether reports are sent to this address
Prove = Callable[[Headers], Sender]  # who sent a mail, by whoever's word counts where it came in


def headers_of(raw: bytes) -> Headers:
    """The headers of a whole mail."""
    defects = Defects()
    return read_headers(split(raw, defects).headers, defects)


def addressed_to(headers: Headers) -> list[str]:
    """Every address that the mail says it is for: whoever sent it wrote them."""
    values = [value for name in _ADDRESSED for value in headers.all(name)]
    return [one.address for one in read_addresses(values, Defects())]


def sender_of(headers: Headers, authserv_ids: Sequence[str]) -> Sender:
    """Who sent it. Results count from the servers that we take mail from, and theirs stand above everybody else's."""
    from_ = read_addresses(headers.all("from"), Defects())
    found = read_authentication(headers, authserv_ids, from_)
    address = storable(from_[0].address) if from_ else ""
    return Sender(address, proven=found.dmarc == "pass" and found.aligned is True and bool(address))


def sender_at(headers: Headers, provider: str) -> Sender:
    """Who sent a mail that lies in a mailbox of this provider, which writes results under this name.

    A provider writes above everything that came with the mail, so only the topmost results are read: when those are not
    the provider's, none are.
    """
    own = _without_results_below(headers)
    sender = sender_of(own, [provider])
    return replace(sender, proven=sender.proven or (provider == MICROSOFT and _is_internal(headers)))


def reports_too(headers: Headers, sender: Sender, is_ours: IsOurs, prove: Prove) -> bool:
    """Whether a mail that `sender` attached is itself a report: to us, by somebody of the same domain who is proven.

    Its address alone says nothing. An attacker who writes ours there, and attaches an honest mail, would have that one
    reported instead of their own. Results below the topmost may be theirs.
    """
    if not any(map(is_ours, addressed_to(headers))):
        return False
    author = prove(_without_results_below(headers))
    return author.proven and _domain_of(author) == _domain_of(sender)


def _domain_of(sender: Sender) -> str:
    return registrable(sender.address.rpartition("@")[2])


def _is_internal(headers: Headers) -> bool:
    """Whether Exchange Online took this mail from somebody of the same organisation who had signed in.

    Such mail says X-MS-Exchange-Organization-AuthAs: Internal, and Exchange checks neither its SPF nor its DMARC. Graph
    keeps that header (the example of https://learn.microsoft.com/graph/api/message-get has it), and Exchange strips
    headers of its prefix from what enters an organisation, its header firewall:
    https://techcommunity.microsoft.com/t5/exchange-team-blog/demystifying-and-troubleshooting-hybrid-mail-flow-when-is-a/ba-p/1420838
    It says "typically". So a second sign is asked for: what comes from outside has its SPF checked, and this had not.
    What somebody's rule sends on comes from inside too, whoever wrote it; but it says so, or what was found before.
    """
    if headers.count(_RESULTS) > 1 or any(name.startswith(_SENT_ON) for name in headers.names):
        return False
    from_ = read_addresses(headers.all("from"), Defects())
    found = read_authentication(headers, [MICROSOFT], from_)
    of_others = headers.count(_RESULTS) > 0 and found.authserv_id != MICROSOFT
    unchecked = found.spf == "unknown" and found.dmarc in {"unknown", "none"} and not of_others
    said = [value.lower() for value in headers.all(_SUBMITTED_AS)]
    return said == ["internal"] and unchecked and len(from_) == 1 and bool(from_[0].address)


def _without_results_below(headers: Headers) -> Headers:
    """The same headers with the topmost results alone."""
    top = headers.names.index(_RESULTS) if _RESULTS in headers.names else len(headers.names)
    kept = [place for place, name in enumerate(headers.names) if name != _RESULTS or place == top]
    return Headers(tuple(headers.names[one] for one in kept), tuple(headers.folded[one] for one in kept))


def refusal(headers: Headers, domain: str) -> str:
    """Why this mail must not come in: it came from us, goes round in circles, or answers by itself. Else empty."""
    if headers.count("received") > MOST_HOPS:
        return "5.4.6 This mail has passed too many servers: it goes round in circles"
    from_ = read_addresses(headers.all("from"), Defects())
    if is_ours(headers) or any(one.address.endswith(f"@{domain.lower()}") for one in from_):
        return "5.4.6 This mail comes from here"
    if headers.first("auto-submitted").lower().startswith(_ANSWERS_THEMSELVES):
        return "5.7.1 Automatic replies are not taken here"
    if headers.first("content-type").lower().lstrip().startswith("multipart/report"):
        return "5.7.1 Delivery reports are not taken here"
    return ""


def is_ours(headers: Headers) -> bool:
    """Whether it says that we sent it. Anybody can say so: it is reported all the same, and nobody is answered."""
    return _OURS in headers.names


def is_automatic(headers: Headers) -> bool:
    """Whether a machine or a list sent it: it may report something, but nobody must be answered."""
    if headers.first("auto-submitted").lower().partition(";")[0].strip() not in {"", "no"}:
        return True
    if headers.first("precedence").lower().strip() in _TO_MANY:
        return True
    return bool({"list-id", "list-unsubscribe", "x-auto-response-suppress", "x-loop"} & set(headers.names))
