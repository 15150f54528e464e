"""Overview: who counts it, when? Whoever opens the page while that is quick; a worker, beforehand, where it is not."""

import time
from datetime import timedelta

import structlog

from backend.services import Services
from backend.store import numbers, overview, overviews, tenants
from backend.store.overviews import Counted

DAYS = 30
FRESH = timedelta(minutes=5)  # nobody watches these by the second
QUICK = 0.3  # seconds that somebody waits for; what took longer is counted beforehand
REST = 100  # times as long as counting took, until it is counted again: a hundredth of a worker at most

log = structlog.get_logger()


def lately(services: Services, tenant_id: int) -> Counted:
    """What there is to show, at most some minutes old, or as old as the last that a worker counted."""
    with services.database.read() as tx:
        kept = overviews.last(tx, tenant_id)
    if kept is not None and (kept.seconds > QUICK or services.now() - kept.overview.at < FRESH):
        return kept
    return count(services, tenant_id)


def count_ahead(services: Services) -> int:
    """Count for every tenant whose page could not do so itself, before anybody asks. Returns how many."""
    with services.database.read() as tx:
        everyone = tenants.all_ids(tx)
    counted = 0
    for tenant_id in everyone:
        with services.database.read() as tx:
            kept = overviews.last(tx, tenant_id)
        if kept is None or (kept.seconds > QUICK and services.now() - kept.overview.at >= _rest(kept)):
            count(services, tenant_id)
            counted += 1
    return counted


def _rest(kept: Counted) -> timedelta:
    return max(FRESH, timedelta(seconds=REST * kept.seconds))


def count(services: Services, tenant_id: int) -> Counted:
    """Count now, and keep it."""
    now, begun = services.now(), time.perf_counter()
    with services.database.read() as tx:
        found = overview.overview(tx, tenant_id, now), numbers.last_days(tx, tenant_id, now, DAYS)
    counted = Counted(*found, seconds=time.perf_counter() - begun)
    with services.database.begin() as tx:
        overviews.keep(tx, tenant_id, counted)
    log.info("overview counted", tenant=tenant_id, seconds=round(counted.seconds, 2))
    return counted
