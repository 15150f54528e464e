"""Reports: to whom was a message delivered? Asking Google's log is cheaper than opening every mailbox.

The log lags behind and not every edition has it, so it is believed only when it has had time to settle.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors.contract import Wanted
from connectors.gmail.client import Google, Request
from connectors.gmail.query import bare, plain_id
from connectors.gmail.scopes import REPORTS
from connectors.gmail.together import patiently

WINDOW = timedelta(days=30)  # the longest time that may be asked about
SETTLED = timedelta(minutes=30)  # a message delivered later than that may have deliveries that the log lacks
_PAGE = 1_000

Values = Mapping[str, Any]


def recipients(google: Google, administrator: str, wanted: Wanted, now: datetime) -> set[str]:
    """Addresses that the log names for this Message-ID; none when it cannot be believed, or has none.

    `now` is UTC. Raises NotPermitted, TryLater, Refused. The sender chooses the date of a mail: the last thirty days
    are asked about whatever it says.
    """
    message_id = plain_id(wanted)
    if not message_id:
        return set()
    found: set[str] = set()
    newest = ""
    for activity in _activities(google, administrator, message_id, now):
        newest = max(newest, str(activity.get("id", {}).get("time", "")))
        found |= addresses_in(activity, message_id)
    return found if newest and _moment(newest) <= now - SETTLED else set()


def one_entry(google: Google, start: datetime, end: datetime) -> Request:
    """A request for any one entry of the log."""
    window = {"startTime": _written(start), "endTime": _written(end)}
    return google.activities.list(  # type: ignore[no-any-return]
        userKey="all", applicationName="gmail", eventName="delivery", maxResults=1, fields="kind", **window
    )


def _activities(google: Google, administrator: str, message_id: str, now: datetime) -> Iterator[Values]:
    asked = {
        "userKey": "all",
        "applicationName": "gmail",
        "eventName": "delivery",
        "startTime": _written(now - WINDOW + timedelta(minutes=5)),
        "endTime": _written(now),
        "filters": f"message_info.rfc2822_message_id==<{message_id}>",
        "maxResults": _PAGE,
    }
    page = ""
    while True:
        request = google.activities.list(**asked, **({"pageToken": page} if page else {}))
        said = patiently(google.pace, partial(google.call, request, administrator, scope=REPORTS))
        yield from said.get("items", ())
        page = said.get("nextPageToken", "")
        if not page:
            return


def addresses_in(activity: Values, message_id: str) -> set[str]:
    """Whoever one entry of the log names as having had the message; tolerates whatever it leaves out."""
    found: set[str] = set()
    for event in activity.get("events", ()):
        about = _nested(event.get("parameters", ()), "message_info")
        if bare(_text(about, "rfc2822_message_id")) == message_id:
            found.add(str(activity.get("actor", {}).get("email", "")))
            found |= {_text(one, "address") for one in _many(about, "destination")}
    return {address.lower() for address in found if "@" in address}


def _nested(parameters: Any, name: str) -> list[Values]:
    for parameter in parameters:
        if parameter.get("name") == name:
            return list(parameter.get("messageValue", {}).get("parameter", ()))
    return []


def _text(parameters: list[Values], name: str) -> str:
    return next((str(one.get("value", "")) for one in parameters if one.get("name") == name), "")


def _many(parameters: list[Values], name: str) -> list[list[Values]]:
    for parameter in parameters:
        if parameter.get("name") == name:
            single = [parameter["messageValue"]] if "messageValue" in parameter else []
            return [list(one.get("parameter", ())) for one in (*single, *parameter.get("multiMessageValue", ()))]
    return []


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
