"""Trace: to whom was a message delivered? Asking that is cheaper than opening every mailbox."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.contract import Wanted
from connectors.outlook import asks
from connectors.outlook.asks import Ask, literal
from connectors.outlook.client import Graph
from connectors.outlook.refusals import checked
from connectors.outlook.search import moment, shifted

WINDOW = timedelta(days=10)  # Microsoft answers about no longer a time at once,
KEPT = timedelta(days=90)  # and about nothing older
BEHIND = timedelta(hours=1)  # Microsoft speaks of 5 to 30 minutes until trace knows of a delivery
_EARLIER = timedelta(hours=1)
_NEVER_ARRIVED = {"failed", "recalled"}


@dataclass(frozen=True)
class Traced:
    """The mailboxes of this organisation that got the message, or sent it, by address; none when trace cannot tell.

    `settled` when trace has had the time to learn of all of them: of what is still arriving it names a part.
    """

    recipients: frozenset[str] = frozenset()
    settled: bool = False


def traced(graph: Graph, wanted: Wanted, now: datetime, own: Callable[[], Mapping[str, str]]) -> Traced:
    """What trace knows. `now` is UTC without a zone. Raises NotPermitted, TryLater, Refused.

    `own` gives every address of our people, in small letters, with the one that their mailbox goes by.
    """
    if not wanted.message_id:
        return Traced()
    found, settled = set(), True
    for first, last in windows(wanted.sent_at, now):
        for row in _rows(graph, wanted.message_id, first, last):
            settled = settled and is_long_ago(str(row.get("receivedDateTime", "")), now)
            if str(row.get("status", "")) not in _NEVER_ARRIVED:
                found |= {str(row.get(whose, "")).casefold() for whose in ("recipientAddress", "senderAddress")}
    ours = own() if found else {}
    domains = {address.rpartition("@")[2] for address in ours}
    named = frozenset(ours.get(one, one) for one in found if one.rpartition("@")[2] in domains)
    return Traced(named, settled and bool(named))


def is_long_ago(received: str, now: datetime) -> bool:
    """Whether trace knows by now who else got what arrived then; not without a time."""
    try:
        at = datetime.fromisoformat(received)
    except ValueError:
        return False
    return at.astimezone(UTC).replace(tzinfo=None) < now - BEHIND


def windows(sent_at: datetime | None, now: datetime) -> list[tuple[datetime, datetime]]:
    """The times to ask about; none when they reach further back than Microsoft remembers.

    The sender chooses the date of a mail: the last ten days are asked about whatever it says.
    """
    first = min(now - WINDOW, shifted(sent_at or now, -_EARLIER))
    if first < now - KEPT:
        return []
    found = []
    while first < now:
        found.append((first, min(first + WINDOW, now)))
        first += WINDOW
    return found


def _rows(graph: Graph, message_id: str, first: datetime, last: datetime) -> Iterator[dict[str, object]]:
    between = f"receivedDateTime ge {moment(first)} and receivedDateTime le {moment(last)}"
    ask = asks.traces(f"messageId eq {literal(message_id)} and {between}")
    while True:
        page = checked(ask, graph.ask(ask))
        yield from page["value"]
        if "@odata.nextLink" not in page:
            return
        ask = Ask("GET", graph.relative(page["@odata.nextLink"]), ask.what, ask.needs)
