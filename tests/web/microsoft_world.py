"""A tenant whose mail lies with a Microsoft on loopback, and an owner who can sign in."""

from pathlib import Path

from builders import make_services
from microsoft.certificates import credential_pem
from microsoft.people import GraphWithPeople
from microsoft.store import Directory

from backend.domain.people import Operator, Role
from backend.services import Services
from backend.store import operators, tenants
from backend.store.database import Database

DIRECTORY = "11111111-2222-4333-8444-555555555555"
OTHER_DIRECTORY = "99999999-2222-4333-8444-555555555555"
APP = "aaaaaaaa-0000-4000-8000-000000000002"
SECRET = "not a secret"
NEEDED = ("Mail.ReadWrite", "User.Read.All")


class MicrosoftWorld:
    """Not consented to yet; the app registration asks for exactly what is needed."""

    def __init__(self, folder: Path, database: Database, graph: GraphWithPeople, **settings: object) -> None:
        self.graph, self.entra = graph, graph.entra
        self.directory: Directory = graph.add_tenant(DIRECTORY)
        graph.add_tenant(OTHER_DIRECTORY, name="Another Ltd")
        self.entra.add_app(APP, SECRET, wants=NEEDED)
        self.directory.add_user("ana@example.org")
        chosen = {
            "public_url": "https://unhook.example",
            "microsoft_login_url": self.entra.url,
            "microsoft_graph_url": graph.url,
            "ca_file": self.entra.ca_file,
            "outlook_client_id": APP,
            "outlook_client_secret": SECRET,
            "outlook_addin_client_id": "aaaaaaaa-0000-4000-8000-000000000001",
            **settings,
        }
        self.services: Services = make_services(folder, database, **chosen)
        with self.services.database.begin() as tx:
            self.tenant_id = tenants.add(tx, "acme", "Acme", "outlook", self.services.now(), DIRECTORY)
        self.owner = self.operator(Role.OWNER)

    def operator(self, role: Role, tenant_id: int = 0) -> Operator:
        name = f"some {role} of {tenant_id or self.tenant_id}"
        with self.services.database.begin() as tx:
            now = self.services.now()
            return operators.add_operator(tx, tenant_id or self.tenant_id, name, f"password of {name}", role, now)

    def consent(self, *roles: str) -> None:
        self.entra.grant(DIRECTORY, APP, roles or NEEDED)


def certificate(days: int) -> dict[str, object]:
    """The setting that holds a certificate of ours, good for so many days."""
    return {"outlook_certificate": credential_pem("unhook", days)}
