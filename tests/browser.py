"""Browser: what a browser does with a page, as far as these tests need it: cookies, forms with their token, text."""

import re
from datetime import timedelta
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

from backend.domain.people import Operator
from backend.store import sessions

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, address: str, **options: object) -> TestResponse:
        return self.client.get(address, **options)

    def page(self, address: str) -> str:
        response = self.get(address)
        assert response.status_code == 200, (response.status_code, response.text[:500])
        return response.text

    def text(self, address: str) -> str:
        return words_of(self.page(address))

    def post(self, address: str, /, seen_on: str = "/sign-in", **fields: str) -> TestResponse:
        """Send a form with the token that a page carries."""
        token = _TOKEN.search(self.get(seen_on).text)
        assert token, f"{seen_on} has no form"
        return self.client.post(address, data={"csrf_token": unescape(token[1]), **fields})

    def sign_in(self, name: str, password: str = "") -> "Browser":
        response = self.post("/sign-in", name=name, password=password or f"password of {name}")
        assert response.status_code == 303, response.text
        return self

    def signed_in_as(self, operator: Operator) -> "Browser":
        """As after `sign_in`, without the work of checking a password, which is slow on purpose."""
        services = self.client.application.extensions["unhook-services"]
        with services.database.begin() as tx:
            now, lasts = services.now(), timedelta(hours=1)
            number = sessions.begin(tx, operator.tenant_id, operator.id, "password", "a test", now, lasts)
        with self.client.session_transaction() as session:
            session["session"] = number
        return self


def words_of(page: str) -> str:
    """What a person reads, on one line."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
