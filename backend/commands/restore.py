"""Restore: how does an operator undo a retraction without the pages?"""

import click

from backend.commands.opened import installation, operator_called
from backend.commands.outcomes import follow
from backend.flow.respond import order_restore


@click.command()
@click.argument("retraction", type=int)
@click.option("--operator", required=True, help="In whose name; the audit log keeps it.")
@click.option("--wait", type=float, default=60, show_default=True, metavar="SECONDS", help="How long to follow it.")
def command(retraction: int, operator: str, wait: float) -> None:
    """Put every copy of RETRACTION back: folder, read state, flags and labels as they were.

    Exit code 1: some copies could not be restored, and which. 3: still under way; the workers go on.
    """
    with installation() as services:
        with services.database.read() as tx:
            who = operator_called(tx, operator)
        order_restore(services, who, retraction)
        follow(services, who.tenant_id, retraction, wait)
