"""Submissions: how does a person report a message, and see what became of their reports?"""

from hashlib import sha256

import structlog
from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from backend.api.bodies import (
    PageQuery,
    Receipt,
    ReportBody,
    SubmissionPage,
    SubmissionSummary,
    SubmissionView,
    plain,
)
from backend.api.identity import Identified, Identifier
from backend.api.limits import identified
from backend.api.reading import read_idempotency_key, read_query, read_report
from backend.api.words import as_answered
from backend.domain.received_mail import submitted_as
from backend.domain.submission import Identity, Kind, Report, State, Submission
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow.intake import intake
from backend.flow.own_reports import own_report, withdraw_until
from backend.policy.replies import LANGUAGES
from backend.services import Services
from backend.store import decisions, people, submissions

log = structlog.get_logger()

# Whose shared or delegated mailbox somebody may open is known to Exchange, but neither Graph nor Maildirs tell it.
NOT_YOURS = (
    "You can report from your own mailbox only; leave `mailbox` out. That you may open another one, shared or "
    "delegated, cannot be proven here: hand its message to your security team."
)


class OwnSubmissions(MethodView):
    """The reports of whoever asks: add one, list them."""

    init_every_request = False

    def __init__(self, services: Services, identifier: Identifier) -> None:
        self._services = services
        self._identifier = identifier

    def post(self) -> ResponseReturnValue:
        """Keep a report. 202 says that it survives a crash; 200 that this key brought it before."""
        who = identified(self._identifier)
        key = read_idempotency_key(request)
        body = read_report(request, ReportBody, self._services.settings.max_message_bytes)
        report = report_of(who, body, key)

        accepted = intake(self._services, report, body.raw)

        with self._services.database.read() as tx:
            kept = submissions.get_own(tx, who.tenant_id, who.person.id, accepted.submission_id)
        if kept is None:
            raise Unknown("This report has been erased in the meantime.")
        remember_language(self._services, who)
        if accepted.duplicate and not says_the_same(kept, report, body.raw):
            raise Conflict("This Idempotency-Key already belongs to another report of yours. Choose a new one.")
        log.info("accepted report", submission=kept.id, tenant=who.tenant_id, duplicate=accepted.duplicate)
        where = url_for("api.submission", submission_id=kept.id)
        receipt = Receipt(id=kept.id, state=kept.state, url=where)
        return plain(receipt), 200 if accepted.duplicate else 202, {"Location": where}

    def get(self) -> ResponseReturnValue:
        """One page of one's own reports, newest first."""
        who = identified(self._identifier)
        query = read_query(request, PageQuery)

        with self._services.database.read() as tx:
            mine = submissions.own(tx, who.tenant_id, who.person.id, query.limit + 1, query.before)
            known = [one.message_id for one in mine if one.message_id is not None]
            held = decisions.dispositions_of(tx, who.tenant_id, known) if known else {}

        page = mine[: query.limit]
        summaries = [
            SubmissionSummary(
                id=one.id,
                state=one.state,
                submitted_as=one.submitted_as,
                received_at=one.received_at,
                disposition=held.get(one.message_id or 0),
                withdraw_until=withdraw_until(self._services, one),
            )
            for one in page
        ]
        more = len(mine) > query.limit
        return plain(SubmissionPage(submissions=summaries, before=page[-1].id if more else None))


class OwnSubmission(MethodView):
    """One report of whoever asks."""

    init_every_request = False

    def __init__(self, services: Services, identifier: Identifier) -> None:
        self._services = services
        self._identifier = identifier

    def get(self, submission_id: int) -> ResponseReturnValue:
        """How far it has come and what was decided. Another person's report is as unknown as none at all."""
        who = identified(self._identifier)

        return plain(view_of(self._services, who, submission_id))


def remember_language(services: Services, who: Identified) -> None:
    """What a person is told is told in the language of the button that they reported with."""
    language = request.accept_languages.best_match(LANGUAGES)
    if who.token is None and language and language != who.person.language:
        with services.database.begin() as tx:
            people.speaks(tx, who.tenant_id, who.person.id, language)


def view_of(services: Services, who: Identified, submission_id: int) -> SubmissionView:
    """One of their own reports, as it stands now. Raises Unknown."""
    with services.database.read() as tx:
        found = own_report(tx, services, who.person, submission_id)
    if found is None:
        raise Unknown("You have no report with this id.")
    mine = found.submission
    return SubmissionView(
        id=mine.id,
        state=mine.state,
        submitted_as=mine.submitted_as,
        kind=mine.kind,
        received_at=mine.received_at,
        verdict=as_answered(found.told) if found.told else None,
        cause=mine.cause if mine.state is State.FAILED else "",
        withdraw_until=found.withdraw_until,
        contest=found.contest.state if found.contest else None,
    )


def report_of(who: Identified, body: ReportBody, idempotency_key: str) -> Report:
    """The report as intake keeps it: who, whose mailbox and what kind is proven, never read from the body."""
    if body.mailbox and body.mailbox.casefold() != who.person.address.casefold():
        raise NotAllowed(NOT_YOURS)
    if who.kind is Kind.TEAM and not body.raw:
        raise BadInput("raw: a security team's report brings the message itself.")
    if body.disposition and who.kind is not Kind.TEAM:
        raise NotAllowed("disposition: only a security team says what a message is; use submitted_as.")
    return Report(
        tenant_id=who.tenant_id,
        person_id=who.person.id,
        mailbox=who.person.address or who.person.subject,
        provider_message_id=body.provider_message_id,
        internet_message_id=body.internet_message_id,
        comment=body.comment,
        submitted_as=submitted_as(body.disposition) if body.disposition else body.submitted_as,
        said=body.disposition or "",
        kind=who.kind,
        identity=Identity.VERIFIED if who.verified else Identity.UNVERIFIED,
        idempotency_key=idempotency_key,
    )


def says_the_same(kept: Submission, report: Report, raw: bytes | None) -> bool:
    """Whether a report that came again under its key is the one that was kept."""
    copy = sha256(raw).hexdigest() if raw else ""
    return (
        kept.client_copy_sha256,
        kept.provider_message_id,
        kept.internet_message_id,
        kept.submitted_as,
        kept.said,
        kept.comment,
    ) == (
        copy,
        report.provider_message_id,
        report.internet_message_id,
        report.submitted_as,
        report.said,
        report.comment,
    )
