"""Learn: what follows at once from a label, and from its end?

A label makes similar mail malicious (`lesson.py`); what was decided before is decided anew here, what comes later when
it comes. The row says whether this was done, so that nothing is lost when a worker dies: sweep finds it.
"""

from collections.abc import Iterator, Mapping, Sequence

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Decision, Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.label import Label, Source, strongest
from backend.domain.later_look import LookSource
from backend.domain.people import POLICY, Actor, Operator
from backend.errors import BadInput, Conflict, Unknown
from backend.flow.decide import decide_message
from backend.flow.feedback import must_judge
from backend.flow.lesson import lesson_for, reached_by
from backend.flow.overruled import LABEL_REVOKED
from backend.flow.plan_looks import plan_looks
from backend.flow.respond import bring_back
from backend.flow.score import rescore
from backend.flow.upload import names_in_labels
from backend.services import Services
from backend.store import (
    audit,
    decisions,
    labels,
    lessons,
    messages,
    psr_log,
    submissions,
    tenants,
    verdicts,
)
from backend.store.tenants import Tenant

_TOGETHER = 20  # messages of one write transaction: reports that come in meanwhile wait no longer than that
_MOST_RESCORED = 500
_MOST_LOOKED_FOR = 200
LONGEST_WHY = 500

log = structlog.get_logger()


def follow(services: Services, label_id: int) -> None:
    """Decide anew what a label reaches: after it was given, after it was revoked, after its campaign changed.

    Safe to run twice, or by two workers at once.
    """
    with services.database.read() as tx:
        tenant_id = labels.tenant_of(tx, label_id)
        label = labels.get(tx, tenant_id, label_id) if tenant_id is not None else None
        if tenant_id is None or label is None:
            return
        reached = verdicts.by_base_margin(tx, tenant_id, reached_by(tx, tenant_id, label))

    changed = sum(_decide_anew(services, tenant_id, part) for part in _parts([label.message_id, *reached]))
    if label.revoked_by:
        changed += _rescore_its_reporters(services, label)
    with services.database.begin() as tx:
        if label.stands:
            _look_for_copies(tx, services, label)
        labels.followed(tx, tenant_id, label_id, services.now())
    log.info("followed a label", label=label_id, message=label.message_id, reached=len(reached), changed=changed)


def revoke(services: Services, operator: Operator, label_id: int, why: str) -> None:
    """Take a label back, whoever gave it: it counts no longer, nor does what rested on it.

    The message is what other people hold it to be, or what policy says. What was taken away because of the label comes
    back, unless the message is malicious without it. Raises NotAllowed, BadInput, Unknown, Conflict.
    """
    must_judge(operator)
    why = why.strip()[:LONGEST_WHY]
    if not why:
        raise BadInput("Say why the label is wrong: the next person will want to know.")
    actor, now = Actor("operator", operator.id), services.now()
    with services.database.begin() as tx:
        label = labels.get(tx, operator.tenant_id, label_id)
        if label is None:
            raise Unknown("There is no such label.")
        messages.hold(tx, operator.tenant_id, label.message_id)
        if not labels.revoke(tx, operator.tenant_id, label_id, now, str(actor), why):
            raise Conflict("This label does not stand any more.")
        _rule_without(tx, services, label)
        detail = {"label": label_id, "disposition": label.disposition, "given_by": label.given_by}
        audit.record(tx, operator.tenant_id, actor, "label revoked", f"message:{label.message_id}", detail, now)
        taken = bring_back(tx, services, label.tenant_id, label.message_id, actor)
    _wake(services, [taken])
    services.wake.label(label_id)


def revoke_all_of(services: Services, operator: Operator, given_by: str, why: str) -> int:
    """Take back every label that stands of one person, by judging or by uploading. Returns how many.

    Raises what `revoke` does.
    """
    with services.database.read() as tx:
        names = names_in_labels(tx, operator.tenant_id, given_by)
    return sum(_revoke_all_named(services, operator, name, why) for name in names)


def _revoke_all_named(services: Services, operator: Operator, name: str, why: str) -> int:
    count, before = 0, None
    while True:
        with services.database.read() as tx:
            some = labels.newest(tx, operator.tenant_id, 200, before, name)
        if not some:
            return count
        for label in some:
            if label.stands:
                revoke(services, operator, label.id, why)
                count += 1
        before = some[-1].id


def revoke_all_like(services: Services, operator: Operator, label_id: int, why: str) -> int:
    """Take back every label of whoever gave this one. Raises what `revoke` does."""
    with services.database.read() as tx:
        label = labels.get(tx, operator.tenant_id, label_id)
    if label is None:
        raise Unknown("There is no such label.")
    return revoke_all_of(services, operator, label.given_by, why)


def _rule_without(tx: Connection, services: Services, label: Label) -> None:
    """What the message is held to be now: by the next label of an operator, else by policy."""
    standing = decisions.standing(tx, label.tenant_id, label.message_id)
    left = strongest(labels.of_messages(tx, label.tenant_id, [label.message_id]).get(label.message_id, []))
    psr_log.judge_again(tx, label.tenant_id, label.message_id, left.disposition if left else None, services.now())
    if standing is None or not _was_their_word(standing, label):
        return
    if left and left.source in {Source.OPERATOR, Source.CONTEST}:
        why = (LABEL_REVOKED, f"label-{left.id}")
        action = tenants.get(tx, label.tenant_id).policy.action_for(left.disposition)
        ruling = Ruling(left.disposition, False, Response.NOTHING, action, why)
        who = Actor.read(left.given_by)
        decisions.append(tx, label.tenant_id, label.message_id, ruling, who, services.now(), standing.verdict_id)
    elif verdicts.latest(tx, label.tenant_id, label.message_id):
        decide_message(tx, services, tenants.get(tx, label.tenant_id), label.message_id, over_people=True)


def _look_for_copies(tx: Connection, services: Services, label: Label) -> None:
    """Copies of what is malicious now may be delivered yet: of the judged message, and of those it has converted."""
    source = LookSource.TEAM if label.source is Source.TEAM else LookSource.OPERATOR
    converted = lessons.resting_on(tx, label.tenant_id, label.id, _MOST_LOOKED_FOR)
    plan_looks(tx, services, tenants.get(tx, label.tenant_id), label.message_id, source, converted)


def _was_their_word(standing: Decision, label: Label) -> bool:
    return standing.decided_by == label.given_by and standing.disposition == label.disposition


def _parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    yield from (numbers[at : at + _TOGETHER] for at in range(0, len(numbers), _TOGETHER))


def _decide_anew(services: Services, tenant_id: int, message_ids: Sequence[int]) -> int:
    """Policy decides those again, in this order, for which another lesson holds. Returns how many came out otherwise.

    What is still on its way decides by itself, and sees the label then; what was forgotten stays as it was decided.
    """
    changed, taken = 0, list[int | None]()
    with services.database.begin() as tx:
        tenant = tenants.get(tx, tenant_id)
        messages.hold_all(tx, tenant_id, message_ids)
        before = decisions.dispositions_of(tx, tenant_id, message_ids)
        gone = messages.forgotten(tx, tenant_id, message_ids)
        for message_id in message_ids:
            if message_id in before and message_id not in gone and _taught_otherwise(tx, tenant, message_id, before):
                now = decide_message(tx, services, tenant, message_id)
                changed += now != before[message_id]
                taken.append(bring_back(tx, services, tenant_id, message_id, POLICY))
    _wake(services, taken)
    return changed


def _wake(services: Services, taken: Sequence[int | None]) -> None:
    """What Post Delivery Response took away because of a lesson that holds no more, or PSR because of a record."""
    for retraction_id in taken:
        if retraction_id is not None:
            services.wake.retraction(retraction_id)


def _taught_otherwise(tx: Connection, tenant: Tenant, message_id: int, before: Mapping[int, Disposition]) -> bool:
    kept = lessons.of_message(tx, tenant.id, message_id)
    verdict = verdicts.latest(tx, tenant.id, message_id)
    found = lesson_for(tx, tenant, message_id, verdict.verdict.base_margin) if verdict else None
    if kept is None:  # what is malicious anyway needs no lesson
        return found is not None and before[message_id] is not Disposition.MALICIOUS
    return found is None or (found.label_id, found.how) != (kept.lesson.label_id, kept.lesson.how)


def _rescore_its_reporters(services: Services, label: Label) -> int:
    """Whoever reported the message had a record with this label in it: what they reported since is scored without."""
    with services.database.read() as tx:
        since = submissions.reported_since(tx, label.tenant_id, label.message_id, label.given_at, _MOST_RESCORED)
    changed = 0
    for message_id in since:
        if rescore(services, label.tenant_id, message_id):
            with services.database.begin() as tx:
                messages.hold(tx, label.tenant_id, message_id)
                decide_message(tx, services, tenants.get(tx, label.tenant_id), message_id)
                taken = bring_back(tx, services, label.tenant_id, message_id, POLICY)
            _wake(services, [taken])
            changed += 1
    return changed
