"""A tenant whose mail lies with a Google on loopback, and an owner who can sign in."""

from pathlib import Path

from builders import make_services
from workspace.admin import DIRECTORY, REPORTS
from workspace.gmail import MODIFY
from workspace.google import CERTS, TOKEN, FakeGoogle
from workspace.tokens import ADD_ON, OAUTH_CLIENT

from backend.domain.people import Operator, Role
from backend.services import Services
from backend.store import operators, tenants
from backend.store.database import Database

ADMIN = "admin@example.org"


class GoogleWorld:
    """Nothing is delegated yet."""

    def __init__(self, folder: Path, database: Database, google: FakeGoogle, **settings: object) -> None:
        self.google = google
        for address in ("ana@example.org", ADMIN):
            google.store.add(address)
        google.admin.administrators.add(ADMIN)
        self.services: Services = make_services(folder, database, **{**settings_for(google), **settings})
        with self.services.database.begin() as tx:
            self.tenant_id = tenants.add(tx, "acme", "Acme", "gmail", self.services.now(), "example.org", ADMIN)
        self.owner = self.operator(Role.OWNER)

    def operator(self, role: Role) -> Operator:
        with self.services.database.begin() as tx:
            name = f"some {role}"
            return operators.add_operator(tx, self.tenant_id, name, f"password of {name}", role, self.services.now())

    def delegate(self, *scopes: str) -> None:
        self.google.tokens.granted = set(scopes or (MODIFY, DIRECTORY, REPORTS))


def settings_for(google: FakeGoogle) -> dict[str, object]:
    return {
        "public_url": "https://unhook.example",
        "ca_file": google.ca_file,
        "gmail_key": google.key,
        "gmail_addon_account": ADD_ON,
        "gmail_addon_client_id": OAUTH_CLIENT,
        "google_token_url": google.url + TOKEN,
        "google_certs_url": google.url + CERTS,
        "google_iam_url": google.url,
        "gmail_url": google.url,
        "google_admin_url": google.url,
    }
