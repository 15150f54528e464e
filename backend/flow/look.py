"""Look: does a message lie in our mailboxes that nobody reported, and what becomes of it when an operator does?

The provider is asked by Message-ID, or by sender, words of the subject and the time in which it came. What it names is
read and compared by its own content.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import islice

import structlog

from backend.domain.disposition import Disposition
from backend.domain.people import Actor, Operator
from backend.domain.submission import Kind, Report, SubmittedAs
from backend.errors import BadInput, Conflict
from backend.flow.feedback import FALSE_NEGATIVE, must_judge, report_false_negative
from backend.flow.fetch import fetch
from backend.flow.intake import intake
from backend.flow.parse import parse
from backend.services import Services
from backend.store import audit, messages, submissions, tenants
from backend.store.tenants import Tenant
from connectors.contract import Copy, Mailboxes, Searched, Wanted
from connectors.errors import ConnectorError, NotFound, Refused
from connectors.likeness import Like, fits, words
from model.message.fingerprint import fingerprint
from model.message.parse import parse_message

MOST_MAILBOXES = 5_000
MOST_FOUND = 50
USUAL_TIME, LONGEST_TIME = timedelta(days=7), timedelta(days=90)  # in which a mail may have come
LONGEST = timedelta(seconds=20)  # that somebody waits for an answer; the rest is said to be missing
_WAITS, _WAIT = 50, 0.1  # for a worker that holds the new submission at the same moment
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_AS_SPAM = (Disposition.SPAM, Disposition.BULK)

log = structlog.get_logger()


@dataclass(frozen=True)
class Sought:
    """What to look for: a Message-ID, or a sender, words of the subject, or both.

    Without a Message-ID only what came from `since` until `until` counts, by itself the last seven days.
    """

    message_id: str = ""
    sender: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    mailbox: str = ""

    @property
    def by(self) -> list[str]:
        """Which of these were given: all that the audit log keeps of it."""
        return [one.name for one in fields(self) if getattr(self, one.name)]


@dataclass(frozen=True)
class Sight:
    """One copy that lies there, as its own headers say. `known` is the message if it was reported already.

    `place` is the folder as its owner calls it.
    """

    mailbox: str
    copy_id: str
    place: str
    sender: str
    subject: str
    sent_at: datetime | None
    known: int | None


@dataclass(frozen=True)
class Looked:
    """What looking gave. `whole` unless a limit ended it, or mailboxes could not be opened."""

    found: tuple[Sight, ...]
    mailboxes: int
    unreachable: int
    whole: bool


def look(services: Services, operator: Operator, sought: Sought) -> Looked:
    """Look into the mailboxes; that it was done is written down. Raises NotAllowed, BadInput, Conflict."""
    must_judge(operator)
    like = None if sought.message_id else _like(sought, services.now())
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)

    try:
        looked = _Work(services, tenant, sought, like).run()
    except ConnectorError as error:
        raise Conflict("The mailboxes could not be looked into: %(why)s", why=error) from error
    with services.database.begin() as tx:
        detail = {"by": sought.by, "mailboxes": looked.mailboxes, "found": len(looked.found)}
        actor = Actor("operator", operator.id)
        audit.record(tx, tenant.id, actor, "looked in mailboxes", "mailboxes", detail, services.now())
    return looked


def _like(sought: Sought, now: datetime) -> Like:
    """What the connectors are asked for. Raises BadInput for what would find everything, or nothing."""
    if not sought.sender and not words(sought.subject):
        raise BadInput("Give a Message-ID, or a sender, or words of the subject.")
    if sought.sender and not _ADDRESS.fullmatch(sought.sender):
        raise BadInput("Give the whole address of the sender, such as name@example.org.")
    until = sought.until or now
    since = sought.since or until - USUAL_TIME
    if since >= until:
        raise BadInput("The time ends before it begins.")
    if until - since > LONGEST_TIME:
        raise BadInput("Look at %(days)s days at a time at most.", days=LONGEST_TIME.days)
    return Like(sought.sender, sought.subject, since, until, MOST_FOUND)


class _Work:
    """One look; it ends."""

    def __init__(self, services: Services, tenant: Tenant, sought: Sought, like: Like | None) -> None:
        self.services, self.tenant, self.sought, self.like = services, tenant, sought, like
        self.mailboxes: Mailboxes = services.mailboxes(tenant.id)
        self.until = services.now() + LONGEST
        self.looked_into = self.unreachable = 0
        self.cut = False

    def run(self) -> Looked:
        copies = list(islice(self.copies(), MOST_FOUND + 1))
        self.cut = self.cut or len(copies) > MOST_FOUND
        found = tuple(self.sights(copies[:MOST_FOUND]))
        whole = not (self.cut or self.unreachable)
        return Looked(found, self.looked_into, self.unreachable, whole)

    def copies(self) -> Iterator[Copy]:
        for searched in islice(self.searched(), MOST_MAILBOXES):
            self.looked_into += 1
            self.unreachable += searched.error is not None
            self.cut = self.cut or searched.cut
            yield from searched.copies
            if self.services.now() > self.until:
                self.cut = True
                return

    def searched(self) -> Iterator[Searched]:
        box = self.sought.mailbox
        if self.like is not None:
            return iter([self.mailboxes.look(box, self.like)]) if box else self.mailboxes.look_everywhere(self.like)
        wanted = Wanted(self.sought.message_id, self.sought.sender, None)
        return iter([Searched(box, tuple(self.mailboxes.find(box, wanted)))]) if box else self.mailboxes.search(wanted)

    def sights(self, copies: list[Copy]) -> Iterator[Sight]:
        for copy, raw in self.mailboxes.fetch_many(copies):
            if not isinstance(raw, bytes):
                self.unreachable += not isinstance(raw, NotFound)
                continue
            facts = parse_message(raw, self.tenant.policy.senders.authserv_ids)
            if not fits(self.sought.sender, self.sought.subject, facts.from_address, facts.subject):
                continue
            with self.services.database.read() as tx:
                known = messages.called(tx, self.tenant.id, fingerprint(facts))
            sent_at = datetime.fromisoformat(facts.date).replace(tzinfo=None) if facts.date else None
            yield Sight(copy.mailbox, copy.id, copy.place, facts.from_address, facts.subject, sent_at, known)


def report_missed(services: Services, operator: Operator, mailbox: str, copy_id: str, disposition: Disposition) -> int:
    """Report a message that nobody did, as the team's submission and a false negative. Returns the message's id.

    The bytes are read from the mailbox here and now. Raises NotAllowed, BadInput, Conflict.
    """
    must_judge(operator)
    if disposition not in FALSE_NEGATIVE:
        raise BadInput("A missed message is something: choose Bulk, Malicious, Spam, Suspicious or Spoof.")
    try:
        raw = services.mailboxes(operator.tenant_id).fetch(mailbox, copy_id)
    except Refused as error:
        raise Conflict("The message is not there any more: %(why)s", why=error) from error
    except ConnectorError as error:
        raise Conflict("The mailbox could not be read: %(why)s", why=error) from error

    said = SubmittedAs.SPAM if disposition in _AS_SPAM else SubmittedAs.PHISH
    report = Report(operator.tenant_id, None, mailbox, copy_id, submitted_as=said, kind=Kind.TEAM)
    submission_id = intake(services, report, fetched=raw).submission_id
    with services.database.begin() as tx:
        what, detail = f"submission:{submission_id}", {"disposition": disposition}
        actor = Actor("operator", operator.id)
        audit.record(tx, operator.tenant_id, actor, "missed message reported", what, detail, services.now())

    message_id = _message_of(services, operator.tenant_id, submission_id)
    report_false_negative(services, operator, message_id, disposition)
    log.info("missed message reported", submission=submission_id, message=message_id)
    return message_id


def _message_of(services: Services, tenant_id: int, submission_id: int) -> int:
    """The message of a fresh submission: read at once, since the judgement belongs to the message."""
    for _ in range(_WAITS):
        fetch(services, submission_id)
        parse(services, submission_id)
        with services.database.read() as tx:
            submission = submissions.get(tx, tenant_id, submission_id)
        if submission and submission.message_id:
            return submission.message_id
        if submission and submission.cause:
            break
        time.sleep(_WAIT)
    raise Conflict("The report is kept, but could not be read yet; judge the message once it is in the queue.")
