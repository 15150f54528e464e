"""Sweep: what was lost on the way, and what did an operator ask to try again?"""

from datetime import timedelta

import structlog

from backend.domain.people import Actor, Operator, Right
from backend.errors import Conflict, NotAllowed, Unknown
from backend.flow.claim import lease
from backend.flow.finish import finish_abandoned
from backend.services import Services
from backend.store import (
    answers,
    audit,
    candidates,
    embedded,
    labels,
    later_looks,
    outbox,
    own_rules,
    received_mails,
    retractions,
    sessions,
    submissions,
    tenants,
)
from backend.store.retention import expire_evidence
from connectors.errors import ConnectorError

log = structlog.get_logger()


def sweep(services: Services) -> int:
    """Wake everything that has work left and nobody's hands on it. Returns how many."""
    now = services.now()
    with services.database.read() as tx:
        left = submissions.lost(tx, now)
        moving = retractions.lost(tx, now)
        due = later_looks.due(tx, now)
        unlearned = labels.to_follow(tx)
        untested = own_rules.lost_tests(tx, now)
        untold = answers.due(tx, now)
    for submission_id in left:
        services.wake.submission(submission_id)
    for retraction_id in moving:
        services.wake.retraction(retraction_id)
    for look_id in due:
        services.wake.later_look(look_id)
    for _, label_id in unlearned:
        services.wake.label(label_id)
    for test_id in untested:
        services.wake.rule_test(test_id)
    for answer_id in untold:
        services.wake.answer(answer_id)
    with services.database.begin() as tx:
        unconfirmed = answers.give_up_on(tx, now - lease(services))
        unconfirmed += received_mails.give_up_telling(tx, now - lease(services))
        candidates.give_up_on(tx, now - timedelta(seconds=2 * services.settings.learn_seconds), now)
        unbegun = candidates.waiting(tx, now - lease(services))
    for candidate_id in unbegun:
        services.wake.candidate(candidate_id)
    finished = finish_abandoned(services)
    if left or moving or due or untold or unconfirmed or finished:
        counts = {"submissions": len(left), "retractions": len(moving), "looks": len(due), "answers": len(untold)}
        log.info("swept", **counts, unconfirmed=unconfirmed, finished=finished)
    return len(left) + len(moving) + len(due)


def recover(services: Services) -> int:
    """A worker starts: wake what is left to do, and what dead workers may still hold as soon as their lease ends."""
    now = services.now()
    with services.database.read() as tx:
        left = submissions.unfinished(tx)
        moving = retractions.unfinished(tx)
    for wake, rows in ((services.wake.submission, left), (services.wake.retraction, moving)):
        for number, free_from in rows:
            wake(number, after_seconds=max(0.0, (free_from - now).total_seconds()) if free_from else 0)
    services.wake.mail()
    return len(left) + len(moving)


def forget(services: Services) -> int:
    """Delete what is kept no longer: evidence, and retracted copies past their undo. Returns how many pieces went."""
    with services.database.read() as tx:
        everyone = tenants.all_ids(tx)
    gone = 0
    for tenant_id in everyone:
        gone += expire_evidence(services.database, services.evidence, tenant_id, services.now())
        gone += _purge(services, tenant_id)
        with services.database.begin() as tx:
            sessions.forget(tx, tenant_id, services.now())
            outbox.forget(tx, tenant_id, services.now())
    if services.database.dialect == "sqlite":
        embedded.optimise(services.database)
    return gone


def _purge(services: Services, tenant_id: int) -> int:
    """A provider that is away is asked again tomorrow."""
    gone = 0
    try:
        mailboxes = services.mailboxes(tenant_id)
        for mailbox in mailboxes.list_mailboxes():
            gone += mailboxes.purge(mailbox, services.now())
    except ConnectorError as error:
        log.warning("purge put off", tenant=tenant_id, error=type(error).__name__)
    return gone


def retry(services: Services, operator: Operator, submission_id: int) -> None:
    """An operator's retry button: go on from where it failed. Raises NotAllowed, Unknown, Conflict."""
    if not operator.may(Right.MAIL):
        raise NotAllowed("The role %(role)s does not handle mail; ask an analyst or an owner.", role=operator.role)
    with services.database.begin() as tx:
        if submissions.get(tx, operator.tenant_id, submission_id) is None:
            raise Unknown("There is no such submission.")
        if not submissions.retry(tx, operator.tenant_id, submission_id):
            raise Conflict("This submission has not failed.")
        actor = Actor("operator", operator.id)
        audit.record(tx, operator.tenant_id, actor, "retried", f"submission:{submission_id}", {}, services.now())
    services.wake.submission(submission_id)
