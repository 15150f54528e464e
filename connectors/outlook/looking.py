"""Looking: which messages of a mailbox came in a time and are like what somebody looks for?

With a sender, `$filter` finds them; by words alone it would have to read the whole mailbox, and the index is asked
with `$search` instead, which knows days and whole words. Each candidate is confirmed here, and those that fit are read.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.contract import Copy, Searched
from connectors.errors import NotFound, Refused
from connectors.likeness import Like
from connectors.outlook import asks
from connectors.outlook.asks import Ask, literal
from connectors.outlook.batch import Conversation
from connectors.outlook.client import Graph
from connectors.outlook.mark import Row
from connectors.outlook.people import People
from connectors.outlook.refusals import checked
from connectors.outlook.search import copy_of, lies_where_we_put_it, moment

MOST_READ = 500  # candidates of one mailbox
_DAY = timedelta(days=1)


def look(graph: Graph, people: People, mailbox: str, user: str, like: Like) -> Conversation[Searched]:
    """The newest that fit, each with its folder's name."""
    fitting, cut = yield from _fitting(graph, user, like)
    found = []
    for message_id in fitting[: like.most]:
        copy = yield from _copy(people, mailbox, user, message_id)
        if copy is not None:
            found.append(copy)
    if found:
        people.meet(mailbox, user)
    return Searched(mailbox, tuple(found), cut=cut or len(fitting) > like.most)


def _fitting(graph: Graph, user: str, like: Like) -> Conversation[tuple[list[str], bool]]:
    """The ids of those that fit, one more than wanted; and whether a limit ended the search."""
    ask, read = first(user, like), 0
    fitting: list[str] = []
    while True:
        page = checked(ask, (yield ask))
        fitting += [str(row["id"]) for row in page["value"] if is_like(row, like)]
        read += len(page["value"])
        if "@odata.nextLink" not in page:
            return fitting, False
        if len(fitting) > like.most or read >= MOST_READ:
            return fitting, True
        ask = Ask("GET", graph.relative(page["@odata.nextLink"]), ask.what, ask.needs)


def first(user: str, like: Like) -> Ask:
    """What to begin with. Raises Refused when nothing is left that can be searched for."""
    if like.sender:
        came = f"receivedDateTime ge {moment(like.since)} and receivedDateTime le {moment(like.until)}"
        return asks.newest(user, f"{came} and from/emailAddress/address eq {literal(like.sender)}")
    if not like.words:
        raise Refused("this sender and this subject cannot be searched for")
    return asks.searched(user, " AND ".join(_terms(like)))


def _terms(like: Like) -> Iterator[str]:
    """In quotes a word is no operator, and without signs it ends none. Whose days are meant is not said: one more."""
    for word in like.words:
        yield f'subject:\\"{word}\\"'
    yield f"received>={_day(like.since, -_DAY)}"
    yield f"received<={_day(like.until, _DAY)}"


def _day(at: datetime, by: timedelta) -> str:
    return f"{at + by:%Y-%m-%d}"


def is_like(row: Row, like: Like) -> bool:
    """Whether a candidate has the sender, the words and the time."""
    sender = (row.get("from") or {}).get("emailAddress", {}).get("address") or ""
    came = str(row.get("receivedDateTime", ""))
    return moment(like.since) <= came <= moment(like.until) and like.fits(str(sender), str(row.get("subject") or ""))


def _copy(people: People, mailbox: str, user: str, message_id: str) -> Conversation[Copy | None]:
    ask = asks.message(user, message_id)
    try:
        row = checked(ask, (yield ask))
    except NotFound:  # deleted since it was found
        return None
    if (yield from lies_where_we_put_it(people, user, row)):
        return None
    copy = copy_of(mailbox, row)
    return replace(copy, state={**copy.state, "place": (yield from people.folder_name(user, copy.folder))})
