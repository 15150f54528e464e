"""Mail: what Graph does with the messages of one mailbox."""

import json
import time
from base64 import b64encode
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Any

from microsoft import kql
from microsoft.filters import expanded, predicate
from microsoft.server import Request, Response
from microsoft.store import RECOVERABLE, Directory, Mailbox, Message, User

if TYPE_CHECKING:
    from microsoft.graph import FakeGraph

_FILTERED_BY = {
    "internetMessageId": "internetMessageId",
    "from/emailAddress/address": "sender",
    "receivedDateTime": "receivedDateTime",
    "sentDateTime": "sentDateTime",
}


def serve(graph: "FakeGraph", directory: Directory, user: User, rest: list[str], request: Request) -> Response:
    """Everything below /users/{user}/."""
    assert user.mailbox is not None
    match [request.method, *rest]:
        case ["GET", "messages"]:
            return _list(graph, user, request)
        case ["GET", "mailFolders", name, "messages"]:
            if user.mailbox.well_known(name) not in user.mailbox.folders:
                return _error(404, "ErrorItemNotFound")
            return _list(graph, user, request, name)
        case ["GET", "mailFolders", name]:
            return _folder(user.mailbox, name)
        case ["POST", "translateExchangeIds"]:
            return _translate(user.mailbox, request.json)
        case ["POST", "sendMail"]:
            return _send(directory, user, request.json)
        case [_, "messages", message_id, *action]:
            with user.mailbox.lock:
                message = user.mailbox.by_id(message_id)
                if message is None:
                    return _error(404, "ErrorItemNotFound")
                return _act(graph, user, message, action, request)
    return _error(400, "BadRequest")


def _list(graph: "FakeGraph", user: User, request: Request, folder: str = "") -> Response:
    assert user.mailbox is not None
    query = request.query
    if "$search" in query and {"$filter", "$orderby", "$expand"} & set(query):
        return _error(400, "SearchWithFilter")  # the first two are documented, the third is nowhere promised
    fits = kql.predicate(query["$search"]) if "$search" in query else predicate(query.get("$filter", ""), _FILTERED_BY)
    if "$orderby" in query and not _is_efficient(query["$orderby"], query.get("$filter", "")):
        return _error(400, "InefficientFilter")
    wanted = expanded(query.get("$expand", ""))
    hidden = user.mailbox.well_known(RECOVERABLE)
    now = time.time()
    with user.mailbox.lock:
        seen = [one for one in user.mailbox.messages.values() if one.folder != hidden and one.visible_from <= now]
        seen = [one for one in seen if not folder or one.folder == user.mailbox.well_known(folder)]
        found = [one for one in seen if fits(_filterable(one))]
        if "$orderby" in query or "$search" in query:
            newest_first = query.get("$orderby", "") != "receivedDateTime"
            found = sorted(found, key=lambda one: one.received, reverse=newest_first)[
                : kql.MOST if "$search" in query else None
            ]
        shown = [_shown(one, request, wanted) for one in found]
    below = f"mailFolders/{folder}/messages" if folder else "messages"
    return graph.page(request, f"/users/{user.id}/{below}", shown, default=10, most=1000)


def _is_efficient(order: str, condition: str) -> bool:
    """What is ordered by must come first in the filter: https://devblogs.microsoft.com/microsoft365dev/update-to-filtering-and-sorting-rest-api/"""
    return order in {"receivedDateTime", "receivedDateTime desc"} and condition.startswith("receivedDateTime ")


def _filterable(message: Message) -> dict[str, str]:
    return {
        "internetMessageId": message.internet_id,
        "sender": message.sender,
        "receivedDateTime": message.received,
        "sentDateTime": message.sent,
        "subject": message.subject,
    }


def _act(graph: "FakeGraph", user: User, message: Message, action: list[str], request: Request) -> Response:
    assert user.mailbox is not None
    match [request.method, *action]:
        case ["GET"]:
            return Response(200, _shown(message, request, expanded(request.query.get("$expand", ""))))
        case ["GET", "$value"]:
            return Response(200, message.raw, {"Content-Type": "text/plain"})
        case ["PATCH"]:
            return _change(message, request)
        case ["POST", "move"]:
            body = {name.casefold(): value for name, value in request.json.items()}
            return _move(graph, user, message, str(body["destinationid"]), request)
        case ["POST", "permanentDelete"]:
            del user.mailbox.messages[message.immutable]
            graph.record_move(user.mail or user.upn, message.immutable, "purges")
            return Response(204)
    return _error(400, "BadRequest")


def _move(graph: "FakeGraph", user: User, message: Message, wanted: str, request: Request) -> Response:
    assert user.mailbox is not None
    folder = user.mailbox.well_known(wanted)
    if folder not in user.mailbox.folders:
        return _error(404, "ErrorItemNotFound")  # Graph says the same of a folder and of a message
    if message.folder != folder:
        user.mailbox.move(message, folder)
        graph.record_move(user.mail or user.upn, message.immutable, wanted)
    return Response(201, _shown(message, request, []))


def _change(message: Message, request: Request) -> Response:
    changes: dict[str, Any] = request.json
    message.read = changes.get("isRead", message.read)
    message.flag = changes.get("flag", message.flag)
    message.categories = changes.get("categories", message.categories)
    for one in changes.get("singleValueExtendedProperties", ()):
        message.properties[_canonical(one["id"])] = one["value"]
    if set(changes) - {"isRead", "flag", "categories", "singleValueExtendedProperties"}:
        return _error(400, "BadRequest")
    return Response(200, _shown(message, request, []))


def _shown(message: Message, request: Request, wanted: list[str]) -> dict[str, Any]:
    immutable = 'idtype="immutableid"' in request.headers.get("prefer", "").casefold()
    shown: dict[str, Any] = {
        "id": message.immutable if immutable else message.volatile,
        "parentFolderId": message.folder,
        "internetMessageId": message.internet_id,
        "subject": message.subject,
        "isRead": message.read,
        "isDraft": message.draft,
        "flag": message.flag,
        "categories": message.categories,
        "sentDateTime": message.sent,
        "receivedDateTime": message.received,
        "from": {"emailAddress": {"address": message.sender}},
    }
    properties = {**message.properties, "Integer 0xe08": str(len(message.raw))}
    canonical = map(_canonical, wanted)
    kept = [{"id": name, "value": properties[name]} for name in canonical if name in properties]
    return {**shown, "singleValueExtendedProperties": kept} if kept else shown


def _canonical(name: str) -> str:
    """Exchange writes a property's id its own way: here, its GUID in lower case and its number without zeros."""
    return name.lower().replace("0x0", "0x").replace("string", "String").replace("integer", "Integer")


def _folder(box: Mailbox, name: str) -> Response:
    folder = box.well_known(name)
    if folder not in box.folders:
        return _error(404, "ErrorItemNotFound")
    return Response(200, {"id": folder, "displayName": box.folders[folder]})


def _translate(box: Mailbox, body: dict[str, Any]) -> Response:
    kinds = {"restId": "volatile", "ewsId": "ews"}
    if body["sourceIdType"] not in kinds or body["targetIdType"] != "restImmutableEntryId":
        return _error(400, "BadRequest")
    kind = kinds[body["sourceIdType"]]
    found = []
    for source in body["inputIds"]:
        message = next((one for one in box.messages.values() if getattr(one, kind) == source), None)
        if message is None:
            return _error(400, "ErrorInvalidIdMalformed")
        found.append({"sourceId": source, "targetId": message.immutable})
    return Response(200, {"value": found})


def _send(directory: Directory, user: User, body: dict[str, Any]) -> Response:
    said = body["message"]
    headers = {one["name"]: one["value"] for one in said.get("internetMessageHeaders", ())}
    if len(headers) > 5 or not all(name.lower().startswith("x-") for name in headers):
        return _error(400, "InvalidInternetMessageHeader")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["Subject"] = user.mail, said["subject"]
    mail["Message-ID"] = said.get("internetMessageId") or f"<{time.time_ns()}@exchange.example>"
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(said["body"]["content"])
    for one in said["toRecipients"]:
        address = one["emailAddress"]["address"]
        directory.deliver(address, mail.as_bytes())
    return Response(202)


def _error(status: int, code: str) -> Response:
    return Response(status, {"error": {"code": code, "message": "as in Graph"}})


def dumps(value: Any) -> bytes:
    return json.dumps(value).encode()


def base64(raw: bytes) -> str:
    return b64encode(raw).decode()
