"""Person: who may report, and who is forgotten?"""

import click
from sqlalchemy import select

from backend.commands.opened import installation, person_called, tenant_called
from backend.domain.people import SYSTEM
from backend.store import audit, people, tables
from backend.store.erasure import erase_person

MOST_LISTED = 1000


@click.group()
def command() -> None:
    """Add, list and erase reporters."""


@command.command()
@click.argument("tenant")
@click.argument("address")
@click.option("--name", default="", help="What operators see beside the address.")
@click.option("--subject", help="The provider's own id of this person; the address if it has none.")
def add(tenant: str, address: str, name: str, subject: str | None) -> None:
    """Add a reporter. ADDRESS is also the mailbox that is theirs."""
    with installation() as services, services.database.begin() as tx:
        here = tenant_called(tx, tenant)
        person = people.add_person(tx, here.id, here.provider, subject or address, address, name, services.now())
        audit.record(tx, here.id, SYSTEM, "person added", f"person:{person.id}", {}, services.now())
    click.echo(f"Added person {person.id}. Next: unhook token issue {tenant} {address}")


@command.command("list")
@click.argument("tenant")
def list_(tenant: str) -> None:
    """List a tenant's reporters, at most a thousand."""
    with installation() as services, services.database.read() as tx:
        here = tenant_called(tx, tenant)
        known = tables.people
        rows = tx.execute(select(known).where(known.c.tenant_id == here.id).order_by(known.c.id).limit(MOST_LISTED))
        for row in rows:
            click.echo(f"{row.id:>6}  {row.address or '(erased)':<40} {row.name}")


@command.command()
@click.argument("tenant")
@click.argument("address")
@click.confirmation_option(prompt="Erasing cannot be undone. Go on?")
def erase(tenant: str, address: str) -> None:
    """Erase a person: name, address, tokens, comments and what only they reported. Judgements stay, without them."""
    with installation() as services:
        with services.database.read() as tx:
            here = tenant_called(tx, tenant)
            person = person_called(tx, here, address)
        erase_person(services.database, services.evidence, here.id, person.id, services.now())
    click.echo(f"Erased person {person.id}.")
