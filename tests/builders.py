"""Builders: a small world to test in. Change the one thing that matters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random

from argon2 import PasswordHasher
from huey import MemoryHuey
from sqlalchemy import Connection, insert

from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Person, Role
from backend.domain.submission import EvidenceSource, Kind, Report, State
from backend.services import Services
from backend.settings import Settings
from backend.store import labels, messages, people, submissions, tables, tenants
from backend.store.database import Database
from backend.wiring import LazyPredictor, build_services, mail_root
from connectors.contract import Copy
from connectors.maildir.deliver import deliver
from model.message.facts import Facts

GATEWAY = "mx.example.org"
ANA, BEN, CHLOE = "ana@example.org", "ben@example.org", "chloe@example.org"
PEOPLE = (ANA, BEN, CHLOE)

# The shipped network, loaded once per test process.
_PREDICTOR = LazyPredictor(None)


def make_services(
    tmp_path: Path, database: Database | None = None, instead: dict[str, object] | None = None, **settings: object
) -> Services:
    """Real services in a folder of the test's own; the queue runs tasks at once, in the caller.

    `instead` takes the place of single services, say of a clock, or of mailboxes that misbehave.
    """
    settings.setdefault("withdraw_seconds", 0)  # answers do not wait, but where a test is about that
    url = database.engine.url.render_as_string(hide_password=False) if database else ""
    chosen = Settings(
        data_dir=tmp_path / "data",
        database_url=url,
        evidence_url=str(tmp_path / "evidence"),
        secret_key="for tests only",
        **settings,  # type: ignore[arg-type]
    )
    huey = MemoryHuey("tests", immediate=True, results=False)
    return build_services(chosen, huey, database, **{"predictor": _PREDICTOR, "random": Random(7), **(instead or {})})


@dataclass(frozen=True)
class World:
    """One tenant with three people, their mailboxes, their tokens and one owner."""

    services: Services
    tenant_id: int
    slug: str
    people: dict[str, Person]
    tokens: dict[str, str]
    owner: Operator

    @property
    def mail(self) -> Path:
        return mail_root(self.services.settings) / self.slug

    def deliver(self, address: str, raw: bytes, folder: str = "", flags: str = "") -> Copy:
        return deliver(self.mail, address, raw, folder, flags)

    def files(self, address: str) -> dict[str, bytes]:
        """Every mail its owner can see, by its path below the Maildir."""
        box = self.mail / address / "Maildir"
        return {
            str(path.relative_to(box)): path.read_bytes()
            for path in sorted(box.rglob("*"))
            if path.is_file() and path.parent.name in {"cur", "new"} and b"auto-replied" not in path.read_bytes()
        }

    def report(self, address: str, copy: Copy | None = None, **fields: object) -> Report:
        person = self.people[address]
        ids = {"provider_message_id": copy.id} if copy else {}
        return Report(self.tenant_id, person.id, address, **{**ids, **fields})  # type: ignore[arg-type]

    def operator(self, role: Role, name: str = "") -> Operator:
        name = name or f"{self.slug}-{role}"
        with self.services.database.begin() as tx:
            return add_operator(tx, self.tenant_id, name, role, self.services.now())

    def judge_right(self, address: str, times: int) -> None:
        """Give a person a record: `times` earlier reports that an operator judged malicious."""
        now = self.services.now()
        with self.services.database.begin() as tx:
            for number in range(times):
                record_judged(tx, self.tenant_id, self.people[address].id, f"{address}-{number}", now)

    def set_policy(self, **sections: dict[str, object]) -> None:
        with self.services.database.begin() as tx:
            tenants.change_policy(tx, self.tenant_id, sections)


def add_operator(tx: Connection, tenant_id: int, name: str, role: Role, now: datetime) -> Operator:
    """An operator as the store adds one, whose password is hashed once a process: hashing is slow on purpose."""
    values = {"tenant_id": tenant_id, "name": name, "role": role, "created_at": now}
    added = insert(tables.operators).values(**values, password_hash=_hashed(f"password of {name}"))
    return Operator(tx.execute(added.returning(tables.operators.c.id)).scalar_one(), tenant_id, name, role)


@cache
def _hashed(password: str) -> str:
    return PasswordHasher().hash(password)


def record_judged(tx: Connection, tenant_id: int, person_id: int, name: str, now: datetime) -> None:
    """One earlier message that this person reported and an operator judged malicious."""
    earlier = now - timedelta(days=1)
    facts = Facts(subject=f"Earlier message {name}")
    mark = sha256(name.encode()).hexdigest()
    message_id, _ = messages.keep(tx, tenant_id, mark, facts, "", EvidenceSource.FETCHED, earlier)
    report = Report(
        tenant_id, person_id, "", internet_message_id=f"<{name}@earlier>", idempotency_key=f"earlier-{name}"
    )
    submission_id, _ = submissions.keep(tx, report, earlier)
    held = submissions.claim(tx, submission_id, State.RECEIVED, earlier, timedelta(minutes=1))
    assert held is not None
    submissions.advance(tx, held, State.ANSWERED, earlier, message_id=message_id)
    labels.give(tx, tenant_id, message_id, Disposition.MALICIOUS, "operator", "operator:1", earlier)


def seed_tenant(services: Services, slug: str = "acme", addresses: Iterable[str] = PEOPLE) -> World:
    """A tenant on Maildirs whose gateway is trusted, with PSR in preview as it comes."""
    now = services.now()
    with services.database.begin() as tx:
        tenant_id = tenants.add(tx, slug, slug.title(), "maildir", now)
        tenants.change_policy(tx, tenant_id, {"senders": {"authserv_ids": [GATEWAY]}})
        known = {
            address: people.add_person(tx, tenant_id, "maildir", address, address, address.partition("@")[0], now)
            for address in addresses
        }
        tokens = {
            address: people.issue_token(tx, tenant_id, person.id, Kind.USER, now) for address, person in known.items()
        }
        name = f"{slug}-owner"
        owner = add_operator(tx, tenant_id, name, Role.OWNER, now)
    return World(services, tenant_id, slug, known, tokens, owner)
