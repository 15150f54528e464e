"""Search: which messages of a mailbox may be the wanted one?"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from connectors.contract import Copy, Wanted
from connectors.errors import Refused
from connectors.outlook import asks
from connectors.outlook.asks import Ask, literal
from connectors.outlook.batch import Conversation
from connectors.outlook.client import Graph
from connectors.outlook.mark import TARGETS, Row, flag_of, mark_on, size_of
from connectors.outlook.people import People
from connectors.outlook.refusals import checked

MAX_CANDIDATES = 1_000  # in one mailbox; a search that would leave some out is refused instead
_AROUND = timedelta(minutes=10)


def find(graph: Graph, people: People, mailbox: str, user: str, wanted: Wanted) -> Conversation[tuple[Copy, ...]]:
    """Candidates in every folder the owner sees, without those that lie where we put them."""
    found: list[Row] = []
    ask = asks.messages(user, condition(wanted))
    while True:
        page = checked(ask, (yield ask))
        found += [row for row in page["value"] if may_be(row, wanted)]
        if len(found) > MAX_CANDIDATES:
            raise Refused(f"more than {MAX_CANDIDATES:,} mails claim to be this message")
        if "@odata.nextLink" not in page:
            break
        ask = Ask("GET", graph.relative(page["@odata.nextLink"]), ask.what, ask.needs)

    ours = set()
    for row in found:
        if (yield from lies_where_we_put_it(people, user, row)):
            ours.add(row["id"])
    return tuple(copy_of(mailbox, row) for row in found if row["id"] not in ours)


def condition(wanted: Wanted) -> str:
    """The `$filter`. Without a Message-ID: by sender and the time the message claims, not the time it came."""
    if wanted.message_id:
        return f"internetMessageId eq {literal(wanted.message_id)}"
    if not wanted.from_address or wanted.sent_at is None:
        raise Refused("a message without Message-ID, sender or date cannot be searched for")
    first, last = (moment(shifted(wanted.sent_at, by)) for by in (-_AROUND, _AROUND))
    sender = f"from/emailAddress/address eq {literal(wanted.from_address)}"
    return f"sentDateTime ge {first} and sentDateTime le {last} and {sender}"


def may_be(row: Row, wanted: Wanted) -> bool:
    """Whether what the filter let through has the time that the message claims."""
    return bool(wanted.message_id) or (wanted.sent_at is not None and row.get("sentDateTime") == moment(wanted.sent_at))


def moment(at: datetime) -> str:
    """A time as Graph writes it; times without a zone are UTC."""
    utc = at.astimezone(UTC) if at.tzinfo else at
    return f"{utc.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def shifted(at: datetime, by: timedelta) -> datetime:
    """Earlier or later, as far as there are dates: mail claims any."""
    try:
        return at + by
    except OverflowError:
        return at


def lies_where_we_put_it(people: People, user: str, row: Row) -> Conversation[bool]:
    """Whether a call of ours took this copy and nobody has moved it since."""
    mark = mark_on(row)
    if mark is None or mark.action not in TARGETS:
        return False
    return bool(row["parentFolderId"] == (yield from people.folder(user, TARGETS[mark.action])))


def copy_of(mailbox: str, row: Row) -> Copy:
    """A copy as the journal keeps it."""
    categories = [str(one) for one in row.get("categories") or ()]
    state: dict[str, str | int | bool | list[str]] = {
        "read": bool(row.get("isRead")),
        "flag": str(flag_of(row)["flagStatus"]),
        "categories": categories,
        "size": size_of(row),
    }
    return Copy(mailbox, str(row["id"]), str(row["parentFolderId"]), state)


def addresses_of(row: Row) -> Iterable[str]:
    """Every address that mail for this user may carry, as far as the row tells."""
    for one in (row.get("mail"), row.get("userPrincipalName"), *(row.get("proxyAddresses") or ())):
        address = str(one or "")
        yield address[5:] if address[:5].lower() == "smtp:" else address


def users_of(rows: Iterable[Row]) -> Iterable[tuple[str, str]]:
    """(address, id) of each who may have a mailbox: not guests; disabled accounts are shared and room mailboxes."""
    for row in rows:
        address = str(row.get("mail") or row.get("userPrincipalName") or "")
        if address and row.get("userType") != "Guest":
            yield address, str(row["id"])
