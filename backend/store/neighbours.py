"""Neighbours: which other campaigns may be the same attack as this one?"""

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.store import campaigns, traits
from backend.store.campaigns import CampaignRow

_LOOKED_AT = 5  # of its messages, the newest: enough for what resembles any of it


@dataclass(frozen=True)
class Neighbour:
    """A campaign, and what speaks for it."""

    campaign: CampaignRow
    likeness: float  # from 0 to 1, of the two messages that are most alike; 0 when that was too little to count
    shares: bool  # a link, a file or a host


def of_campaign(tx: Connection, tenant_id: int, campaign_id: int, at_least: float, limit: int = 8) -> list[Neighbour]:
    """Those alike by `at_least` or sharing something, the most alike first, and of equals the newest."""
    ours = campaigns.members(tx, tenant_id, [campaign_id], _LOOKED_AT)
    alike = [pair for one in ours for pair in campaigns.similar(tx, tenant_id, one, at_least)]
    sharing = [(other, 0.0) for other in traits.sharing_any(tx, tenant_id, ours)]

    theirs = campaigns.of_messages(tx, tenant_id, list({other for other, _ in alike + sharing}))
    shared = {theirs[other] for other, _ in sharing if other in theirs}
    found: dict[int, float] = {}
    for other, likeness in alike + sharing:
        if (number := theirs.get(other, campaign_id)) != campaign_id:
            found[number] = max(likeness, found.get(number, 0.0))

    likely = sorted(found, key=lambda number: (found[number], number), reverse=True)[:limit]
    rows = campaigns.rows_of(tx, tenant_id, likely)
    return [Neighbour(row, found[row.id], row.id in shared) for row in rows]
