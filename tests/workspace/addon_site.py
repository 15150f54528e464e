"""A Gmail site: a real app whose tenant's mail lies with a Google on loopback."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builders import ANA, BEN, make_services
from flask import Flask
from huey import MemoryHuey
from sqlalchemy import func, select

from backend.app import create_app
from backend.domain.submission import Submission
from backend.jobs import Queue
from backend.services import Services
from backend.store import submissions, tenants
from backend.store.database import Database
from backend.store.tables import submissions as table
from workspace.addon import Button, GoogleWithAddOn
from workspace.admin import DIRECTORY, REPORTS
from workspace.gmail import FULL, MODIFY
from workspace.google import CERTS, TOKEN
from workspace.store import Mail
from workspace.tokens import ADD_ON, OAUTH_CLIENT

URL = "https://unhook.example.org"
DOMAIN = "example.org"
ADMIN = "admin@example.org"
ANSWERS = "security@example.org"


@dataclass
class GmailSite:
    """One web process with a Workspace tenant behind it; its queue is worked on only where a test asks for that."""

    app: Flask
    services: Services
    google: GoogleWithAddOn
    tenant_id: int

    def close(self) -> None:
        self.services.mailboxes(self.tenant_id).close()  # type: ignore[attr-defined]
        self.services.database.close()

    def button(self, address: str = ANA, locale: str = "en") -> Button:
        return Button(self.google, self.app.test_client(), URL, address, locale)

    def deliver(self, address: str, raw: bytes) -> Mail:
        return self.google.store.put(address, raw, {"INBOX", "UNREAD", "CATEGORY_PERSONAL"})

    def kept(self) -> list[Submission]:
        with self.services.database.read() as tx:
            ids = tx.execute(select(table.c.id).order_by(table.c.id)).scalars().all()
            return [one for one in (submissions.get(tx, self.tenant_id, number) for number in ids) if one]

    def count(self) -> int:
        with self.services.database.read() as tx:
            return tx.execute(select(func.count()).select_from(table)).scalar_one()


def make_gmail_site(
    folder: Path,
    database: Database | None,
    google: GoogleWithAddOn,
    *,
    works: bool = False,
    instead: dict[str, object] | None = None,
    **settings: Any,
) -> GmailSite:
    """The app; with `works`, every step is done before the event is answered. `instead` is as for `make_services`."""
    for address in (ANA, BEN, ADMIN, ANSWERS):
        google.store.add(address)
    google.admin.administrators.add(ADMIN)
    google.tokens.granted |= {MODIFY, FULL, DIRECTORY, REPORTS}
    queue = Queue(MemoryHuey("tests", immediate=False, results=False))
    services = make_services(
        folder,
        database,
        {**({} if works else {"wake": queue}), **(instead or {})},
        **{
            "public_url": URL,
            "ca_file": google.ca_file,
            "gmail_key": google.key,
            "gmail_answers_from": ANSWERS,
            "gmail_addon_account": ADD_ON,
            "gmail_addon_client_id": OAUTH_CLIENT,
            "google_token_url": google.url + TOKEN,
            "google_certs_url": google.url + CERTS,
            "gmail_url": google.url,
            "google_admin_url": google.url,
            **settings,
        },
    )
    if not works:
        queue.serve(services)
    with services.database.begin() as tx:
        tenant_id = tenants.add(tx, "acme", "Acme", "gmail", services.now(), DOMAIN, ADMIN)
    return GmailSite(create_app(services), services, google, tenant_id)
