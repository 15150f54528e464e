"""Retract: how does an operator take a message away without the pages?"""

import click

from backend.commands.opened import installation, operator_called
from backend.commands.outcomes import follow
from backend.flow.respond import order_retraction
from connectors.contract import Action


@click.command()
@click.argument("message", type=int)
@click.option("--operator", required=True, help="In whose name; the audit log keeps it.")
@click.option(
    "--action", type=click.Choice([a.value for a in Action]), default=Action.SOFT_DELETE.value, show_default=True
)
@click.option("--wait", type=float, default=60, show_default=True, metavar="SECONDS", help="How long to follow it.")
def command(message: int, operator: str, action: str, wait: float) -> None:
    """Take MESSAGE (its number on the operators' pages) out of every mailbox, and print what became of each copy.

    Exit code 1: copies are left, and which. 3: still under way; the workers go on.
    """
    with installation() as services:
        with services.database.read() as tx:
            who = operator_called(tx, operator)
        retraction_id = order_retraction(services, who, message, action)
        follow(services, who.tenant_id, retraction_id, wait)
