"""Mail intake: which submissions come of the mail that was received, once each?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import structlog
from sqlalchemy import Connection

from backend.domain.people import SYSTEM, Actor, Person
from backend.domain.received_mail import MailRoute, Problem, read_route, submitted_as
from backend.domain.submission import Identity, Kind, Report
from backend.errors import BadInput, StoreUnavailable
from backend.flow.mail_answer import told, will_tell
from backend.intake_mail.contents import Contents, contents_of
from backend.intake_mail.headers import (
    IsOurs,
    Prove,
    Sender,
    headers_of,
    is_automatic,
    is_ours,
    reports_too,
    sender_of,
)
from backend.intake_mail.spool import SpooledMail, spool_of
from backend.services import Services
from backend.store import answers, audit, evidence, people, received_mails, submissions, tenants
from backend.store.tenants import Tenant
from model.message.caps import Defects
from model.message.headers import Headers, message_id

AT_ONCE = 100  # mails of one turn; the next turn goes on, and others get theirs in between
PROVIDER = "mail"  # of a member of the team who is known by their address only

log = structlog.get_logger()


@dataclass(frozen=True)
class Received:
    """A mail, taken apart."""

    sha256: str
    raw: bytes
    sender: Sender
    contents: Contents
    automatic: bool
    received_at: datetime


@dataclass(frozen=True)
class Reporter:
    """Who it is from, as far as that is proven, and as what it counts."""

    kind: Kind
    person: Person | None

    @property
    def identity(self) -> Identity:
        """Nobody is verified whom we do not know."""
        return Identity.VERIFIED if self.person else Identity.UNVERIFIED


def take_in(services: Services) -> int:
    """Make submissions of what waits in the spool. Returns how many mails. Safe to run twice, or by two at once.

    A mail leaves the spool after everything that came of it is committed, and is known again if it did not get so far.
    What goes wrong does not count: however many such mails wait, those that came later are taken.
    """
    spool = spool_of(services.settings)
    spool.clear_leftovers(services.now().replace(tzinfo=UTC).timestamp())
    done, failed = 0, []
    for name in spool.waiting():
        if done >= AT_ONCE:
            services.wake.mail()
            break
        try:
            with spool.taken(name) as mail:
                if mail is not None:
                    take(services, mail)
                    done += 1
        except StoreUnavailable as error:
            log.warning("mail stays in the spool", mail=name[:12], why=str(error))
            break
        except Exception as error:  # noqa: BLE001 - the others are not kept waiting by it; raised below
            log.error("mail stays in the spool", mail=name[:12], error=type(error).__name__)
            failed.append(error)
    if failed:
        raise failed[0]
    return done


def take(services: Services, mail: SpooledMail) -> None:
    """One mail, for each address of ours that it was sent to."""
    domain = services.settings.receive_domain
    at = datetime.fromisoformat(mail.envelope.received_at)

    def is_address(address: str) -> bool:
        return read_route(address, domain) is not None

    def prove(headers: Headers) -> Sender:
        return sender_of(headers, services.settings.receive_authserv_ids)

    received = opened(services, mail.raw, at, is_address, prove)
    for address in mail.envelope.recipients:
        route = read_route(address, domain)
        with services.database.read() as tx:
            tenant = tenants.by_slug(tx, route.tenant) if route else None
        if route is None or tenant is None:  # the domain was another when it came in
            log.error("mail to nobody", mail=mail.name[:12])
            continue
        take_for(services, tenant, route, address.lower(), received)


def opened(services: Services, raw: bytes, at: datetime, is_address: IsOurs, prove: Prove) -> Received:
    """A mail, taken apart, of a sender who is as proven as the caller finds."""
    name, headers = sha256(raw).hexdigest(), headers_of(raw)
    sender = prove(headers)

    def is_report(attached: Headers) -> bool:
        return reports_too(attached, sender, is_address, prove)

    try:
        contents = contents_of(raw, is_report, services.settings.max_message_bytes)
    except BadInput as error:
        log.warning("mail unreadable", mail=name[:12], why=str(error))
        contents = Contents((), problem=Problem.UNREADABLE)
    return Received(name, raw, sender, contents, is_automatic(headers), at)


def take_for(
    services: Services,
    tenant: Tenant,
    route: MailRoute,
    address: str,
    received: Received,
    note: Callable[[Connection], bool] = lambda _: True,
) -> None:
    """What comes of a mail to one address of ours, once: the same bytes to the same address are known again.

    What the caller wants to `note` of it is committed with it; when that was noted before, nothing comes of it again.
    """
    wrong = Problem.WRONG_ADDRESS if route.kind is None else received.contents.problem
    mails = () if route.kind is None else received.contents.mails
    pieces = {services.evidence.keep(tenant.id, raw): raw for raw in mails}
    whole = {services.evidence.keep(tenant.id, received.raw): received.raw} if wrong and received.raw else {}

    now = services.now()
    with services.database.begin() as tx:
        if not note(tx):
            return
        reporter = _reporter(tx, tenant, route, received.sender, now)
        tells = bool(wrong) and will_tell(tx, tenant, reporter.person, received.sender, received.automatic, now)
        mail_id = received_mails.keep(
            tx,
            tenant.id,
            mail_sha256=received.sha256,
            address=address,
            sender=received.sender.address,
            proven=received.sender.proven,
            kind=reporter.kind if mails else "",
            said=route.disposition or "",
            problem=wrong or "",
            submissions=len(pieces),
            evidence_sha256=next(iter(whole), ""),
            size=len(received.raw),
            received_at=received.received_at,
            told="intended" if tells else "",
            told_at=now if tells else None,
        )
        if mail_id is None:
            return  # a worker before us came this far, and no further
        for name, raw in {**pieces, **whole}.items():
            evidence.record(tx, tenant.id, name, len(raw), now)
        reports = [_report(tenant, route, reporter, name, raw, received) for name, raw in pieces.items()]
        made = [submissions.keep(tx, report, now)[0] for report in reports]
        for submission_id, raw in zip(made, pieces.values(), strict=True):
            if reporter.person and (received.automatic or is_ours(headers_of(raw))):
                answers.tell_nobody(tx, tenant.id, submission_id, reporter.person.id, now)
        about = {"submissions": made, "kind": reporter.kind, "identity": reporter.identity, "problem": wrong or ""}
        who = Actor("person", reporter.person.id) if reporter.person else SYSTEM
        audit.record(tx, tenant.id, who, "mail received", f"mail:{mail_id}", about, now)
    for submission_id in made:
        services.wake.submission(submission_id)
    if tells and reporter.person:
        told(services, tenant.id, mail_id, reporter.person, wrong or Problem.NO_MAIL)
    log.info("mail taken in", mail=mail_id, tenant=tenant.id, submissions=len(made), problem=wrong)


def _reporter(tx: Connection, tenant: Tenant, route: MailRoute, sender: Sender, now: datetime) -> Reporter:
    """The team's address makes nobody the team: its sender must be on the tenant's list, and proven."""
    if not sender.proven:
        return Reporter(Kind.USER, None)
    known = people.by_address(tx, tenant.id, tenant.provider, sender.address)
    if route.kind is not Kind.TEAM:
        return Reporter(Kind.USER, known)
    if sender.address not in tenant.policy.intake.team_senders:
        return Reporter(Kind.USER, None)
    return Reporter(
        Kind.TEAM, known or people.add_person(tx, tenant.id, PROVIDER, sender.address, sender.address, "", now)
    )


def _report(tenant: Tenant, route: MailRoute, reporter: Reporter, name: str, raw: bytes, received: Received) -> Report:
    """A known person's own mailbox is asked for the message; what a stranger brings is all there is."""
    assert route.disposition is not None
    person = reporter.person
    asks = reporter.kind is Kind.USER and person is not None
    return Report(
        tenant.id,
        person.id if person else None,
        person.address if person else "",
        internet_message_id=message_id(headers_of(raw), Defects()) if asks else "",
        comment=received.contents.comment,
        submitted_as=submitted_as(route.disposition),
        kind=reporter.kind,
        identity=reporter.identity,
        client_copy_sha256=name,
        said=route.disposition,
    )
