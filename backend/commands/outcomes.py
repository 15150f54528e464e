"""Outcomes: what became of each copy of a retraction?"""

import sys

import click

from backend.commands.opened import wait_for
from backend.domain.retraction import OPEN, Retraction, RetractionState
from backend.services import Services
from backend.store import copies, retractions

WELL = frozenset({RetractionState.DONE, RetractionState.RESTORED})


def follow(services: Services, tenant_id: int, retraction_id: int, seconds: float) -> None:
    """Wait until the workers are through, then print the retraction with its copies."""
    wait_for(lambda: _now(services, tenant_id, retraction_id).state not in OPEN, seconds, f"Retraction {retraction_id}")
    retraction = _now(services, tenant_id, retraction_id)
    with services.database.read() as tx:
        journal = copies.of_retraction(tx, tenant_id, retraction_id)
    click.echo(f"Retraction {retraction.id} of message {retraction.message_id}: {retraction.state}")
    for entry in journal:
        click.echo(f"  {entry.outcome or 'intended':<18} {entry.copy.mailbox} {entry.copy.folder}".rstrip())
    if retraction.state not in WELL:
        sys.exit(1)


def _now(services: Services, tenant_id: int, retraction_id: int) -> Retraction:
    with services.database.read() as tx:
        retraction = retractions.get(tx, tenant_id, retraction_id)
    assert retraction is not None
    return retraction
