"""Score: what does the network say of the message, with everyone who reported it?"""

from dataclasses import replace

import structlog
from sqlalchemy import Connection

from backend.domain.submission import Identity, Kind, State, Submission, SubmittedAs
from backend.errors import Conflict, Unknown
from backend.flow.claim import claimed
from backend.flow.context import module_context
from backend.flow.crawl import crawl
from backend.flow.exercise import exercise_of
from backend.policy.settings import ReporterPolicy
from backend.services import Services
from backend.store import labels, messages, submissions, tenants, verdicts
from backend.store.messages import Message
from backend.store.tenants import Tenant
from backend.store.verdicts import ReporterShare
from connectors.errors import TryLater
from model.contract import Verdict
from model.modules import opinions
from model.reporter import Past, Reporter, ReporterPrior, record, reporter_value, total_value, weights

_ROUNDS = 5

log = structlog.get_logger()


def score(services: Services, submission_id: int) -> None:
    """Append a verdict for the message with all its reports. Safe to run twice, or by two workers at once."""
    with claimed(services, submission_id, State.PARSED) as submission:
        if submission is None:
            return

        message_id = submission.message_id
        if message_id is None:
            raise Conflict("The submission was parsed, yet has no message.")
        if _passes_unscored(services, submission, message_id):
            return
        for _ in range(_ROUNDS):
            if _scored_with_all_reports(services, submission, message_id):
                return
        raise TryLater("Others keep reporting this message; scoring goes on in a moment.")


def _passes_unscored(services: Services, submission: Submission, message_id: int) -> bool:
    """An exercise of the tenant's own is nobody's attack: the network is not asked, and no link is followed."""
    with services.database.begin() as tx:
        tenant = tenants.get(tx, submission.tenant_id)
        if not exercise_of(tx, services, tenant, message_id):
            return False
        submissions.advance(tx, submission, State.SCORED, services.now())
    log.info("not scored", submission=submission.id, message=message_id, why="simulation")
    return True


def _scored_with_all_reports(services: Services, submission: Submission, message_id: int) -> bool:
    """One round; False when another report arrived while the network was thinking: then think again."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, submission.tenant_id)
        message = messages.get(tx, tenant.id, message_id)
    if message is None:
        raise Unknown("The message is gone.")
    crawl(services, tenant, message)

    with services.database.read() as tx:
        shares = reporter_shares(tx, tenant, message_id)
        context = module_context(tx, tenant, message_id, services.now())

    verdict = replace(think(services, tenant, message, shares), opinions=opinions(message.facts, context))

    with services.database.begin() as tx:
        messages.hold(tx, tenant.id, message_id)
        if reporter_shares(tx, tenant, message_id) != shares:
            return False
        if submissions.advance(tx, submission, State.SCORED, services.now()):
            _append(tx, services, message, verdict, shares)
    log.info(
        "scored",
        submission=submission.id,
        message=message_id,
        margin=round(verdict.margin, 2),
        base_margin=round(verdict.base_margin, 2),
        checkpoint=verdict.checkpoint,
    )
    return True


def rescore(services: Services, tenant_id: int, message_id: int) -> bool:
    """Append a verdict where its reporters' records are no longer what the last one rested on. True when it did."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, tenant_id)
        message = messages.get(tx, tenant_id, message_id)
        shares = reporter_shares(tx, tenant, message_id)
        last = verdicts.latest(tx, tenant_id, message_id)
        context = module_context(tx, tenant, message_id, services.now())
    if message is None or message.erased_at or last is None or last.reporters == shares:
        return False

    verdict = replace(think(services, tenant, message, shares), opinions=opinions(message.facts, context))
    with services.database.begin() as tx:
        messages.hold(tx, tenant_id, message_id)
        if reporter_shares(tx, tenant, message_id) != shares:
            return False  # another report came in, and its own step scores the message
        _append(tx, services, message, verdict, shares)
    return True


def think(services: Services, tenant: Tenant, message: Message, shares: tuple[ReporterShare, ...]) -> Verdict:
    """Ask the network: the message's facts, and the reporters as one value."""
    prior = prior_of(tenant.policy.reporter)
    value = total_value([share.value for share in shares], [share.weight for share in shares], prior)
    return services.predictor_of(tenant.id).predict(message.facts, value, tenant.policy.thresholds.target)


def reporter_shares(tx: Connection, tenant: Tenant, message_id: int) -> tuple[ReporterShare, ...]:
    """Everyone whose report counts, once each, with their record as of the time of their first report.

    Reported as spam, unverified, or team: no share. What PSR itself concluded is never in a record.
    """
    prior = prior_of(tenant.policy.reporter)
    first: dict[int, Submission] = {}
    for one in submissions.of_message(tx, tenant.id, message_id):
        if one.person_id is not None and _counts(one):
            first.setdefault(one.person_id, one)
    pasts = {
        person_id: labels.past_of(tx, tenant.id, person_id, one.received_at, message_id)
        for person_id, one in first.items()
    }
    reporters = [_reporter(person_id, past, prior) for person_id, past in pasts.items()]
    return tuple(
        ReporterShare(
            one.person,
            sum(each.right for each in pasts[one.person]),
            len(pasts[one.person]),
            one.value,
            weight,
            *record(pasts[one.person], prior),
        )
        for one, weight in zip(reporters, weights(reporters, prior), strict=True)
    )


def _reporter(person_id: int, past: tuple[Past, ...], prior: ReporterPrior) -> Reporter:
    wrong = frozenset(each.message for each in past if not each.right)
    return Reporter(person_id, reporter_value(*record(past, prior), prior), wrong)


def prior_of(policy: ReporterPolicy) -> ReporterPrior:
    """The tenant's prior, as the model wants it."""
    return ReporterPrior(
        prior_right=policy.prior_right,
        prior_wrong=policy.prior_wrong,
        background=policy.background,
        cap=policy.cap,
        diminishing=policy.diminishing,
        half_life_days=policy.half_life_days,
        together=policy.together,
    )


def _counts(submission: Submission) -> bool:
    return (
        submission.kind is Kind.USER
        and submission.submitted_as is SubmittedAs.PHISH
        and submission.identity is Identity.VERIFIED
    )


def _append(
    tx: Connection, services: Services, message: Message, verdict: Verdict, shares: tuple[ReporterShare, ...]
) -> None:
    """Keep the verdict, unless the last one already says the same about the same reporters."""
    last = verdicts.latest(tx, message.tenant_id, message.id)
    if last and last.reporters == shares and last.verdict == verdict:
        return
    verdicts.append(tx, message.tenant_id, message.id, verdict, shares, services.now())
