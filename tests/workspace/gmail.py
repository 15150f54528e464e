"""Gmail: its API as far as Unhook uses it, with its rules about ids, labels and whose mailbox it is."""

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from microsoft.server import Request, Response

from workspace.searching import search
from workspace.store import CATEGORIES, SYSTEM, Box, Mail, Store
from workspace.tokens import Given
from workspace.trouble import failure

MODIFY = "https://www.googleapis.com/auth/gmail.modify"
FULL = "https://mail.google.com/"
READ = "https://www.googleapis.com/auth/gmail.readonly"
_PATH = re.compile(r"/gmail/v1/users/([^/]+)/(messages|labels)(?:/([^/]*))?(?:/(modify|trash|untrash))?$")
_ID = re.compile(r"[0-9a-f]{1,16}")
_FIXED = {"SENT", "DRAFT", "CHAT"}
# https://developers.google.com/workspace/gmail/api/reference/quota
UNITS = {
    "messages.list": 5, "messages.get": 20, "messages.modify": 5, "messages.delete": 10, "messages.send": 100,
    "messages.insert": 25, "labels.list": 1, "labels.create": 5, "labels.delete": 5,
}  # fmt: skip

Call = Callable[[Box, str, Request], Response]


class Gmail:
    """Answers what was asked for with a good token; which method that was is told apart first."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.sent: list[tuple[str, str, bytes]] = []  # (from whom, to whom, bytes)
        self.delivers = True  # whether what is sent arrives
        self.modified: list[tuple[str, str]] = []  # (mailbox, id) of every modify that changed something

    def method(self, request: Request) -> str:
        """Its name as Google's documentation writes it, or an empty one."""
        found = _PATH.fullmatch(request.path)
        if not found:
            return ""
        _, kind, target, verb = found.groups()
        if verb:
            return f"{kind}.{verb}"
        if request.method == "POST" and kind == "messages" and target == "send":
            return "messages.send"
        if target is None:
            return f"{kind}.{ {'GET': 'list', 'POST': 'insert' if kind == 'messages' else 'create'}[request.method] }"
        return f"{kind}.{ {'GET': 'get', 'DELETE': 'delete'}.get(request.method, '') }"

    def answer(self, method: str, request: Request, given: Given) -> Response:
        found = _PATH.fullmatch(request.path)
        assert found is not None
        user = unquote(found[1])
        if user not in {"me", given.person}:
            return failure(403, "forbidden", f"Delegation denied for {given.person}")
        accepted = {FULL} if method == "messages.delete" else {FULL, MODIFY}
        accepted |= {READ} if method in {"messages.get", "messages.list", "labels.list"} else set()
        if not given.scopes & accepted:
            return failure(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        account = self.store.accounts[given.person]
        if not account.has_mailbox:
            return failure(400, "failedPrecondition", "Mail service not enabled")
        call: Callable[..., Response] = getattr(self, f"_{method.replace('.', '_')}", _unknown)
        with self.store.lock:
            return call(account.box, unquote(found[3] or ""), request, given)

    # --- messages

    def _messages_list(self, box: Box, _: str, request: Request, given: Given) -> Response:
        asked = request.query
        size = min(int(asked.get("maxResults", "100")), 500)
        mails = search(box, asked.get("q", ""), asked.get("includeSpamTrash", "").lower() == "true")
        start = int(asked.get("pageToken", "0"))
        page = mails[start : start + size]
        said: dict[str, Any] = {"messages": [{"id": mail.id} for mail in page]} if page else {}
        if start + size < len(mails):
            said["nextPageToken"] = str(start + size)
        return Response(200, {**said, "resultSizeEstimate": len(mails)})

    def _messages_get(self, box: Box, target: str, request: Request, given: Given) -> Response:
        mail = _mail(box, target)
        if isinstance(mail, Response):
            return mail
        said = {"id": mail.id, "threadId": mail.id, "labelIds": sorted(mail.labels), "sizeEstimate": len(mail.raw)}
        said["internalDate"] = str(int(mail.received * 1000))
        form = request.query.get("format", "full")
        if form == "raw":
            said["raw"] = base64.urlsafe_b64encode(mail.raw).decode().rstrip("=")
        elif form == "metadata":
            names = {name.lower() for name in parse_qs(request.query_string).get("metadataHeaders", [])}
            shown = [{"name": name, "value": value} for name, value in mail.headers if name.lower() in names]
            said["payload"] = {"headers": shown}
        return Response(200, said)

    def _messages_modify(self, box: Box, target: str, request: Request, given: Given) -> Response:
        mail = _mail(box, target)
        if isinstance(mail, Response):
            return mail
        asked = request.json
        add, remove = set(asked.get("addLabelIds", ())), set(asked.get("removeLabelIds", ()))
        if len(add) > 100 or len(remove) > 100 or add & remove:
            return failure(400, "invalidArgument", "Invalid labels")
        for label in add | remove:
            if label in _FIXED or not box.knows(label):
                return failure(400, "invalidArgument", f"Invalid label: {label}")
        before = set(mail.labels)
        mail.labels = (mail.labels | add) - remove
        if mail.labels != before:
            self.modified.append((given.person, mail.id))
        return Response(200, {"id": mail.id, "threadId": mail.id, "labelIds": sorted(mail.labels)})

    def _messages_delete(self, box: Box, target: str, request: Request, given: Given) -> Response:
        mail = _mail(box, target)
        if isinstance(mail, Response):
            return mail
        del box.mails[mail.id]
        return Response(204, b"")

    def _messages_insert(self, box: Box, _: str, request: Request, given: Given) -> Response:
        mail = self.store.put(given.person, _raw(request), request.json.get("labelIds", ()))
        return Response(200, {"id": mail.id, "threadId": mail.id, "labelIds": sorted(mail.labels)})

    def _messages_send(self, box: Box, _: str, request: Request, given: Given) -> Response:
        raw = _raw(request)
        mail = self.store.put(given.person, raw, {"SENT"})
        for to in mail.all("to"):
            account = self.store.by_any(to.strip())
            self.sent.append((given.person, to, raw))
            if self.delivers and account:
                self.store.put(account.address, raw, {"INBOX", "UNREAD"})
        return Response(200, {"id": mail.id, "threadId": mail.id, "labelIds": ["SENT"]})

    # --- labels

    def _labels_list(self, box: Box, _: str, request: Request, given: Given) -> Response:
        system = [{"id": label, "name": label, "type": "system"} for label in (*SYSTEM, *CATEGORIES)]
        own = [{"id": label, "name": name, "type": "user"} for label, name in box.labels.items()]
        return Response(200, {"labels": system + own})

    def _labels_create(self, box: Box, _: str, request: Request, given: Given) -> Response:
        name = request.json["name"]
        if name.lower() in {known.lower() for known in box.labels.values()}:
            return failure(409, "aborted", "Label name exists or conflicts")
        return Response(200, {"id": self.store.label(given.person, name), "name": name})

    def _labels_delete(self, box: Box, target: str, request: Request, given: Given) -> Response:
        self.store.delete_label(given.person, target)
        return Response(204, b"")


def _mail(box: Box, target: str) -> Mail | Response:
    if not _ID.fullmatch(target):
        return failure(400, "invalidArgument", "Invalid id value")
    found = box.mails.get(target)
    return found or failure(404, "notFound", "Requested entity was not found.")


def _raw(request: Request) -> bytes:
    raw = str(request.json["raw"])
    return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))


def _unknown(box: Box, target: str, request: Request, given: Given) -> Response:
    return failure(404, "notFound", "no such method")
