"""Arriving: what is new in one inbox?

Listed anew each time. Graph's delta query would tell what changed, but its token ends, and what is to be done then is
this; nor does it promise an order.
"""

from collections.abc import Collection
from datetime import datetime

from connectors.contract import Arrival
from connectors.outlook import asks
from connectors.outlook.asks import Ask
from connectors.outlook.batch import Conversation
from connectors.outlook.client import Graph
from connectors.outlook.mark import Row
from connectors.outlook.refusals import checked
from connectors.outlook.search import moment


def arrived(graph: Graph, user: str, since: datetime, known: Collection[str], most: int) -> Conversation[list[Arrival]]:
    """The oldest that are not known. No more pages are read than hold the known ones and those."""
    ask = asks.inbox(user, f"receivedDateTime ge {moment(since)}")
    found: list[Arrival] = []
    while True:
        page = checked(ask, (yield ask))
        found += [_arrival(row) for row in page["value"] if str(row["id"]) not in known and not row.get("isDraft")]
        if len(found) >= most or "@odata.nextLink" not in page:
            return found[:most]
        ask = Ask("GET", graph.relative(page["@odata.nextLink"]), ask.what, ask.needs)


def _arrival(row: Row) -> Arrival:
    return Arrival(str(row["id"]), datetime.fromisoformat(str(row["receivedDateTime"])).replace(tzinfo=None))
