"""Campaigns: how does an operator say that two are one attack, or one is two, and how is that taken back?"""

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow.lesson import labels_of_campaigns
from backend.services import Services
from backend.store import audit, campaigns
from backend.store.campaigns import Change

log = structlog.get_logger()


def merge(services: Services, operator: Operator, from_campaign: int, into_campaign: int) -> int:
    """Every message of the one becomes part of the other. Returns the change's id, for its undo.

    Raises NotAllowed, Unknown, BadInput.
    """
    _must_handle_mail(operator)
    with services.database.begin() as tx:
        _both_there(tx, operator, (from_campaign, into_campaign))
        if from_campaign == into_campaign:
            raise BadInput("Name another campaign: this one is itself already.")
        moved = campaigns.move_members(tx, operator.tenant_id, [from_campaign], into_campaign)
        change_id, taught = _written(tx, services, operator, "merge", (from_campaign, into_campaign), moved)
    _wake(services, taught)
    return change_id


def split(services: Services, operator: Operator, campaign: int, message_ids: Sequence[int]) -> int:
    """These messages become a campaign of their own. Returns the change's id. Raises NotAllowed, Unknown, BadInput."""
    _must_handle_mail(operator)
    with services.database.begin() as tx:
        _both_there(tx, operator, (campaign,))
        everybody = set(campaigns.members(tx, operator.tenant_id, [campaign]))
        leaving = sorted(set(message_ids) & everybody)
        if not leaving:
            raise BadInput("Select at least one of its messages.")
        if len(leaving) == len(everybody):
            raise BadInput("Leave at least one message where it is: else nothing is split.")
        apart = campaigns.start(tx, operator.tenant_id, services.now())
        moved = campaigns.move_some(tx, operator.tenant_id, leaving, campaign, apart)
        change_id, taught = _written(tx, services, operator, "split", (campaign, apart), moved)
    _wake(services, taught)
    return change_id


def undo(services: Services, operator: Operator, change_id: int) -> Change:
    """What was moved goes back, as far as it is still there. Raises NotAllowed, Unknown, Conflict."""
    _must_handle_mail(operator)
    with services.database.begin() as tx:
        change = campaigns.change(tx, operator.tenant_id, change_id)
        if change is None:
            raise Unknown("There is no such change.")
        if not campaigns.mark_undone(tx, operator.tenant_id, change_id, services.now()):
            raise Conflict("This was undone already.")
        here, there = change.from_campaign_id, change.to_campaign_id
        campaigns.move_some(tx, operator.tenant_id, change.message_ids, there, here)
        for campaign, by_hand in zip((here, there), change.by_hand_before, strict=True):
            campaigns.settle(tx, operator.tenant_id, campaign, by_hand=by_hand)
        taught = labels_of_campaigns(tx, operator.tenant_id, [here, there])
        actor = Actor("operator", operator.id)
        detail = {"change": change_id, "messages": len(change.message_ids)}
        audit.record(tx, operator.tenant_id, actor, f"{change.kind} undone", f"campaign:{here}", detail, services.now())
    _wake(services, taught)
    return change


def _written(
    tx: Connection, services: Services, operator: Operator, kind: str, ends: tuple[int, int], moved: Sequence[int]
) -> tuple[int, list[int]]:
    """Keep what its undo needs, the line in the log, and find the labels whose consequences change with it."""
    actor, now = Actor("operator", operator.id), services.now()
    change_id = campaigns.record_change(tx, operator.tenant_id, kind, ends, moved, str(actor), now)
    detail = {"change": change_id, "other": ends[1], "messages": len(moved)}
    done = {"merge": "campaigns merged", "split": "campaign split"}[kind]
    audit.record(tx, operator.tenant_id, actor, done, f"campaign:{ends[0]}", detail, now)
    log.info(done, change=change_id, messages=len(moved), operator=operator.id)
    return change_id, labels_of_campaigns(tx, operator.tenant_id, list(ends))


def _both_there(tx: Connection, operator: Operator, numbers: Sequence[int]) -> None:
    for number in numbers:
        if not campaigns.there_is(tx, operator.tenant_id, number):
            raise Unknown("There is no such campaign.")


def _wake(services: Services, taught: Sequence[int]) -> None:
    for label_id in taught:
        services.wake.label(label_id)


def _must_handle_mail(operator: Operator) -> None:
    if not operator.may(Right.MAIL):
        raise NotAllowed("The role %(role)s does not handle mail; ask an analyst or an owner.", role=operator.role)
