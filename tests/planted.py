"""Planted: messages with a margin of one's choice, as scoring would have left them, decided by the flow itself."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import count

from builders import ANA, World

from backend.domain.decision import Decision
from backend.domain.submission import EvidenceSource, Kind, State
from backend.flow.decide import decide_message
from backend.flow.lesson import labels_of_campaigns
from backend.flow.parse import join_campaign, near_duplicates
from backend.store import decisions, evidence, messages, search, submissions, tenants, traits, verdicts
from backend.store.verdicts import ReporterShare
from model.contract import Counterfactual, Probabilities, Verdict
from model.message.facts import Facts
from model.modules.campaigns import minhash
from model.modules.traits import traits as traits_of

_numbers = count(1)


def verdict_of(base: float, margin: float | None = None) -> Verdict:
    shown = base if margin is None else margin
    return Verdict(
        base_margin=base,
        margin=shown,
        reporter_value=0.0,
        probabilities=Probabilities(0.1, 0.1, 0.1, 0.7),
        reasons=(),
        opinions=(),
        counterfactual=Counterfactual(base, shown, base, base),
        threshold=0.0,
        checkpoint="v1",
    )


def plant(
    world: World, facts: Facts, base: float, reporters: Sequence[str] = (ANA,), kind: Kind = Kind.USER, raw: bytes = b""
) -> int:
    """Keep, compare, score as told and decide one message; returns its id."""
    services, tenant_id, now = world.services, world.tenant_id, world.services.now()
    mark = sha256(f"planted {next(_numbers)} {facts.subject}".encode()).hexdigest()
    kept = services.evidence.keep(tenant_id, raw or mark.encode())
    facts = replace(facts, date=facts.date or "2026-03-02T09:30:00+00:00")
    with services.database.begin() as tx:
        tenant = tenants.get(tx, tenant_id)
        evidence.record(tx, tenant_id, kept, len(raw), now)
        message_id, _ = messages.keep(tx, tenant_id, mark, facts, kept, EvidenceSource.FETCHED, now)
        search.index_facts(tx, tenant_id, message_id, facts)
        near = near_duplicates(tx, tenant, message_id, minhash(facts))
        traits.keep(tx, tenant_id, message_id, traits_of(facts))
        woken = labels_of_campaigns(tx, tenant_id, join_campaign(tx, services, tenant, message_id, near))
        for who in reporters:
            submission_id, _ = submissions.keep(tx, world.report(who, kind=kind, provider_message_id="x"), now)
            tx.execute(
                submissions.submissions.update()
                .where(submissions.submissions.c.id == submission_id)
                .values(state=State.ANSWERED, message_id=message_id, evidence_source=EvidenceSource.FETCHED)
            )
        shares = [ReporterShare(world.people[who].id, 0, 0, 0.0) for who in reporters]
        verdicts.append(tx, tenant_id, message_id, verdict_of(base), shares, now)
        decide_message(tx, services, tenant, message_id)
    for label_id in woken:
        services.wake.label(label_id)
    return message_id


def held(world: World, message_id: int) -> Decision:
    """The decision that stands."""
    with world.services.database.read() as tx:
        standing = decisions.standing(tx, world.tenant_id, message_id)
    assert standing is not None
    return standing
