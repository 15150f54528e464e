"""Seed: what is there on the demo's first day, and only then?"""

import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from backend.demo.history import write_history
from backend.demo.mail import deliver_all
from backend.demo.people import OPERATOR, PEOPLE, TENANT_SLUG
from backend.domain.decision import Psr
from backend.domain.people import SYSTEM, Role
from backend.flow.switch import licence
from backend.services import Services
from backend.store import audit, people, tenants
from backend.store.tenants import Tenant
from backend.wiring import mail_root

POLICY = {"senders": {"authserv_ids": ["mx.example.org"]}}
PROVIDER = "maildir"


@dataclass(frozen=True)
class Seeded:
    """What this run made. `password` is the operator's, known only to the run that made it."""

    password: str | None
    mailboxes: list[str]


def seed(services: Services) -> Seeded:
    """Make the tenant with its people, history and mailboxes, each once; what is there stays as it is."""
    password = None
    with services.database.begin() as tx:
        if tenants.by_slug(tx, TENANT_SLUG) is None:
            password = secrets.token_urlsafe(12)
            _make_tenant(tx, services, password)
    made = deliver_all(_mail_folder(services), services.now())
    return Seeded(password, made)


def _mail_folder(services: Services) -> Path:
    folder = mail_root(services.settings) / TENANT_SLUG
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _make_tenant(tx: Connection, services: Services, password: str) -> Tenant:
    """The whole tenant in one transaction: a run that is killed leaves nothing half made."""
    now = services.now()
    tenant_id = tenants.add(tx, TENANT_SLUG, "The demo", PROVIDER, now)
    tenants.change_policy(tx, tenant_id, POLICY)
    people.add_operator(tx, tenant_id, OPERATOR, password, Role.OWNER, now)
    ids = {p.key: people.add_person(tx, tenant_id, PROVIDER, p.address, p.address, p.name, now).id for p in PEOPLE}
    tenant = tenants.get(tx, tenant_id)
    write_history(tx, services, tenant, ids)

    earned = licence(tx, tenant)
    assert earned.granted, f"the seeded history earns no licence: {earned}"
    tenants.change_policy(tx, tenant.id, {"psr": {"switch": Psr.ON}})
    audit.record(tx, tenant.id, SYSTEM, "demo seeded", "settings", {"judged": earned.judged}, now)
    return tenant
