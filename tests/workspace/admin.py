"""Admin: the Directory and the Reports API as far as Unhook uses them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from microsoft.server import Request, Response

from workspace.store import Account, Store
from workspace.tokens import Given
from workspace.trouble import failure

DIRECTORY = "https://www.googleapis.com/auth/admin.directory.user.readonly"
REPORTS = "https://www.googleapis.com/auth/admin.reports.audit.readonly"
_USERS = "/admin/directory/v1/users"
_GMAIL = "/admin/reports/v1/activity/users/all/applications/gmail"


@dataclass(frozen=True)
class Delivery:
    """One entry of the log of deliveries."""

    message_id: str
    address: str
    at: datetime


class Admin:
    """Both may only be asked by administrators."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.administrators: set[str] = set()
        self.elsewhere: set[str] = set()  # people of another organisation, which has let the same program in
        self.has_reports = True
        self.deliveries: list[Delivery] = []

    def method(self, request: Request) -> str:
        if request.path == _USERS:
            return "users.list"
        if request.path.startswith(_USERS + "/"):
            return "users.get"
        return "activities.list" if request.path == _GMAIL else ""

    def answer(self, method: str, request: Request, given: Given) -> Response:
        needed = REPORTS if method == "activities.list" else DIRECTORY
        if needed not in given.scopes:
            return failure(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        if given.person not in self.administrators:
            return failure(403, "forbidden", "Not Authorized to access this resource/api")
        if method == "users.list":
            return self._users(request.query)
        if method == "users.get":
            account = self.store.by_any(unquote(request.path.removeprefix(_USERS + "/")))
            ours = account and account.address not in self.elsewhere
            return Response(200, _user(account)) if ours else failure(404, "notFound", "Resource Not Found: userKey")
        return self._activities(request.query)

    def deliver(self, message_id: str, address: str, at: datetime | None = None) -> None:
        """Write a delivery into the log; two hours ago unless told otherwise."""
        moment = at or datetime.now(UTC) - timedelta(hours=2)
        self.deliveries.append(Delivery(message_id.strip("<>"), address, moment))

    def _users(self, asked: dict[str, str]) -> Response:
        if asked.get("customer") != "my_customer":
            return failure(400, "invalid", "customer")
        size = min(int(asked.get("maxResults", "100")), 500)
        accounts = sorted(
            (one for one in self.store.accounts.values() if one.address not in self.elsewhere),
            key=lambda one: one.address,
        )
        start = int(asked.get("pageToken", "0"))
        said: dict[str, Any] = {"users": [_user(account) for account in accounts[start : start + size]]}
        if start + size < len(accounts):
            said["nextPageToken"] = str(start + size)
        return Response(200, said)

    def _activities(self, asked: dict[str, str]) -> Response:
        if not self.has_reports:
            return failure(403, "forbidden", "Access denied. You are not authorized to read activity records.")
        start, end = datetime.fromisoformat(asked["startTime"]), datetime.fromisoformat(asked["endTime"])
        if end - start > timedelta(days=30):
            return failure(400, "invalid", "the time range is too long")
        if asked.get("eventName") == "delivery" and "filters" not in asked:
            return Response(200, {"kind": "admin#reports#activities"})
        name, _, value = asked["filters"].partition("==")
        if name != "message_info.rfc2822_message_id" or asked.get("eventName") != "delivery":
            return failure(400, "invalid", "filters")
        wanted = value.strip("<>")
        found = [one for one in self.deliveries if one.message_id == wanted and start <= one.at <= end]
        found.sort(key=lambda one: one.at, reverse=True)
        first = int(asked.get("pageToken", "0"))
        size = min(int(asked.get("maxResults", "1000")), 1000)
        said: dict[str, Any] = {"items": [_activity(one) for one in found[first : first + size]]}
        if first + size < len(found):
            said["nextPageToken"] = str(first + size)
        return Response(200, said)


def _user(account: Account) -> dict[str, Any]:
    return {
        "primaryEmail": account.address,
        "suspended": account.suspended,
        "archived": account.archived,
        "isMailboxSetup": account.has_mailbox,
        "nonEditableAliases": sorted(account.aliases),
    }


def _activity(one: Delivery) -> dict[str, Any]:
    """As https://developers.google.com/workspace/admin/reports/v1/appendix/activity/gmail describes it."""
    destination = {"parameter": [{"name": "address", "value": one.address}, {"name": "service", "value": "gmail-ui"}]}
    about = [
        {"name": "rfc2822_message_id", "value": f"<{one.message_id}>"},
        {"name": "destination", "multiMessageValue": [destination]},
    ]
    kind = [{"name": "mail_event_type", "intValue": "2"}, {"name": "success", "boolValue": True}]
    return {
        "id": {"time": one.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"), "applicationName": "gmail"},
        "actor": {"profileId": "105250506097979753968"},
        "events": [
            {
                "type": "delivery",
                "name": "delivery",
                "parameters": [
                    {"name": "event_info", "messageValue": {"parameter": kind}},
                    {"name": "message_info", "messageValue": {"parameter": about}},
                ],
            }
        ],
    }
