"""Simulation: how does whoever runs a phishing exercise sign it?"""

import base64
import sys
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.commands.opened import installation, tenant_called
from backend.domain.people import SYSTEM
from backend.errors import BadInput
from backend.flow.simulation_secrets import Kind, make_for
from backend.store import tenants
from model.message.parse import parse_message
from model.modules.simulations import CAMPAIGN, HEADER, signed


@click.group()
def command() -> None:
    """Make keys for phishing exercises, and sign their mails."""


@command.command()
@click.argument("tenant")
def key(tenant: str) -> None:
    """Print a new private key; its public half goes into the tenant's policy. It is kept nowhere: copy it now."""
    with installation() as services, services.database.begin() as tx:
        here = tenants.hold(tx, tenant_called(tx, tenant).id)
        private = make_for(tx, services, here, SYSTEM, Kind.KEY)
    click.echo(private)


@command.command()
@click.argument("key_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("recipient")
@click.argument("campaign")
def sign(key_file: Path, recipient: str, campaign: str) -> None:
    """Read a mail, and print it with the header that marks it as an exercise for RECIPIENT."""
    if not CAMPAIGN.fullmatch(campaign):
        raise BadInput("A campaign's name has up to 60 letters, digits, dots, dashes, underscores and slashes.")
    try:
        private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(key_file.read_text().strip(), validate=True))
    except ValueError as error:
        raise BadInput(f"{key_file} holds no key that `unhook simulation key` has made.") from error
    raw = sys.stdin.buffer.read()
    facts = parse_message(raw, ())
    if recipient.lower() not in {to.address.lower() for to in facts.to}:
        raise BadInput(f"The mail is not addressed to {recipient}: sign each recipient's own mail.")
    line_end = b"\r\n" if b"\r\n" in raw[:2000] else b"\n"
    header = f"{HEADER}: {signed(facts, recipient, campaign, private)}".encode()
    sys.stdout.buffer.write(header + line_end + raw)
