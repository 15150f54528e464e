"""Parse: what does the reported mail say about itself, and have we met it before?"""

from collections.abc import Mapping
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from backend.domain.submission import EvidenceSource, State, Submission
from backend.flow import answer
from backend.flow.claim import claimed
from backend.flow.context import list_context
from backend.flow.lesson import labels_of_campaigns
from backend.services import Services
from backend.store import campaigns, messages, search, submissions, tenants, traits
from backend.store.tenants import Tenant
from model.message.facts import Facts
from model.message.fingerprint import fingerprint
from model.message.parse import parse_message
from model.modules.campaigns import bands, minhash, similarity
from model.modules.simulations import recognised
from model.modules.traits import traits as traits_of

log = structlog.get_logger()


def parse(services: Services, submission_id: int) -> None:
    """Turn the kept bytes into facts. Safe to run twice, or by two workers at once."""
    with claimed(services, submission_id, State.FETCHED) as submission:
        if submission is None:
            return

        with services.database.read() as tx:
            tenant = tenants.get(tx, submission.tenant_id)
        raw = services.evidence.read(submission.tenant_id, submission.evidence_sha256)
        facts = parse_message(raw, _believed(submission, tenant))
        mark = fingerprint(facts)
        hashes, own = minhash(facts), traits_of(facts)

        with services.database.begin() as tx:
            message_id, new = messages.keep(tx, tenant.id, mark, facts, *_evidence(submission), services.now())
            real = recognised(facts, list_context(tx, tenant, services.now())) is None  # an exercise resembles nothing
            near = near_duplicates(tx, tenant, message_id, hashes) if real else {}
            messages.hold_all(tx, tenant.id, [message_id, *near])
            _index(tx, submission, message_id, facts, new=new)
            traits.keep(tx, tenant.id, message_id, own if real else ())
            together = join_campaign(tx, services, tenant, message_id, near)
            woken = labels_of_campaigns(tx, tenant.id, together)
            before = submissions.reported_before(tx, submission, message_id)
            found = {"message_id": message_id, "reported_before": before}
            if not submissions.advance(tx, submission, State.PARSED, services.now(), **found):
                tx.rollback()
                return
            receipt = answer.intend_receipt(tx, services, replace(submission, reported_before=before))
        if receipt is not None:
            answer.wake(services, tenant.id, [receipt])
        for label_id in woken:
            services.wake.label(label_id)
        log.info("parsed", submission=submission.id, message=message_id, defects=len(facts.defects))


def _believed(submission: Submission, tenant: Tenant) -> tuple[str, ...]:
    """Whose Authentication-Results count: nobody's in a copy that came from the reporter's client."""
    if submission.evidence_source == EvidenceSource.CLIENT:
        return ()
    return tenant.policy.senders.authserv_ids


def _evidence(submission: Submission) -> tuple[str, str]:
    return submission.evidence_sha256, submission.evidence_source


def _index(tx: Connection, submission: Submission, message_id: int, facts: Facts, *, new: bool) -> None:
    """Make the message findable; a known one takes better evidence, if this is. The caller holds the message."""
    tenant_id = submission.tenant_id
    known = None if new else messages.get(tx, tenant_id, message_id)
    if known:
        better = submissions.is_authoritative(submission) and known.evidence_source == EvidenceSource.CLIENT
        if better or not known.evidence_sha256:  # a client's copy, or expired
            messages.replace_evidence(tx, tenant_id, message_id, facts, *_evidence(submission))
    search.index_facts(tx, tenant_id, message_id, facts)


def near_duplicates(tx: Connection, tenant: Tenant, message_id: int, hashes: bytes) -> dict[int, float]:
    """Keep the message's signature, and name the tenant's messages that are alike enough to be one campaign."""
    cut = bands(hashes) if hashes else []
    campaigns.keep_signature(tx, tenant.id, message_id, hashes, cut)
    near = campaigns.candidates(tx, tenant.id, message_id, cut)
    alike = {other: similarity(hashes, theirs) for other, theirs in near.items()}
    return {other: likeness for other, likeness in alike.items() if likeness >= tenant.policy.campaigns.similarity}


def join_campaign(
    tx: Connection, services: Services, tenant: Tenant, message_id: int, near: Mapping[int, float]
) -> list[int]:
    """Put a new message with those that are alike; campaigns that it shows to be one become one.

    Those that an operator has settled stay as they are: then it joins the campaign of the message most like it.
    Returns the campaigns in which others than the new message found themselves: what labels reach has changed there.
    """
    known = campaigns.of_messages(tx, tenant.id, [message_id, *near])
    if not near or message_id in known:
        return []
    settled = campaigns.settled(tx, tenant.id, sorted(set(known.values())))
    alone = [message_id, *(other for other in near if other not in known)]
    if not known:
        started = campaigns.start(tx, tenant.id, services.now())
        messages.put_in_campaign(tx, tenant.id, alone, started)
        return [started]
    most_alike = max(known, key=lambda other: (near[other], other))
    target = known[most_alike] if settled else min(known.values())
    others = sorted(set(known.values()) - {target}) if not settled else []
    if others:
        campaigns.move_members(tx, tenant.id, others, target)
    messages.put_in_campaign(tx, tenant.id, alone, target)
    return [target, *others] if others or len(alone) > 1 else []
