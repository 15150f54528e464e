"""Lesson: has another message that people judged taught us what this one is?

It has when the two are one campaign and the network is no more than a little in doubt, when they are one campaign and
lead to one site, or when they share a link or a file of their own. Never for mail from trusted senders, for exercises,
or for a message that people judged themselves.
"""

import math
from collections.abc import Sequence

from sqlalchemy import Connection

from backend.domain.disposition import LEGITIMATE, Disposition
from backend.domain.label import CONVERTS, Label
from backend.domain.lesson import How, Lesson
from backend.policy.settings import Learning
from backend.store import campaigns, labels, lessons, traits, verdicts
from backend.store.tenants import Tenant
from model.modules.campaigns import similarity
from model.modules.traits import LINK, Trait, shared

LEAST_ALIKE = 0.12  # to the judged message itself: one mail that quotes two others makes one campaign of both
_TRUSTED_SIBLINGS = (How.SIMILAR, How.SAME)  # what was itself learned by a link teaches nobody further


def lesson_for(tx: Connection, tenant: Tenant, message_id: int, base_margin: float) -> Lesson | None:
    """What was learned for this message, the closest lesson first; None when nothing was."""
    reach = tenant.policy.learning
    own = labels.standing_of(tx, tenant.id, [message_id]).get(message_id)
    if own:
        return (
            Lesson(own.id, message_id, How.SAME, 1.0) if _teaches(own) and base_margin >= reach.similar_from else None
        )
    if base_margin < min(reach.similar_from, reach.shared_from):
        return None
    return _shared_thing(tx, tenant, message_id, base_margin) or _likeness(tx, tenant, message_id, base_margin, reach)


def labels_of_campaigns(tx: Connection, tenant_id: int, campaign_ids: Sequence[int]) -> list[int]:
    """Labels whose consequences are to be decided anew because these campaigns have changed."""
    judged = [number for campaign in campaign_ids for number in campaigns.labelled(tx, tenant_id, campaign)]
    found = [label.id for label in labels.standing_of(tx, tenant_id, judged).values()]
    labels.follow_again(tx, tenant_id, found)
    return found


def reached_by(tx: Connection, tenant_id: int, label: Label) -> list[int]:
    """The messages that a label may concern: its campaign, those that share a thing with it, those that rest on it."""
    campaign = campaigns.of_messages(tx, tenant_id, [label.message_id]).get(label.message_id)
    found = set(campaigns.members(tx, tenant_id, [campaign])) if campaign else set[int]()
    found |= {other for other, theirs, ours in traits.sharing(tx, tenant_id, label.message_id) if shared(ours, theirs)}
    found |= set(lessons.resting_on(tx, tenant_id, label.id))
    return sorted(found - {label.message_id})


def _likeness(tx: Connection, tenant: Tenant, message_id: int, base_margin: float, reach: Learning) -> Lesson | None:
    """The judged message of its campaign that it is most like, if that was malicious and they have something in common.

    Where an operator said what the campaign is, they need not.
    """
    campaign = campaigns.of_messages(tx, tenant.id, [message_id]).get(message_id)
    if campaign is None:
        return None
    judged = campaigns.labelled(tx, tenant.id, campaign)
    hashes = campaigns.hashes_of_many(tx, tenant.id, [message_id, *judged])
    mine = hashes.get(message_id, b"")
    best: tuple[float, int, Label] | None = None
    for label in labels.standing_of(tx, tenant.id, judged).values():
        likeness = similarity(mine, hashes.get(label.message_id, b""))
        rank = (likeness, label.disposition in LEGITIMATE)  # as like an honest mail as an attack: no lesson
        if (label.disposition in LEGITIMATE or _teaches(label)) and (best is None or rank > best[:2]):
            best = (*rank, label)
    if best is None or best[1]:
        return None
    if best[0] < LEAST_ALIKE and not campaigns.settled(tx, tenant.id, [campaign]):
        return None
    if base_margin >= reach.similar_from:
        how = How.SIMILAR
    elif base_margin >= reach.shared_from and _leads_where_attacks_lead(tx, tenant.id, message_id, campaign, reach):
        how = How.HOST
    else:
        return None
    return Lesson(best[2].id, best[2].message_id, how, round(best[0], 3))


def _leads_where_attacks_lead(tx: Connection, tenant_id: int, message_id: int, campaign: int, reach: Learning) -> bool:
    """To a site to which copies lead that were judged malicious, or would be by likeness; and no honest one does."""
    by_host = traits.copies_on_hosts(tx, tenant_id, message_id, campaign)
    others = sorted({other for several in by_host.values() for other in several})
    judged = labels.standing_of(tx, tenant_id, others)
    margins = verdicts.base_margins(tx, tenant_id, others)

    def attacks(other: int) -> bool:
        return _teaches(judged[other]) if other in judged else margins.get(other, -math.inf) >= reach.similar_from

    honest = {other for other, label in judged.items() if label.disposition in LEGITIMATE}
    return any(any(map(attacks, several)) and not honest & set(several) for several in by_host.values())


def _shared_thing(tx: Connection, tenant: Tenant, message_id: int, base_margin: float) -> Lesson | None:
    """A link or file that it shares with a judged message, or with one of its campaign that was converted."""
    if base_margin < tenant.policy.learning.shared_from:
        return None
    sharing = traits.sharing(tx, tenant.id, message_id)
    if not sharing:
        return None
    others = sorted({other for other, _, _ in sharing})
    judged = labels.standing_of(tx, tenant.id, others)
    honest = {
        theirs.value for other, theirs, _ in sharing if other in judged and judged[other].disposition in LEGITIMATE
    }
    siblings = _siblings(tx, tenant.id, message_id, others)
    for other, theirs, ours in sharing:
        label = judged.get(other) or siblings.get(other)
        if label and theirs.value not in honest and shared(theirs, ours) and _teaches(label):
            return Lesson(label.id, label.message_id, _how(theirs), 0.0)
    return None


def _siblings(tx: Connection, tenant_id: int, message_id: int, others: Sequence[int]) -> dict[int, Label]:
    """Of the same campaign and converted by likeness: the label that each rests on, if it stands."""
    known = campaigns.of_messages(tx, tenant_id, [message_id, *others])
    mine = known.get(message_id)
    family = [other for other in others if mine and known.get(other) == mine]
    rests = {
        other: kept.lesson.label_id
        for other, kept in lessons.of_messages(tx, tenant_id, family).items()
        if kept.lesson.how in _TRUSTED_SIBLINGS
    }
    found = {number: labels.get(tx, tenant_id, number) for number in set(rests.values())}
    return {other: label for other, number in rests.items() if (label := found[number]) and label.stands}


def _teaches(label: Label) -> bool:
    return label.disposition is Disposition.MALICIOUS and label.source in CONVERTS


def _how(trait: Trait) -> How:
    return How.LINK if trait.kind == LINK else How.FILE
