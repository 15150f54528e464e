"""Tenant: which organisations are there, and what has each chosen?"""

import json
from typing import Any

import click

from backend.commands.opened import installation, tenant_called
from backend.domain.people import SYSTEM
from backend.errors import BadInput
from backend.store import audit, tenants


@click.group()
def command() -> None:
    """Add, list and set up tenants."""


@command.command()
@click.argument("slug")
@click.argument("name")
@click.option("--provider", default="maildir", show_default=True, help="Who holds the mailboxes.")
@click.option(
    "--directory",
    default="",
    help="The provider's own id of the organisation: a Microsoft tenant's GUID, a Google domain.",
)
@click.option(
    "--administrator", default="", help="For Google: the administrator whose rights the directory is read with."
)
def add(slug: str, name: str, provider: str, directory: str, administrator: str) -> None:
    """Add a tenant: a short SLUG for commands and folders, a NAME for people."""
    with installation() as services, services.database.begin() as tx:
        number = tenants.add(tx, slug, name, provider, services.now(), directory, administrator)
        audit.record(tx, number, SYSTEM, "tenant added", "settings", {"provider": provider}, services.now())
    click.echo(f"Added tenant {slug}. Next: unhook operator add NAME --tenant {slug}")


@command.command("list")
def list_() -> None:
    """List all tenants."""
    with installation() as services, services.database.read() as tx:
        for number in tenants.all_ids(tx):
            tenant = tenants.get(tx, number)
            click.echo(f"{tenant.slug:<16} {tenant.provider:<8} psr {tenant.policy.psr.switch:<8} {tenant.name}")


@command.command()
@click.argument("slug")
def policy(slug: str) -> None:
    """Show the policy in force as JSON: the defaults with the tenant's own numbers on top."""
    with installation() as services, services.database.read() as tx:
        click.echo(tenant_called(tx, slug).policy.model_dump_json(indent=2))


@command.command("set")
@click.argument("slug")
@click.argument("key")
@click.argument("value")
def set_(slug: str, key: str, value: str) -> None:
    """Set one number of the policy, such as: unhook tenant set acme psr.max_automatic 200.

    VALUE is JSON, or a plain word. docs/policy.md lists the keys.
    """
    section, _, name = key.partition(".")
    if key == "psr.switch":
        raise BadInput("The PSR switch is turned on the operators' pages, where its licence is shown.")
    if not name and section != "hard_delete_confirmed":
        raise BadInput(f"{key!r} names no number; say section and key, such as psr.max_automatic.")
    change = {section: {name: _read(value)}} if name else {section: _read(value)}
    with installation() as services, services.database.begin() as tx:
        tenant = tenant_called(tx, slug)
        tenants.change_policy(tx, tenant.id, change)
        kept = tenants.get(tx, tenant.id).policy.model_dump(mode="json")[section]
        told = {section: {name: kept[name]} if name else kept}  # as it is kept: a token is told to nobody
        audit.record(tx, tenant.id, SYSTEM, "settings changed", "settings", told, services.now())
    click.echo(f"{slug}: {key} = {value}")


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
