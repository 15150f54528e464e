"""Parse: what does the reported mail say about itself, and have we met it before?"""

import structlog
from sqlalchemy import Connection

from backend.domain.submission import EvidenceSource, State, Submission
from backend.flow.claim import claimed
from backend.flow.keywords import set_keywords
from backend.services import Services
from backend.store import campaigns, messages, search, submissions, tenants
from backend.store.tenants import Tenant
from model.message.facts import Facts
from model.message.fingerprint import fingerprint
from model.message.parse import parse_message
from model.modules.campaigns import bands, minhash, similarity

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
        hashes = minhash(facts)

        with services.database.begin() as tx:
            message_id = _keep(tx, services, submission, facts, mark)
            set_keywords(tx, tenant.id, message_id)
            group(tx, tenant, message_id, hashes, services)
            before = submissions.reported_before(tx, submission, message_id)
            found = {"message_id": message_id, "reported_before": before}
            if not submissions.advance(tx, submission, State.PARSED, services.now(), **found):
                tx.rollback()
                return
        log.info("parsed", submission=submission.id, message=message_id, defects=len(facts.defects))


def _believed(submission: Submission, tenant: Tenant) -> tuple[str, ...]:
    """Whose Authentication-Results count: nobody's in a copy that came from the reporter's client."""
    if submission.evidence_source == EvidenceSource.CLIENT:
        return ()
    return tenant.policy.senders.authserv_ids


def _keep(tx: Connection, services: Services, submission: Submission, facts: Facts, mark: str) -> int:
    tenant_id, sha256, source = submission.tenant_id, submission.evidence_sha256, submission.evidence_source
    message_id, new = messages.keep(tx, tenant_id, mark, facts, sha256, source, services.now())
    messages.hold(tx, tenant_id, message_id)  # retention must not blank it while it is being reported again
    if not new:
        known = messages.get(tx, tenant_id, message_id)
        better = submissions.is_authoritative(submission) and known and known.evidence_source == EvidenceSource.CLIENT
        if better or (known and not known.evidence_sha256):  # a client's copy, or expired
            messages.replace_evidence(tx, tenant_id, message_id, facts, sha256, source)
    sender = " ".join(f"{a.name} {a.address}" for a in facts.from_)
    search.index_message(tx, tenant_id, message_id, facts.subject, sender, facts.text, "")
    return message_id


def group(tx: Connection, tenant: Tenant, message_id: int, hashes: bytes, services: Services) -> None:
    """Put the message into the campaign of its near-duplicates, if it has any."""
    cut = bands(hashes) if hashes else []
    campaigns.keep_signature(tx, tenant.id, message_id, hashes, cut)
    near = [
        other
        for other, theirs in campaigns.candidates(tx, tenant.id, message_id, cut).items()
        if similarity(hashes, theirs) >= tenant.policy.campaigns.similarity
    ]
    if near:
        family = [message_id, *near]
        campaign = campaigns.campaign_of(tx, tenant.id, family) or campaigns.start(tx, tenant.id, services.now())
        messages.put_in_campaign(tx, tenant.id, family, campaign)
