"""Submit: how does a security team report a message that it has as a file?"""

import json
import sys
from pathlib import Path

import click

from backend.commands.mailfiles import messages_in
from backend.commands.opened import installation, person_called, tenant_called, wait_for
from backend.domain.submission import FINAL, Kind, Report, State, SubmittedAs
from backend.errors import BadInput
from backend.flow.intake import intake
from backend.services import Services
from backend.store import decisions, submissions


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", required=True, help="The tenant's slug.")
@click.option("--address", help="Whose report it is, if it is one of the tenant's people.")
@click.option("--as", "said", type=click.Choice([s.value for s in SubmittedAs]), default="phish", show_default=True)
@click.option("--comment", default="", help="A note for the operators.")
@click.option("--wait", type=float, default=0, metavar="SECONDS", help="Wait so long for the verdict and print it.")
def command(file: Path, tenant: str, address: str | None, said: str, comment: str, wait: float) -> None:
    """Report a message file (.eml or .msg) as a security team does: PSR never acts on it, the reporter counts nothing.

    Prints one JSON object. A worker does the rest; with --wait, exit code 3 means that it has not yet.
    """
    raw = _only_message(file)
    with installation() as services:
        with services.database.read() as tx:
            here = tenant_called(tx, tenant)
            person = person_called(tx, here, address) if address else None
        report = Report(
            here.id,
            person.id if person else None,
            person.address if person else "",
            comment=comment,
            submitted_as=SubmittedAs(said),
            kind=Kind.TEAM,
        )
        accepted = intake(services, report, raw)
        if wait:
            wait_for(lambda: _state(services, accepted.submission_id) in FINAL, wait, "The submission")
        _print(services, here.id, accepted.submission_id)


def _only_message(file: Path) -> bytes:
    found = list(messages_in(file))
    if len(found) != 1:
        raise BadInput(f"{file} holds {len(found)} messages; submit takes one at a time.")
    raw, _ = found[0].read()
    return raw


def _state(services: Services, submission_id: int) -> State | None:
    with services.database.read() as tx:
        return submissions.state_of(tx, submission_id)


def _print(services: Services, tenant_id: int, submission_id: int) -> None:
    with services.database.read() as tx:
        submission = submissions.get(tx, tenant_id, submission_id)
        assert submission is not None
        message_id = submission.message_id
        standing = decisions.standing(tx, tenant_id, message_id) if message_id else None
    said = {
        "submission": submission.id,
        "state": submission.state,
        "message": message_id,
        "disposition": standing.disposition if standing else None,
        "cause": submission.cause,
    }
    click.echo(json.dumps(said))
    if submission.state is State.FAILED:
        sys.exit(1)
