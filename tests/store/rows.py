"""Rows: small valid rows to begin a store test with. Each function adds one and returns its id."""

from datetime import datetime

from sqlalchemy import Connection, insert

from backend.store import people, tenants
from backend.store.tables import messages, retractions, submissions

NOW = datetime(2026, 1, 2, 3, 4, 5)


def add_tenant(tx: Connection, slug: str = "north") -> int:
    return tenants.add(tx, slug, slug.title(), "maildir", NOW)


def add_person(tx: Connection, tenant_id: int, address: str = "ana@example.org", name: str = "Ana Sand") -> int:
    return people.add_person(tx, tenant_id, "maildir", f"subject-of-{address}", address, name, NOW).id


def add_message(tx: Connection, tenant_id: int, fingerprint: str = "f", **values: object) -> int:
    row = {
        "tenant_id": tenant_id,
        "fingerprint": fingerprint,
        "evidence_sha256": "",
        "evidence_source": "fetched",
        "facts": {},
        "first_reported_at": NOW,
    }
    return tx.execute(insert(messages).values({**row, **values}).returning(messages.c.id)).scalar_one()


def add_submission(tx: Connection, tenant_id: int, person_id: int | None, message_id: int | None, **values) -> int:
    row = {
        "tenant_id": tenant_id,
        "person_id": person_id,
        "message_id": message_id,
        "submitted_as": "phish",
        "kind": "user",
        "identity": "verified",
        "received_at": NOW,
        "state": "answered",
    }
    return tx.execute(insert(submissions).values({**row, **values}).returning(submissions.c.id)).scalar_one()


def add_retraction(tx: Connection, tenant_id: int, message_id: int, **values: object) -> int:
    row = {
        "tenant_id": tenant_id,
        "message_id": message_id,
        "state": "done",
        "action": "trash",
        "automatic": True,
        "ordered_by": "policy",
        "ordered_at": NOW,
        "approved_by": [],
    }
    return tx.execute(insert(retractions).values({**row, **values}).returning(retractions.c.id)).scalar_one()
