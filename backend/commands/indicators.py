"""Indicators: by what would another system recognise a campaign's mail?"""

import json

import click

from backend.commands.opened import installation, tenant_called
from backend.domain.people import SYSTEM
from backend.flow import share


@click.command()
@click.argument("tenant")
@click.argument("campaign", type=click.IntRange(1, 2**31 - 1))
@click.option("--format", "form", type=click.Choice(list(share.FORMS)), default="stix", show_default=True)
def command(tenant: str, campaign: int, form: str) -> None:
    """Print a campaign's indicators as a STIX 2.1 bundle or a MISP event."""
    with installation() as services:
        with services.database.read() as tx:
            here = tenant_called(tx, tenant)
        shared = share.indicators(services, here.id, campaign, form, SYSTEM)
    click.echo(json.dumps(shared, indent=2))
