"""Token: with what does a reporter's client prove who it speaks for?"""

import click

from backend.commands.opened import installation, person_called, tenant_called
from backend.domain.people import SYSTEM
from backend.domain.submission import Kind
from backend.store import audit, people


@click.group()
def command() -> None:
    """Issue and revoke reporters' tokens."""


@command.command()
@click.argument("tenant")
@click.argument("address")
@click.option("--kind", type=click.Choice([k.value for k in Kind]), default=Kind.USER.value, show_default=True)
def issue(tenant: str, address: str, kind: str) -> None:
    """Print a new token for a person. It is kept as a hash only: copy it now."""
    with installation() as services, services.database.begin() as tx:
        here = tenant_called(tx, tenant)
        person = person_called(tx, here, address)
        token = people.issue_token(tx, here.id, person.id, Kind(kind), services.now())
        audit.record(tx, here.id, SYSTEM, "token issued", f"person:{person.id}", {"kind": kind}, services.now())
    click.echo(token)


@command.command()
@click.argument("tenant")
@click.argument("address")
def revoke(tenant: str, address: str) -> None:
    """Revoke every token of a person."""
    with installation() as services, services.database.begin() as tx:
        here = tenant_called(tx, tenant)
        person = person_called(tx, here, address)
        gone = people.revoke_tokens(tx, here.id, person.id, services.now())
        audit.record(tx, here.id, SYSTEM, "tokens revoked", f"person:{person.id}", {"tokens": gone}, services.now())
    click.echo(f"Revoked {gone}.")
