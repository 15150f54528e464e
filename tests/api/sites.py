"""Sites: a real app over a real store, and a queue that nobody works on."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from builders import World, make_services, seed_tenant
from flask import Flask
from flask.testing import FlaskClient
from huey import MemoryHuey
from werkzeug.test import TestResponse

from backend.app import create_app
from backend.jobs import Queue
from backend.services import Services
from backend.store.database import Database

RAW = (
    b"From: Payroll <payroll@pay.example>\r\n"
    b"To: ana@example.org\r\n"
    b"Subject: Zebra bonus\r\n"
    b"Message-ID: <zebra@pay.example>\r\n"
    b"Date: Mon, 02 Mar 2026 08:00:00 +0000\r\n"
    b"\r\n"
    b"Open the zebra portal and confirm.\r\n"
)


@dataclass
class Site:
    """One web process with a tenant behind it."""

    app: Flask
    services: Services
    world: World
    asked: list[int] = field(default_factory=list)  # the tenants whose mailboxes were opened

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def bearer(self, address: str, world: World | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {(world or self.world).tokens[address]}"}

    def send(self, address: str, body: object = None, **more: object) -> TestResponse:
        """Report as JSON."""
        headers = {**self.bearer(address), **more.pop("headers", {})}
        return self.client().post("/api/v1/submissions", json=body, headers=headers, **more)

    def send_raw(self, address: str, raw: bytes = RAW, **headers: str) -> TestResponse:
        """Report by the raw message."""
        given = {**self.bearer(address), **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client().post("/api/v1/submissions", data=raw, content_type="message/rfc822", headers=given)

    def see(self, address: str, path: str, world: World | None = None) -> TestResponse:
        return self.client().get(path, headers=self.bearer(address, world))


def make_site(folder: Path, database: Database | None = None, **settings: object) -> Site:
    """The app over services whose queue only collects: what the API promises must not depend on a worker."""
    services = make_services(folder, database, **settings)
    queue = Queue(MemoryHuey("tests", immediate=False, results=False))
    asked: list[int] = []

    def mailboxes(tenant_id: int) -> object:
        asked.append(tenant_id)
        return real(tenant_id)

    real = services.mailboxes
    services = replace(services, wake=queue, mailboxes=mailboxes)
    queue.serve(services)
    return Site(create_app(services), services, seed_tenant(services), asked)
