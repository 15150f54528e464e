"""Asks: one function per endpoint of Microsoft Graph that Unhook uses. They say what to ask; client.py asks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from connectors.outlook.mark import MARK_ID, SIZE_ID

READ_WRITE, SEND, DIRECTORY = "Mail.ReadWrite", "Mail.Send", "User.Read.All"
ORGANISATION = "Organization.Read.All"  # only for its name: nobody needs to grant it
TRACE = "ExchangeMessageTrace.Read.All"
_SEEN = "id,parentFolderId,isRead,flag,categories,sentDateTime"
_ARRIVED = "id,receivedDateTime,isDraft"
_LOOKED_AT = "id,subject,from,receivedDateTime"
_EXPAND = f"singleValueExtendedProperties($filter=id eq '{MARK_ID}' or id eq '{SIZE_ID}')"


@dataclass(frozen=True)
class Ask:
    """One request, relative to the version's root. `what` and `needs` make the sentence when it is refused."""

    method: str
    path: str
    what: str
    needs: str
    body: Mapping[str, Any] | None = None
    repeatable: bool = True  # whether asking again is harmless when an answer was lost


def literal(text: str) -> str:
    """A string as OData's `$filter` wants it: in quotes, with quotes inside doubled."""
    return "'" + text.replace("'", "''") + "'"


def users(mailbox: str = "", top: int = 999, *, aliases: bool = False) -> Ask:
    """Everybody, with all their addresses if wanted; or who has this address as any of theirs."""
    shown = "id,mail,userPrincipalName,userType" + (",proxyAddresses" if aliases else "")
    wanted = {"$select": shown, "$top": str(top)}
    if mailbox:
        wanted["$filter"] = f"mail eq {literal(mailbox)} or proxyAddresses/any(a:a eq {literal('smtp:' + mailbox)})"
    return Ask("GET", f"/users?{_query(wanted)}", "to list mailboxes", DIRECTORY)


def organisation() -> Ask:
    """Whose tenant it is."""
    return Ask("GET", "/organization?$select=id,displayName", "to read the organisation", ORGANISATION)


def messages(user: str, condition: str, top: int = 50) -> Ask:
    """What a mailbox holds in any folder that its owner sees."""
    query = _query({"$filter": condition, "$select": _SEEN, "$expand": _EXPAND, "$top": str(top)})
    return Ask("GET", f"{_user(user)}/messages?{query}", "to search", READ_WRITE)


def newest(user: str, condition: str, top: int = 50) -> Ask:
    """The same, the newest first, with what is needed to tell them apart. What is ordered by comes first in the filter:
    Graph wants it so.
    """
    shown = {"$filter": condition, "$orderby": "receivedDateTime desc", "$select": _LOOKED_AT, "$top": str(top)}
    return Ask("GET", f"{_user(user)}/messages?{_query(shown)}", "to search", READ_WRITE)


def inbox(user: str, condition: str, top: int = 1_000) -> Ask:
    """What lies in the inbox, the oldest first."""
    shown = {"$filter": condition, "$orderby": "receivedDateTime", "$select": _ARRIVED, "$top": str(top)}
    return Ask("GET", f"{_user(user)}/mailFolders/inbox/messages?{_query(shown)}", "to read the inbox", READ_WRITE)


def searched(user: str, words: str, top: int = 50) -> Ask:
    """What the mailbox's index finds, the newest first. Graph takes neither `$filter` nor `$orderby` beside it."""
    shown = {"$search": f'"{words}"', "$select": _LOOKED_AT, "$top": str(top)}
    return Ask("GET", f"{_user(user)}/messages?{_query(shown)}", "to search", READ_WRITE)


def any_message(user: str, condition: str = "") -> Ask:
    """The id of one message, whichever."""
    query = {"$select": "id", "$top": "1", **({"$filter": condition} if condition else {})}
    return Ask("GET", f"{_user(user)}/messages?{_query(query)}", "to search", READ_WRITE)


def message(user: str, message_id: str) -> Ask:
    """One message without its content, also when it lies among the recoverable items."""
    query = _query({"$select": _SEEN, "$expand": _EXPAND})
    return Ask("GET", f"{_message(user, message_id)}?{query}", "to read a message", READ_WRITE)


def content(user: str, message_id: str) -> Ask:
    """The message as it came by mail."""
    return Ask("GET", f"{_message(user, message_id)}/$value", "to read a message", READ_WRITE)


def change(user: str, message_id: str, changes: Mapping[str, Any]) -> Ask:
    """Set properties of a message."""
    return Ask("PATCH", _message(user, message_id), "to change a message", READ_WRITE, changes)


def move(user: str, message_id: str, folder: str) -> Ask:
    """To a folder, by its id or its well-known name. With immutable ids, doing it again changes nothing."""
    return Ask("POST", f"{_message(user, message_id)}/move", "to move a message", READ_WRITE, {"destinationId": folder})


def delete_for_good(user: str, message_id: str) -> Ask:
    """Not even recoverable any more."""
    return Ask("POST", f"{_message(user, message_id)}/permanentDelete", "to delete a message", READ_WRITE)


def folder(user: str, name: str) -> Ask:
    """The id of a folder that has a well-known name."""
    return Ask("GET", f"{_user(user)}/mailFolders/{quote(name, safe='')}?$select=id", "to read folders", READ_WRITE)


def folder_name(user: str, folder_id: str) -> Ask:
    """What its owner calls a folder."""
    path = f"{_user(user)}/mailFolders/{quote(folder_id, safe='')}?$select=displayName"
    return Ask("GET", path, "to read folders", READ_WRITE)


def translate(user: str, message_id: str, from_type: str) -> Ask:
    """An id that an Office program gave, as an immutable one."""
    body = {"inputIds": [message_id], "sourceIdType": from_type, "targetIdType": "restImmutableEntryId"}
    return Ask("POST", f"{_user(user)}/translateExchangeIds", "to translate an id", READ_WRITE, body)


def send(user: str, mail: Mapping[str, Any]) -> Ask:
    """Send a mail in the name of a mailbox."""
    body = {"message": mail, "saveToSentItems": False}
    return Ask("POST", f"{_user(user)}/sendMail", "to send mail", SEND, body, repeatable=False)


def traces(condition: str, top: int = 1_000) -> Ask:
    """To whom a message was delivered."""
    query = _query({"$filter": condition, "$top": str(top)})
    return Ask("GET", f"/admin/exchange/tracing/messageTraces?{query}", "to trace messages", TRACE)


def _user(user: str) -> str:
    return f"/users/{quote(user, safe='@')}"


def _message(user: str, message_id: str) -> str:
    return f"{_user(user)}/messages/{quote(message_id, safe='')}"


def _query(values: Mapping[str, str]) -> str:
    return urlencode(values, quote_via=quote, safe="$(),@:/=")
