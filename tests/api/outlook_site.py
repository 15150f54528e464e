"""An Outlook site: a real app whose tenant's mail lies with a Microsoft on loopback."""

from dataclasses import dataclass
from pathlib import Path

from builders import ANA, BEN, make_services
from flask import Flask
from flask.testing import FlaskClient
from huey import MemoryHuey
from microsoft.entra import Entra
from microsoft.graph import FakeGraph
from microsoft.store import Directory
from werkzeug.test import TestResponse

from backend.app import create_app
from backend.jobs import Queue
from backend.services import Services
from backend.store import people, tenants
from backend.store.database import Database

DIRECTORY = "11111111-2222-4333-8444-555555555555"
OTHER_DIRECTORY = "99999999-2222-4333-8444-555555555555"  # a directory of no tenant of ours
ADDIN = "aaaaaaaa-0000-4000-8000-000000000001"
APP = "aaaaaaaa-0000-4000-8000-000000000002"
ANA_OID = "0a0a0a0a-0000-4000-8000-000000000001"
BEN_OID = "0b0b0b0b-0000-4000-8000-000000000002"
SECRET = "not a secret"
ROLES = ("Mail.ReadWrite", "Mail.Send", "User.Read.All")


@dataclass
class OutlookSite:
    """One web process with an Outlook tenant behind it, where Ana and Ben are known already."""

    app: Flask
    services: Services
    entra: Entra
    tenant_id: int
    directory: Directory | None = None  # what the fake Graph knows of it, if there is one

    def close(self) -> None:
        self.services.mailboxes(self.tenant_id).graph.close()
        self.services.database.close()

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def token(self, oid: str = ANA_OID, directory: str = DIRECTORY, **claims: object) -> str:
        return self.entra.person_token(directory, oid, **{"aud": ADDIN, **claims})  # type: ignore[arg-type]

    def bearer(self, oid: str = ANA_OID) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(oid)}"}

    def send(self, oid: str = ANA_OID, **body: object) -> TestResponse:
        return self.client().post("/api/v1/submissions", json=body, headers=self.bearer(oid))


def make_outlook_site(
    folder: Path, database: Database | None, entra: Entra, graph: FakeGraph | None = None, **settings: object
) -> OutlookSite:
    """The app over a queue that nobody works on."""
    entra.add_tenant(OTHER_DIRECTORY)
    entra.add_app(APP, SECRET, wants=ROLES)
    directory = graph.add_tenant(DIRECTORY) if graph else entra.add_tenant(DIRECTORY)
    entra.grant(DIRECTORY, APP, ROLES)
    queue = Queue(MemoryHuey("tests", immediate=False, results=False))
    services = make_services(
        folder,
        database,
        {"wake": queue},
        **{
            "microsoft_login_url": entra.url,
            "microsoft_graph_url": graph.url if graph else "https://127.0.0.1:9/v1.0",
            "ca_file": entra.ca_file,
            "outlook_addin_client_id": ADDIN,
            "outlook_client_id": APP,
            "outlook_client_secret": SECRET,
            **settings,
        },
    )
    queue.serve(services)
    with services.database.begin() as tx:
        tenant_id = tenants.add(tx, "acme", "Acme", "outlook", services.now(), DIRECTORY)
        for oid, address in ((ANA_OID, ANA), (BEN_OID, BEN)):
            people.add_person(tx, tenant_id, "outlook", oid, address, "", services.now())
    return OutlookSite(create_app(services), services, entra, tenant_id, directory)
