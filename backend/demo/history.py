"""History: what had people judged before the demo's first day, so that PSR may be on?

Nobody asked the network about these mails: they are rows that stand for a tenant's first months, made of real mails,
kept as evidence, parsed, judged, and called seeded history wherever they show.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from sqlalchemy import Connection

from backend.demo.people import PEOPLE, DemoPerson
from backend.domain.decision import Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.people import Actor
from backend.domain.submission import EvidenceSource, Report, State
from backend.policy.settings import NO_ACTION
from backend.services import Services
from backend.store import decisions, evidence, labels, messages, psr_log, search, submissions
from backend.store.tenants import Tenant
from model.message.fingerprint import fingerprint
from model.message.parse import parse_message

SEED = Actor("seed")
LASTED = timedelta(days=60)
WHY = ("seeded-history",)

MAIL = """\
Return-Path: <{sender}>
Authentication-Results: mx.example.org; spf={spf} smtp.mailfrom={domain}; dkim=none; dmarc={spf} header.from={domain}
Message-ID: <history-{number}@{domain}>
Date: {date}
From: "{name}" <{sender}>
To: <{to}>
Subject: [seeded history] {subject}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{text}

(Mail {number} of the demo's seeded history. It was made together with this demo's data folder and stands for one mail
that was reported and judged before you came. The network was not asked about it.)
"""


@dataclass(frozen=True)
class Judged:
    """One mail of the past: who reported it, when, and whether they were right."""

    number: int
    person: DemoPerson
    right: bool
    at: datetime

    @property
    def disposition(self) -> Disposition:
        """What it was judged to be."""
        return Disposition.MALICIOUS if self.right else Disposition.NONE

    def raw(self) -> bytes:
        """The mail itself."""
        number, domain = self.number, "fee-notice.example" if self.right else "monthly-letter.example"
        subject = f"Parcel {4000 + number} is held back, pay the fee" if self.right else f"Our letter, number {number}"
        fee = f"Your parcel {4000 + number} waits. Pay 1.99 here: http://pay-{number}.{domain}/login"
        letter = f"Letter {number}: what we read, what we saw, and where to meet. https://{domain}/{number}"
        return MAIL.format(
            number=number,
            domain=domain,
            sender=f"office@{domain}",
            name="Parcel Office" if self.right else "The Monthly Letter",
            spf="fail" if self.right else "pass",
            date=format_datetime(self.at.replace(tzinfo=UTC) - timedelta(hours=1)),
            to=self.person.address,
            subject=subject,
            text=fee if self.right else letter,
        ).encode()


def judged_before(now: datetime) -> Iterator[Judged]:
    """Everybody's record, spread evenly over the months before `now`."""
    everyone = [(person, n < person.right) for person in PEOPLE for n in range(person.judged)]
    for number, (person, right) in enumerate(everyone, start=1):
        yield Judged(number, person, right, now - LASTED + LASTED * (number - 1) / len(everyone))


def write_history(tx: Connection, services: Services, tenant: Tenant, people: dict[str, int]) -> None:
    """Write the past down: evidence, message, report, decision, ledger, label. `people` maps keys to ids."""
    for past in judged_before(services.now()):
        _write(tx, services, tenant, past, people[past.person.key])


def _write(tx: Connection, services: Services, tenant: Tenant, past: Judged, person_id: int) -> None:
    raw = past.raw()
    facts = parse_message(raw, tenant.policy.senders.authserv_ids)
    sha256 = services.evidence.keep(tenant.id, raw)
    evidence.record(tx, tenant.id, sha256, len(raw), past.at)
    message_id, _ = messages.keep(tx, tenant.id, fingerprint(facts), facts, sha256, EvidenceSource.FETCHED, past.at)
    search.index_facts(tx, tenant.id, message_id, facts)

    report = Report(tenant.id, person_id, past.person.address, internet_message_id=facts.message_id)
    submission_id, _ = submissions.keep(tx, report, past.at)
    held = submissions.claim(tx, submission_id, State.RECEIVED, past.at, timedelta(minutes=1))
    assert held is not None, "nobody else can know of it yet"
    found = {"message_id": message_id, "evidence_sha256": sha256, "evidence_source": EvidenceSource.FETCHED}
    submissions.advance(tx, held, State.ANSWERED, past.at, **found)

    _judge(tx, tenant, past, message_id)


def _judge(tx: Connection, tenant: Tenant, past: Judged, message_id: int) -> None:
    judged_at = past.at + timedelta(hours=2)
    action = tenant.policy.action_for(Disposition.MALICIOUS) if past.right else NO_ACTION
    response = Response.WOULD_RETRACT if past.right else Response.NOTHING
    ruling = Ruling(past.disposition, False, response, action, WHY)
    decision_id = decisions.append(tx, tenant.id, message_id, ruling, SEED, past.at)
    if past.right:
        psr_log.log(tx, tenant.id, message_id, decision_id, response, action, 0.0, past.at, to_judge=True)
        psr_log.judge(tx, tenant.id, message_id, past.disposition, judged_at)
    labels.give(tx, tenant.id, message_id, past.disposition, "seed", str(SEED), judged_at)
    messages.close(tx, tenant.id, message_id, judged_at)
