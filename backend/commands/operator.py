"""Operator: who works on the pages, and how do they get in?"""

import secrets
import sys

import click

from backend.commands.opened import installation, operator_called, tenant_called
from backend.domain.people import SYSTEM, Role
from backend.store import audit, people


@click.group()
def command() -> None:
    """Add operators and set their passwords."""


@command.command()
@click.argument("name")
@click.option("--tenant", required=True, help="The tenant's slug.")
@click.option("--role", type=click.Choice([r.value for r in Role]), default=Role.ANALYST.value, show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making one.")
def add(name: str, tenant: str, role: str, password_stdin: bool) -> None:
    """Add an operator. owner: all; admin: settings, no mail; analyst: mail, no settings; viewer: metrics."""
    chosen = _password(from_stdin=password_stdin)
    with installation() as services, services.database.begin() as tx:
        here = tenant_called(tx, tenant)
        operator = people.add_operator(tx, here.id, name, chosen, Role(role), services.now(), must_change=True)
        audit.record(tx, here.id, SYSTEM, "operator added", f"operator:{operator.id}", {"role": role}, services.now())
    _say(name, chosen, told=not password_stdin)


@command.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making one.")
def password(name: str, password_stdin: bool) -> None:
    """Set a new password, to be changed at the next sign-in; sessions signed in with the old one end."""
    chosen = _password(from_stdin=password_stdin)
    with installation() as services, services.database.begin() as tx:
        operator = operator_called(tx, name)
        people.set_password(tx, operator.tenant_id, operator.id, chosen, must_change=True)
        subject = f"operator:{operator.id}"
        audit.record(tx, operator.tenant_id, SYSTEM, "password set", subject, {}, services.now())
    _say(name, chosen, told=not password_stdin)


def _password(*, from_stdin: bool) -> str:
    if not from_stdin:
        return secrets.token_urlsafe(12)
    return sys.stdin.readline().rstrip("\r\n")


def _say(name: str, chosen: str, *, told: bool) -> None:
    click.echo(f"{name} signs in with the password {chosen}" if told else f"{name} signs in with that password.")
