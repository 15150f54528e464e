"""Add-on: the events that Google posts when somebody uses the button, and what its tokens open."""

import secrets
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from microsoft.server import Request, Response
from werkzeug.test import TestResponse

from workspace.gmail import READ
from workspace.google import FakeGoogle
from workspace.store import Mail
from workspace.tokens import Given
from workspace.trouble import failure

EXECUTE = "https://www.googleapis.com/auth/gmail.addons.execute"
ACTION = "https://www.googleapis.com/auth/gmail.addons.current.message.action"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"


class GoogleWithAddOn(FakeGoogle):
    """Tokens of the add-on read one message: the one that a second token names, and only for its owner."""

    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(folder, **more)
        self.opens: dict[str, str] = {}  # second token to the id of the open message
        self.raw_reads: Counter[str] = Counter()  # by the id as it was asked for

    def _called(self, method: str, request: Request, given: Given) -> Response:
        if ACTION not in given.scopes:
            return super()._called(method, request, given)
        asked = request.path.rpartition("/")[2]
        self.raw_reads[asked] += 1
        if method != "messages.get":
            return failure(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        if self.opens.get(request.headers.get("x-goog-gmail-access-token", "")) != asked and _is_hex(asked):
            return failure(403, "insufficientPermissions", "Missing access token for per message scopes.")
        return super()._called(method, request, Given(given.person, frozenset({READ}), given.until))


def _is_hex(asked: str) -> bool:
    return all(one in "0123456789abcdef" for one in asked)


@dataclass
class Button:
    """Somebody at Gmail, for an add-on that is deployed at `url`."""

    google: GoogleWithAddOn
    client: FlaskClient
    url: str
    address: str
    locale: str = "en"

    def event(self, mail: Mail | None = None, **changes: Any) -> dict[str, Any]:
        """The body that Google posts; a change that is None leaves that part out."""
        google, now = self.google, self.google.tokens.now()
        oauth = "ya29." + secrets.token_urlsafe(16)
        google.tokens.given[oauth] = Given(self.address, frozenset({ACTION}), now + 3600)
        form = {"choice": changes.pop("choice", "phish"), "comment": changes.pop("comment", "")}
        common: dict[str, Any] = {
            "userLocale": self.locale,
            "hostApp": "GMAIL",
            "platform": "WEB",
            "formInputs": {name: {"stringInputs": {"value": [value]}} for name, value in form.items()},
            "parameters": changes.pop("parameters", {}),
        }
        authorization: dict[str, Any] = {
            "userOAuthToken": oauth,
            "userIdToken": google.tokens.user_token(self.address),
            "authorizedScopes": [EXECUTE, ACTION, EMAIL],
            **changes,
        }
        kept = {name: value for name, value in authorization.items() if value is not None}
        body: dict[str, Any] = {"commonEventObject": common, "authorizationEventObject": kept}
        if mail:
            opened = secrets.token_urlsafe(8)
            google.opens[opened] = mail.id
            body["gmail"] = {"messageId": f"msg-f:{int(mail.id, 16)}", "threadId": "thread-f:1", "accessToken": opened}
        return body

    def post(self, path: str, body: Any, token: str | None = None) -> TestResponse:
        bearer = self.google.tokens.system_token(self.url + path) if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return self.client.post(path, json=body, headers=headers)

    def report(self, mail: Mail, **changes: Any) -> TestResponse:
        return self.post("/gmail/report", self.event(mail, **changes))

    def refresh(self, number: object) -> TestResponse:
        return self.post("/gmail/refresh", self.event(parameters={"submission": str(number)}))

    def withdraw(self, number: object) -> TestResponse:
        return self.post("/gmail/withdraw", self.event(parameters={"submission": str(number)}))
