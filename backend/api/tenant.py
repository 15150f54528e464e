"""Tenant: what may a program with a service token read of the whole organisation? No names, no word of mail."""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from backend.api.bodies import (
    HIGHEST_ID,
    DaysQuery,
    FormQuery,
    PageQuery,
    TenantNumbers,
    TenantSubmission,
    TenantSubmissionPage,
    plain,
)
from backend.api.identity import Identifier
from backend.api.limits import identified
from backend.api.reading import read_query
from backend.domain.people import Actor, Scope
from backend.domain.submission import Submission
from backend.errors import NotAllowed
from backend.flow import share
from backend.flow.tell import is_retracted
from backend.services import Services
from backend.store import audit, decisions, numbers, retractions, submissions, verdicts
from backend.store.service_tokens import ServiceToken

CAMPAIGN = f"/api/v1/tenant/campaigns/<int(min=1, max={HIGHEST_ID}):campaign_id>"
Route = tuple[str, str, Callable[..., Any], Scope]


def routes(services: Services, identifier: Identifier) -> Iterator[Route]:
    """(path, name, view, the scope it needs)."""

    def listed() -> ResponseReturnValue:
        """Everybody's reports, newest first."""
        who, query = identified(identifier), read_query(request, PageQuery)
        with services.database.read() as tx:
            found = submissions.of_tenant(tx, who.tenant_id, query.limit + 1, query.before)
            page = [_seen(tx, one) for one in found[: query.limit]]
        more = len(found) > query.limit
        return plain(TenantSubmissionPage(submissions=page, before=page[-1].id if more else None))

    def counted() -> ResponseReturnValue:
        """The numbers of the last days."""
        who, query = identified(identifier), read_query(request, DaysQuery)
        with services.database.read() as tx:
            found = numbers.last_days(tx, who.tenant_id, services.now(), query.days)
        told = {name: getattr(found, name) for name in TenantNumbers.model_fields}
        return plain(TenantNumbers(**told))

    def shared(campaign_id: int) -> ResponseReturnValue:
        """A campaign's indicators, as they are handed on."""
        who, query = identified(identifier), read_query(request, FormQuery)
        assert who.token is not None  # asked before
        return share.indicators(services, who.tenant_id, campaign_id, query.format, Actor("token", who.token.id))

    yield f"{CAMPAIGN}/indicators", "tenant_indicators", shared, Scope.EXPORT_INDICATORS
    yield "/api/v1/tenant/submissions", "tenant_submissions", listed, Scope.READ_SUBMISSIONS
    yield "/api/v1/tenant/numbers", "tenant_numbers", counted, Scope.READ_METRICS


def refuse_scope(services: Services, token: ServiceToken, scope: Scope) -> NoReturn:
    """A program asks for what it was not given: its owner should know. Raises NotAllowed."""
    who = Actor("token", token.id)
    with services.database.begin() as tx:
        audit.record(tx, token.tenant_id, who, "scope refused", str(who), {"scope": scope}, services.now())
    raise NotAllowed(f"This token lacks the scope {scope}. An owner can make one that has it.")


def _seen(tx: Connection, one: Submission) -> TenantSubmission:
    decision = decisions.standing(tx, one.tenant_id, one.message_id) if one.message_id else None
    kept = verdicts.latest(tx, one.tenant_id, one.message_id) if one.message_id else None
    newest = retractions.of_message(tx, one.tenant_id, one.message_id, limit=1) if one.message_id else []
    return TenantSubmission(
        id=one.id,
        state=one.state,
        kind=one.kind,
        identity=one.identity,
        submitted_as=one.submitted_as,
        received_at=one.received_at,
        message=one.message_id,
        disposition=decision.disposition if decision else None,
        reasons=[reason.code for reason in kept.verdict.reasons] if kept else [],
        retracted=is_retracted(newest),
    )
