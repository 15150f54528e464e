"""Fetch: what are the authoritative bytes of the reported message?"""

from itertools import islice

import structlog

from backend.domain.microsoft import OBJECT_ID, PROVIDER
from backend.domain.submission import EvidenceSource, Identity, Kind, State, Submission
from backend.flow.claim import claimed
from backend.services import Services
from backend.store import evidence, people, submissions
from connectors.contract import Wanted
from connectors.errors import NotFound, Refused, TryLater

log = structlog.get_logger()

MOST_SEARCHED = 1_000  # mailboxes for one stranger's report: whoever sends it may cost us no more


def fetch(services: Services, submission_id: int) -> None:
    """Bring the evidence. Safe to run twice, or by two workers at once."""
    with claimed(services, submission_id, State.RECEIVED) as submission:
        if submission is None:
            return

        raw, source = _authoritative(services, submission)
        sha256 = submission.evidence_sha256 or submission.client_copy_sha256
        if raw is not None:
            sha256 = services.evidence.keep(submission.tenant_id, raw)

        with services.database.begin() as tx:
            kept = {"evidence_sha256": sha256, "evidence_source": source}
            if submissions.advance(tx, submission, State.FETCHED, services.now(), **kept) and raw is not None:
                evidence.record(tx, submission.tenant_id, sha256, len(raw), services.now())
        log.info("fetched", submission=submission.id, source=source)


def _authoritative(services: Services, submission: Submission) -> tuple[bytes | None, EvidenceSource]:
    """The bytes from the person's own mailbox; (None, ...) when the client copy has to serve.

    A client's copy is a second, untrusted attachment: used only when fetching is impossible, never for PSR.
    """
    if submission.evidence_sha256:  # read from the mailbox while the person reported, when we were allowed to
        return None, EvidenceSource(submission.evidence_source)
    if submission.kind is Kind.TEAM:
        return None, EvidenceSource.TEAM
    named = submission.provider_message_id or submission.internet_message_id
    if submission.identity is Identity.UNVERIFIED and not submission.client_copy_sha256:
        return _from_any_mailbox(services, submission), EvidenceSource.FETCHED
    if submission.identity is Identity.UNVERIFIED or not named:
        return None, EvidenceSource.CLIENT
    try:
        return _from_mailbox(services, submission), EvidenceSource.FETCHED
    except Refused:
        if not submission.client_copy_sha256:
            raise
    except TryLater:
        last = submission.attempts >= services.settings.max_attempts
        if not (last and submission.client_copy_sha256):
            raise
    return None, EvidenceSource.CLIENT


def _from_mailbox(services: Services, submission: Submission) -> bytes:
    mailboxes, mailbox = services.mailboxes(submission.tenant_id), _own_mailbox(services, submission)
    if submission.provider_message_id:
        try:
            return mailboxes.fetch(mailbox, submission.provider_message_id)
        except NotFound:  # moved since it was reported: the id that Office gives does not survive that
            if not submission.internet_message_id:
                raise
    found = mailboxes.find(mailbox, Wanted(submission.internet_message_id, "", None))
    if not found:
        raise NotFound("No message with this Message-ID lies in the reporter's mailbox.")
    return mailboxes.fetch(mailbox, found[0].id)


def _own_mailbox(services: Services, submission: Submission) -> str:
    """At Microsoft by its object id: the address may have passed to somebody else since its owner first reported."""
    with services.database.read() as tx:
        number = submission.person_id
        person = people.get_person(tx, submission.tenant_id, number) if number is not None else None
    if person and person.provider == PROVIDER and OBJECT_ID.fullmatch(person.subject):
        return person.subject
    return submission.mailbox


def _from_any_mailbox(services: Services, submission: Submission) -> bytes:
    """What a stranger named by its Message-ID. It proves the message, never the person: the report stays unverified."""
    mailboxes = services.mailboxes(submission.tenant_id)
    wanted = Wanted(submission.internet_message_id, "", None)
    for looked in islice(mailboxes.search(wanted), MOST_SEARCHED):
        if looked.copies:
            return mailboxes.fetch(looked.copies[0].mailbox, looked.copies[0].id)
    raise NotFound(
        "Somebody who did not sign in named a message that they did not send along, and no mailbox that was looked "
        f"into (at most {MOST_SEARCHED:,}) holds it."
    )
