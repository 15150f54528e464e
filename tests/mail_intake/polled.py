"""Polled: a tenant whose mail lies with Microsoft or Google on loopback, and two mailboxes of it that are read."""

from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Protocol

from builders import make_services
from microsoft.graph import FakeGraph
from reports_by_mail import SOC
from stamped import by_exchange, by_gmail
from workspace.admin import DIRECTORY, REPORTS
from workspace.gmail import MODIFY
from workspace.google import TOKEN, FakeGoogle

from backend.flow.polling import poll_all
from backend.services import Services
from backend.store import people, tenants
from backend.store.database import Database

PHISHBOX, SOCBOX, ANA, BEN = "phish@example.org", "team@example.org", "ana@example.org", "ben@example.org"
READ = {PHISHBOX: "user+malicious", SOCBOX: "team+spoof"}
ADMIN = "admin@example.org"
TID, APP = "11111111-2222-4333-8444-555555555555", "aaaaaaaa-0000-4000-8000-000000000002"


class Provider(Protocol):
    """Who holds the mailboxes."""

    services: Services
    tenant_id: int
    deliver_as: Callable[..., bytes]  # a mail as this provider delivers it

    def deliver(self, address: str, raw: bytes) -> str: ...
    def in_sight(self, address: str) -> list[str]: ...  # ids of what lies in the inbox, read or not
    def forbid(self, address: str) -> None: ...
    def throttle(self, seconds: int) -> None: ...  # the next look into an inbox
    def asked(self) -> int: ...  # how often an inbox was looked into
    def close(self) -> None: ...


class Microsoft:
    """Exchange Online, through Graph."""

    def __init__(self, folder: Path, database: Database, graph: FakeGraph) -> None:
        self.graph, self.deliver_as = graph, by_exchange
        self.directory = graph.add_tenant(TID)
        graph.entra.add_app(APP, "not a secret")
        graph.entra.grant(TID, APP, ("User.Read.All",))
        graph.scopes[APP] = {ANA, BEN, *READ}
        for address in (ANA, BEN, *READ):
            self.directory.add_user(address)
        settings = {
            "microsoft_login_url": graph.entra.url,
            "microsoft_graph_url": graph.url,
            "ca_file": graph.entra.ca_file,
            "outlook_client_id": APP,
            "outlook_client_secret": "not a secret",
        }
        self.services = make_services(folder, database, **settings)
        self.tenant_id = _add(self.services, "outlook", TID)

    def close(self) -> None:
        self.services.mailboxes(self.tenant_id).graph.close()

    def deliver(self, address: str, raw: bytes) -> str:
        return self.directory.deliver(address, raw).immutable

    def in_sight(self, address: str) -> list[str]:
        box = self.directory.box(address)
        return [f"{one.immutable} {one.read}" for one in box.messages.values() if one.folder == box.well_known("inbox")]

    def forbid(self, address: str) -> None:
        self.graph.scopes[APP].remove(address)

    def throttle(self, seconds: int) -> None:
        self.graph.troubles.order("/mailFolders/inbox/", status=429, headers={"Retry-After": str(seconds)})

    def asked(self) -> int:
        return self.graph.asked("GET /users/.*/mailFolders/inbox/messages")


class Google:
    """Gmail, through its API."""

    def __init__(self, folder: Path, database: Database, google: FakeGoogle) -> None:
        self.google, self.deliver_as = google, by_gmail
        for address in (ANA, BEN, ADMIN, *READ):
            google.store.add(address)
        google.admin.administrators.add(ADMIN)
        google.tokens.granted = {MODIFY, DIRECTORY, REPORTS}
        settings = {
            "ca_file": google.ca_file,
            "gmail_key": google.key,
            "google_token_url": google.url + TOKEN,
            "gmail_url": google.url,
            "google_admin_url": google.url,
        }
        self.services = make_services(folder, database, **settings)
        self.tenant_id = _add(self.services, "gmail", "example.org", ADMIN)

    def close(self) -> None:
        self.services.mailboxes(self.tenant_id).close()

    def deliver(self, address: str, raw: bytes) -> str:
        mail = self.google.store.put(address, raw, {"INBOX", "UNREAD"})
        mail.received = self.services.now().replace(tzinfo=UTC).timestamp()
        return mail.id

    def in_sight(self, address: str) -> list[str]:
        mails = self.google.store.box(address).mails.values()
        return [f"{one.id} {'UNREAD' in one.labels}" for one in mails if "INBOX" in one.labels]

    def forbid(self, address: str) -> None:
        self.google.store.accounts[address].has_mailbox = False

    def throttle(self, seconds: int) -> None:
        self.google.troubles.order("messages.list", status=429, reason="rateLimitExceeded", retry_after=str(seconds))

    def asked(self) -> int:
        return self.google.calls["messages.list"]


def _add(services: Services, provider: str, directory: str, administrator: str = "") -> int:
    now = services.now()
    with services.database.begin() as tx:
        tenant_id = tenants.add(tx, "acme", "Acme", provider, now, directory, administrator)
        tenants.change_policy(tx, tenant_id, {"intake": {"team_senders": [SOC], "mailboxes": READ}})
        people.add_person(tx, tenant_id, provider, "ana", ANA, "Ana", now)
    poll_all(services)
    return tenant_id
